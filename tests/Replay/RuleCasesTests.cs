using System.Text.RegularExpressions;
using Differ.Replay;
using Differ.Tests.Replay.Support;
using Differ.Tests.Replay.Manual;
using Differ.Tests.Support;

namespace Differ.Tests.Replay;

/// <summary>Rules, cases and the catalogue are the same list.</summary>
public sealed partial class RuleCasesTests
{
    private static readonly IReadOnlyList<IReadOnlyList<RuleCase>> Files =
    [
        AvailabilityTests.All, VmrunChecksTests.All, StateSwitchTests.All, InterceptTests.All, ExitIntInfoTests.All, EventInjectionTests.All,
        InterruptControlTests.All, NextRipTests.All, NestedPagingTests.All, ExtensionTests.All, ShutdownTests.All, NestedGuestTests.All,
        StateRulesTests.All,
    ];

    private static readonly IReadOnlyList<RuleCase> Cases = [.. Files.SelectMany(file => file)];

    /// <summary>Statements that no state breaks, with what they are for instead.</summary>
    private static readonly IReadOnlyDictionary<string, string> NeverBroken = new Dictionary<string, string>
    {
        ["SVM-15.4-SVME-INFER"] = "an inference",
        ["SVM-15.5-VMLOADSAVE-INTEL"] = "tells why nothing is expected",
        ["SVM-L-TDP-FLAG"] = "how a field is read",
        ["SVM-15.20-INJ-NMI-NOBLOCK"] = "L0's NMI window is not recorded",
        ["SVM-15.20-INJ-SOFT-NRIP"] = "nRIP of vmcb12 is not recorded",
        ["SVM-15.20-INJ-BP-DPL"] = "the IDT decides, and both outcomes are legal",
        ["SVM-L-CPUID-LIMITS"] = "delivery of virtual NMIs is not recorded",
        ["SVM-15.4-SVME-UD-VMMCALL"] = "always the hypercall KVM documents",
        ["SVM-15.25-NP-HOST-PG"] = "always the #UD KVM documents",
        ["SVM-L-HV-TLBFLUSH"] = "always the flush KVM documents",
        ["SVM-L-L1-DECODE"] = "always the absence KVM documents",
        ["SVM-15.17-GIF0-DB"] = "always the #DB KVM documents",
        ["SVM-15.25-PAT-SEPARATE"] = "always the shared PAT KVM documents",
        ["SVM-15.20-INJ-ICEBP"] = "L1's own affair",
        ["SVM-15.5-VMRUN-INVALID-EVENTINJ"] = "L1 may inject the same event again",
        ["SVM-15.5-GUEST-RF"] = "L2 may have run and come back",
        ["SVM-15.6-VTPR-SAVED"] = "L1 may write it too; reported on request",
        ["SVM-15.8-INSNBYTES"] = "the processor or memory may be why there are none",
        ["SVM-15.12-BP-RIP"] = "RIP of vmcb12 is not recorded",
        ["SVM-15.13-VINTR-CODE"] = "L1 may clear V_IRQ",
        ["SVM-15.7-INTINFO-DF-DIRECT"] = "the earlier exception is not recorded",
        ["SVM-15.21-SHADOW-NOBLOCK-EXIT"] = "the shadow is not recorded",
        ["SVM-15.21-PHYS-OVER-VIRT"] = "the interrupt may come behind the exit, wait for its priority or be another vCPU's",
        ["SVM-L-IRQ-NOT-LOST"] = "the interrupt may wait for its priority or be another vCPU's",
        ["SVM-15.21-CR8-BOTH"] = "V_TPR is not recorded",
        ["SVM-15.29-VTPR-SYNC-AVIC"] = "AVIC may have been off for a moment",
        ["SVM-15.33-VGIF-INIT"] = "L1 may write V_GIF",
        ["SVM-15.21-VNMI-MASK"] = "L1 may make another NMI pending",
        ["SVM-15.21-VNMI-PHYS-ONLY"] = "a physical NMI may have waited",
        ["SVM-15.25-NCR3-LOW-IGN"] = "what else may be illegal is never known with nested paging",
        ["SVM-15.25-FAULT-ORDER"] = "a second access of the instruction explains it",
        ["SVM-15.25-GMET"] = "a guess, and where it is wrong the user bit is too",
        ["SVM-15.30.5-TSC-L2"] = "what L2 reads is not recorded",
        ["SVM-15.33-VLS-NPF"] = "whether the address was translated is not recorded",
        ["SVM-15.35-AE-RIP"] = "the state is encrypted",
        ["SVM-15.5-CHECK-CLEANBITS"] = "permits and forbids nothing",
        ["SVM-15.16-ASID-CURRENT"] = "needs guest memory",
        ["SVM-L-MSR-ACTIVE-BITMAP"] = "shows in what is intercepted",
    };

    [Fact]
    public void Every_rule_has_cases_and_every_case_a_rule() => Assert.Equal(
        RuleBook.All.Select(rule => rule.Info.Id).Order(StringComparer.Ordinal), Cases.Select(of => of.Rule).Order(StringComparer.Ordinal));

    [Fact]
    public void Cases_stand_in_the_order_of_the_rules() => Assert.All(Files, static file =>
        Assert.Equal(RuleBook.All.Select(rule => rule.Info.Id).Intersect(file.Select(of => of.Rule)), file.Select(of => of.Rule)));

    [Fact]
    public void Every_rule_but_those_listed_has_a_state_that_breaks_it() =>
        Assert.Equal(
            NeverBroken.Keys.Order(StringComparer.Ordinal),
            Cases.Where(of => of.States.All(state => state.Says != Saying.Broken)).Select(of => of.Rule).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_rule_has_a_state_that_does_not_break_it() =>
        Assert.All(Cases, of => Assert.Contains(of.States, state => state.Says is not (Saying.Broken or Saying.Known)));

    [Fact]
    public void A_state_that_breaks_other_rules_too_names_rules_that_exist() =>
        Assert.Empty(Cases.SelectMany(of => of.States).SelectMany(state => state.Also).Except(Cases.Select(of => of.Rule)));

    [CatalogueFact]
    public void Every_rule_is_in_the_catalogue() =>
        Assert.Empty(RuleBook.All.Select(rule => rule.Info.Id).Except(IdsIn(File.ReadAllText(CatalogueFactAttribute.Catalogue!))));

    private static IEnumerable<string> IdsIn(string catalogue) => Rows().Matches(catalogue).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"^\| `(SVM-[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Rows();
}

/// <summary>A test over the catalogue of rules; skipped, and said so, where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CatalogueFactAttribute : FactAttribute
{
    public CatalogueFactAttribute()
    {
        if (Catalogue is null)
        {
            Skip = "no catalogue of rules: set DIFFER_RULES to its file";
        }
    }

    /// <summary>The catalogue: DIFFER_RULES, or shared/reference/svm-rules.md beside the checkout; null where there is none.</summary>
    public static string? Catalogue { get; } = Find();

    private static string? Find()
    {
        string file = Environment.GetEnvironmentVariable("DIFFER_RULES")
            ?? Path.Combine(Repository.Root, "..", "shared", "reference", "svm-rules.md");
        return File.Exists(file) ? file : null;
    }
}
