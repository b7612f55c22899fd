using Differ.Diff.Knowledge;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Conform;

/// <summary>For a person: the verdict, each class of departures with what differs, and what could not be asked of this host.</summary>
internal sealed class ConformText : IFormat<ConformReport>
{
    private const int MostPlaces = 12, MostScenarios = 8;

    public string Name => "text";

    public void Write(ConformReport content, TextWriter output, Ink ink)
    {
        IReadOnlyList<ConformClass> found = content.Findings();
        output.Write($"{Verdict(content, found)}\n");
        output.Write(content.Kernel.Length == 0 ? $"host      none: {content.Subject} as the processor\n"
            : $"host      kernel {content.Kernel}{(content.Processor.Length > 0 ? $", {content.Processor}" : "")}, KVM's quirks {(content.Quirks ? "on" : "off")}\n");
        output.Write($"rules     {content.Decided().Count} of {content.Rules.Count} decided{(content.Generated is null ? "" : " by the reference")}\n");
        if (content.Generated is { } made)
        {
            output.Write($"made      {made.Count} scenarios with seed {made.Seed} in {made.Time.TotalSeconds:f0} s\n");
        }

        for (int i = 0; i < found.Count; i++)
        {
            WriteClass(i + 1, found[i], content.Subject, output, ink);
        }

        foreach (ConformClass accepted in content.Classes().Where(one => content.Accepted.ContainsKey(one.Fingerprint)))
        {
            output.Write($"\naccepted  {accepted.Rule.Id}, fingerprint {accepted.Fingerprint}: {PlainText.Of(content.Accepted[accepted.Fingerprint])}\n");
        }

        int ofProcessor = content.Results.Count(result => result.Verdict == ScenarioVerdict.Departs && content.IsOfProcessor(result));
        if (ofProcessor > 0)
        {
            output.Write($"\nThe processor's own: {Amount(ofProcessor, "scenario", "scenarios")}, which diverge without KVM too\n");
        }

        WriteChanged(content, output);
        WriteSilent(content, output);
    }

    private static void WriteChanged(ConformReport content, TextWriter output)
    {
        if (content.Against is not { } against)
        {
            return;
        }

        (ScenarioResult Result, string Was)[] changed = [.. content.Changed()];
        output.Write($"\nChanged against {(against.Kernel.Length > 0 ? $"kernel {against.Kernel}" : "the other report")}: {Amount(changed.Length, "scenario", "scenarios")}\n");
        foreach ((ScenarioResult result, string was) in changed)
        {
            output.Write($"   {was} -> {ConformWords.Of(result.Verdict)}  {PlainText.Of(result.Title)} ({PlainText.Of(result.Source)}:{result.Line})\n");
        }
    }

    private static string Verdict(ConformReport content, IReadOnlyList<ConformClass> found)
    {
        int lost = content.CountOf(ScenarioVerdict.Lost), agree = content.CountOf(ScenarioVerdict.Agrees), accepted = content.Classes().Count - found.Count;
        string rest = $"{(lost > 0 ? $", {lost} lost" : "")}{(accepted > 0 ? $", {Amount(accepted, "class", "classes")} accepted" : "")}; {agree} agree";
        string what = found.Count > 0
            ? $"{(content.Generated is null ? found.Sum(static one => one.Scenarios.Count) : content.CountOf(ScenarioVerdict.Departs))} of {content.Count} scenarios diverge from the manual, in {Amount(found.Count, "class", "classes")}"
            : agree > 0 ? $"none of {content.Count} scenarios diverges from the manual" : $"nothing could be decided of {content.Count} scenarios";
        return $"{RecordingVerdict.Words(content.Outcome)}: {what}{rest}";
    }

    private static void WriteClass(int number, ConformClass one, string subject, TextWriter output, Ink ink)
    {
        ScenarioResult first = one.Scenarios[0];
        output.Write($"\n{number}. {ink.Bad(one.Rule.Id)}  {one.Rule.Citation}\n");
        output.Write($"   {one.Rule.Severity.ToString().ToLowerInvariant()}, {Amount(one.Scenarios.Count, "scenario", "scenarios")}, fingerprint {one.Fingerprint}\n");
        output.Write($"   manual   {one.Rule.Statement}\n");
        foreach (KnownBug bug in subject == ConformReport.Kvm ? one.Known : [])
        {
            output.Write($"   known    {bug.Id}, {bug.History}: {bug.Statement}\n");
        }

        foreach (ScenarioResult scenario in one.Scenarios.Take(MostScenarios))
        {
            output.Write($"   scenario {PlainText.Of(scenario.Title)} ({PlainText.Of(scenario.Source)}:{scenario.Line})\n");
        }

        if (one.Scenarios.Count > MostScenarios)
        {
            output.Write($"            and {one.Scenarios.Count - MostScenarios} more\n");
        }

        int width = first.Differences.Take(MostPlaces).Max(static difference => difference.Place.Length);
        foreach (StateDifference difference in first.Differences.Take(MostPlaces))
        {
            output.Write($"   differs  {difference.Place.PadRight(width)}  manual {difference.Expected}, {subject} {difference.Seen}\n");
        }

        if (first.Differences.Count > MostPlaces)
        {
            output.Write($"            and {Amount(first.Differences.Count - MostPlaces, "place", "places")} more\n");
        }

        foreach (string line in (first.Text ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            output.Write($"      {PlainText.Of(line)}\n");
        }
    }

    private static void WriteSilent(ConformReport content, TextWriter output)
    {
        foreach ((ScenarioVerdict verdict, string words) in ConformWords.Silent)
        {
            IGrouping<string, ScenarioResult>[] reasons =
                [.. content.Results.Where(result => result.Verdict == verdict).GroupBy(static result => result.Note, StringComparer.Ordinal).OrderByDescending(static group => group.Count())];
            if (reasons.Length == 0)
            {
                continue;
            }

            output.Write($"\n{words}: {Amount(reasons.Sum(static group => group.Count()), "scenario", "scenarios")}\n");
            foreach (IGrouping<string, ScenarioResult> reason in reasons)
            {
                ScenarioResult first = reason.First();
                output.Write($"   {reason.Count(),4}  {PlainText.Of(reason.Key)} ({PlainText.Of(first.Source)}:{first.Line}{(reason.Skip(1).Any() ? " and others" : "")})\n");
            }
        }
    }

    private static string Amount(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}

/// <summary>The words for verdicts on scenarios.</summary>
internal static class ConformWords
{
    /// <summary>Verdicts that say nothing about the kernel, as headings.</summary>
    public static IReadOnlyList<(ScenarioVerdict Verdict, string Words)> Silent { get; } =
    [
        (ScenarioVerdict.NotApplicable, "Not applicable to this host"),
        (ScenarioVerdict.CannotSetUp, "Cannot be set up on this host"),
        (ScenarioVerdict.Undefined, "Undefined by the manual"),
        (ScenarioVerdict.Lost, "Lost"),
    ];

    /// <summary>A verdict for programs.</summary>
    public static string Of(ScenarioVerdict verdict) => verdict switch
    {
        ScenarioVerdict.Agrees => "agrees",
        ScenarioVerdict.Departs => "departs",
        ScenarioVerdict.NotApplicable => "not applicable",
        ScenarioVerdict.CannotSetUp => "cannot be set up",
        ScenarioVerdict.Undefined => "undefined",
        _ => "lost",
    };
}
