using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Conform;

/// <summary>TAP 14: a test for each scenario; what says nothing about the kernel is # SKIP, an accepted departure # TODO.</summary>
internal sealed class ConformTap : IFormat<ConformReport>
{
    public string Name => "tap";

    public void Write(ConformReport content, TextWriter output, Ink ink)
    {
        Dictionary<ScenarioResult, string> fingerprints = content.Classes()
            .SelectMany(static one => one.Scenarios, static (one, scenario) => (scenario, one.Fingerprint)).ToDictionary(static pair => pair.scenario, static pair => pair.Fingerprint);
        output.Write($"TAP version 14\n1..{content.Results.Count}\n");
        for (int i = 0; i < content.Results.Count; i++)
        {
            ScenarioResult result = content.Results[i];
            string fingerprint = fingerprints.GetValueOrDefault(result, "");
            string directive = result.Verdict switch
            {
                ScenarioVerdict.Agrees => "",
                ScenarioVerdict.Departs or ScenarioVerdict.Lost => content.Accepted.TryGetValue(fingerprint, out string? reason) ? $" # TODO {Escape(reason)}" : "",
                _ => $" # SKIP {ConformWords.Of(result.Verdict)}: {Escape(result.Note)}",
            };
            bool failed = result.Verdict is ScenarioVerdict.Departs or ScenarioVerdict.Lost;
            output.Write($"{(failed ? "not ok" : "ok")} {i + 1} - {Escape(result.Title)}{directive}\n");
            if (failed)
            {
                WriteDetails(result, fingerprint, output);
            }
        }
    }

    private static void WriteDetails(ScenarioResult result, string fingerprint, TextWriter output)
    {
        output.Write("  ---\n");
        output.Write($"  rule: {result.Rules[0]}\n  at: {Escape($"{result.Source}:{result.Line}")}\n");
        output.Write(fingerprint.Length > 0 ? $"  fingerprint: \"{fingerprint}\"\n" : $"  lost: \"{Escape(result.Note)}\"\n");
        foreach (StateDifference difference in result.Differences)
        {
            output.Write($"  {difference.Place.Replace(' ', '-')}: \"manual {Escape(difference.Expected)}, KVM {Escape(difference.Seen)}\"\n");
        }

        output.Write("  ...\n");
    }

    private static string Escape(string text) => PlainText.Of(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("#", "\\#", StringComparison.Ordinal);
}
