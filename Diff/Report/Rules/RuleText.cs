using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Rules;

/// <summary>Writes a rule in full, for a person.</summary>
public static class RuleText
{
    /// <summary>The rule, an item a line.</summary>
    public static void Write(RuleInfo rule, TextWriter output)
    {
        output.Write($"{rule.Id}\n");
        Item(output, "statement", rule.Statement);
        Item(output, "manual", $"{rule.Citation}, {Apm.Revision}");
        Item(output, "about", About(rule));
        Item(output, "severity", rule.Severity.ToString().ToLowerInvariant());
        Item(output, "visible", Words(rule.Visibility));
        Item(output, "confidence", Words(rule.Confidence));
        Item(output, "evidence", rule.Evidence);
        Item(output, "expected", rule.Expected);
    }

    /// <summary>What follows for the guests when a rule of a severity is broken.</summary>
    public static string Words(Severity severity) => severity switch
    {
        Severity.Critical => "a guest may escape, reach memory of the host, or L1 is compromised",
        Severity.High => "L1 or L2 sees control flow that no processor would show",
        Severity.Medium => "L1 or L2 is told something wrong, or at the wrong time",
        Severity.Low => "a corner that few guests look at",
        _ => "nothing by itself: it guides the reading, or is a documented divergence",
    };

    /// <summary>A severity, visibility or confidence as programs have it: in small letters, with hyphens.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => string.Concat(value.ToString().Select((letter, i) => char.IsAsciiLetterUpper(letter) ? $"{(i > 0 ? "-" : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));

    /// <summary>How much of something stock tracepoints show.</summary>
    public static string Words(Visibility visibility) => visibility switch
    {
        Visibility.Observable => "condition and outcome are in stock tracepoints",
        Visibility.Partly => "one side only, or with state that has to be tracked",
        _ => "not in stock tracepoints",
    };

    /// <summary>An item of a list: label and text.</summary>
    internal static void Item(TextWriter output, string label, string text) => output.Write($"  {label,-10} {text}\n");

    /// <summary>What a rule is about.</summary>
    internal static string About(RuleInfo rule) => string.Join(", ", Enum.GetValues<RuleScope>().Where(scope => rule.Scope.HasFlag(scope)).Select(Words));

    private static string Words(RuleScope scope) => scope switch
    {
        RuleScope.Processor => "the processor under the hypervisor",
        RuleScope.Emulation => "SVM as the hypervisor emulates it for L1",
        _ => "L1's controls composed with an event of L2",
    };

    /// <summary>How far a rule can be trusted.</summary>
    internal static string Words(Confidence confidence) => confidence switch
    {
        Confidence.Certain => "certain",
        Confidence.Likely => "likely: one element is assumed, and the report names it",
        Confidence.Weak => "weak: undecided on recordings, reported with --speculative",
        _ => "cannot be checked from stock tracepoints",
    };
}
