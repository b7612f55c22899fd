using System.Text.Json;
using Differ.Diff.Writing;

namespace Differ.Diff.Conform;

/// <summary>For programs: every scenario with its verdict and what differs, and the classes by fingerprint.</summary>
internal sealed class ConformJson : IFormat<ConformReport>
{
    /// <summary>Grows with every change that a reader must know of.</summary>
    private const int Version = 1;

    public string Name => "json";

    public void Write(ConformReport content, TextWriter output, Ink ink) => JsonText.Write(output, json =>
    {
        json.WriteNumber("version", Version);
        json.WriteString("kernel", content.Kernel);
        json.WriteString("processor", content.Processor);
        json.WriteBoolean("quirks", content.Quirks);
        json.WriteObject("counts", () =>
        {
            foreach (ScenarioVerdict verdict in Enum.GetValues<ScenarioVerdict>())
            {
                json.WriteNumber(ConformWords.Of(verdict), content.CountOf(verdict));
            }
        });
        if (content.Generated is { } made)
        {
            json.WriteObject("generated", () =>
            {
                json.WriteNumber("seed", made.Seed);
                json.WriteNumber("scenarios", made.Count);
                json.WriteNumber("seconds", Math.Round(made.Time.TotalSeconds, 1));
                json.WriteTexts("rules", made.Rules.Order(StringComparer.Ordinal));
            });
        }

        if (content.Against is { } against)
        {
            json.WriteObject("against", () =>
            {
                json.WriteString("kernel", against.Kernel);
                json.WriteObjects("changed", [.. content.Changed()], changed =>
                {
                    json.WriteString("title", changed.Result.Title);
                    json.WriteString("source", changed.Result.Source);
                    json.WriteString("was", changed.Was);
                    json.WriteString("is", ConformWords.Of(changed.Result.Verdict));
                });
            });
        }

        json.WriteObjects("classes", content.Classes(), one =>
        {
            json.WriteString("fingerprint", one.Fingerprint);
            json.WriteString("rule", one.Rule.Id);
            json.WriteString("section", one.Rule.Citation);
            json.WriteString("severity", one.Rule.Severity.ToString().ToLowerInvariant());
            json.WriteOptional("accepted", content.Accepted.GetValueOrDefault(one.Fingerprint));
            json.WriteTexts("known", one.Known.Select(static bug => bug.Id));
            json.WriteTexts("scenarios", one.Scenarios.Select(static scenario => $"{scenario.Source}:{scenario.Line}"));
        });
        json.WriteObjects("scenarios", content.Results, result => WriteScenario(json, result));
    });

    private static void WriteScenario(Utf8JsonWriter json, ScenarioResult result)
    {
        json.WriteString("title", result.Title);
        json.WriteString("source", result.Source);
        json.WriteNumber("line", result.Line);
        json.WriteTexts("rules", result.Rules);
        json.WriteString("verdict", ConformWords.Of(result.Verdict));
        json.WriteString("note", result.Note);
        if (result.Text is { } text)
        {
            json.WriteString("text", text);
        }

        json.WriteObjects("differences", result.Differences, difference =>
        {
            json.WriteString("place", difference.Place);
            json.WriteString("expected", difference.Expected);
            json.WriteString("seen", difference.Seen);
        });
    }
}
