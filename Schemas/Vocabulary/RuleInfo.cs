namespace Differ.Schemas.Vocabulary;

/// <summary>What a rule is about; the flags are those of the rule catalogue.</summary>
[Flags]
public enum RuleScope : byte
{
    /// <summary>A property of the processor under the hypervisor.</summary>
    Processor = 1,

    /// <summary>An SVM instruction or SVM state that the hypervisor emulates for L1.</summary>
    Emulation = 2,

    /// <summary>The composition of L1's controls with an event of L2.</summary>
    Composition = 4,
}

/// <summary>How much of a rule stock tracepoints show.</summary>
public enum Visibility : byte
{
    /// <summary>Condition and outcome.</summary>
    Observable,

    /// <summary>One side, or only with state that has to be tracked.</summary>
    Partly,

    /// <summary>Nothing.</summary>
    NotTraced,
}

/// <summary>How sure a broken rule is.</summary>
public enum Confidence : byte
{
    /// <summary>C1: certain.</summary>
    Certain,

    /// <summary>C2: one element is assumed; the report names it.</summary>
    Likely,

    /// <summary>C3: weak; never reported unless asked for.</summary>
    Weak,

    /// <summary>Cannot be checked from stock tracepoints.</summary>
    NotChecked,
}

/// <summary>What a broken rule means for the guest.</summary>
public enum Severity : byte
{
    /// <summary>An inference or a documented departure, never a finding by itself.</summary>
    Info,

    /// <summary>A corner.</summary>
    Low,

    /// <summary>A wrong report or wrong timing.</summary>
    Medium,

    /// <summary>L1 or L2 sees architecturally wrong control flow.</summary>
    High,

    /// <summary>Escape, host memory, or L1 compromised.</summary>
    Critical,
}

/// <summary>One statement of the manual, as the rule book prints it.</summary>
/// <param name="Id">Stable, opaque name; appears in reports and baselines and is never reused.</param>
/// <param name="Sections">Sections of the manual, as printed in <see cref="Apm.Revision"/>, most specific first.</param>
/// <param name="Scope">What it is about.</param>
/// <param name="Visibility">How much stock tracepoints show.</param>
/// <param name="Confidence">How sure a violation is.</param>
/// <param name="Severity">What a violation means.</param>
/// <param name="Statement">The statement, in our words.</param>
/// <param name="Evidence">What the trace must show for the rule to apply.</param>
/// <param name="Expected">What follows, and what would be a violation.</param>
public sealed record RuleInfo(
    string Id, string Sections, RuleScope Scope, Visibility Visibility, Confidence Confidence, Severity Severity,
    string Statement, string Evidence, string Expected)
{
    /// <summary>Letter of its <see cref="RuleGroup"/>; a question mark where it has none.</summary>
    public char Group { get; init; } = '?';

    /// <summary>
    /// Which of several rules that one exit breaks a finding is told under: the one with the lowest rank, which says most of the exit.
    /// It is part of what a finding is called (its fingerprint). Ranks have gaps for rules to come; 0 comes last, by its id.
    /// </summary>
    public int Rank { get; init; }

    /// <summary>The functions of KVM to look at when it is broken.</summary>
    public KvmFunctions Kvm { get; init; } = KvmFunctions.Several;

    /// <summary>The citation, for example <c>APM vol. 2 §15.18</c>.</summary>
    /// <remarks>
    /// The manual does not describe nested virtualization as such. A rule of composition follows from all of it: L2 must see
    /// what a processor executing L1's VMRUN would show.
    /// </remarks>
    public string Citation => Sections switch
    {
        _ when char.IsAsciiDigit(Sections[0]) => $"APM vol. 2 §{Sections}",
        _ when Sections.StartsWith("composition", StringComparison.Ordinal) => $"APM vol. 2 §15.5 to §15.9 ({Sections})",
        _ => $"APM vol. 2, {Sections}",
    };
}
