using System.Globalization;
using System.Text.Json;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Sarif;

/// <summary>The results.</summary>
/// <param name="json">Where they go.</param>
/// <param name="findings">What was found.</param>
/// <param name="rules">The ids of the tool's rules, in their order.</param>
internal sealed class SarifResults(Utf8JsonWriter json, FindingSet findings, IReadOnlyList<string> rules)
{
    // GitHub shows a hundred further places of a result; flows make most of the size, and nobody steps through thousands.
    private const int MostPlaces = 100;
    private const int MostFlows = 1_000;

    private readonly Dictionary<string, int> _ruleNumbers = rules.Select((rule, i) => (rule, i)).ToDictionary(item => item.rule, item => item.i, StringComparer.Ordinal);
    private readonly Dictionary<CheckedCapture, int> _numbers = findings.Checked.Select((capture, i) => (capture, i)).ToDictionary(item => item.capture, item => item.i);
    private readonly bool _hasBaseline = findings.Compares
        || findings.Checked.Any(capture => capture.Findings.Any(finding => finding.State == FindingState.Accepted));

    public void Write(IReadOnlyList<FindingClass> classes)
    {
        json.WriteStartArray("results");
        for (int i = 0; i < classes.Count; i++)
        {
            WriteResult(classes[i], withFlow: i < MostFlows);
        }

        SarifBehaviour.Write(json, findings, rules.Count);

        json.WriteEndArray();
    }

    private void WriteResult(FindingClass one, bool withFlow)
    {
        DivergenceClass found = one.Class;
        json.WriteStartObject();
        json.WriteString("ruleId", found.Rule.Id);
        json.WriteNumber("ruleIndex", _ruleNumbers[found.Rule.Id]);
        WriteStanding(one);
        SarifReport.WriteMessage(json, "message", Message(one));
        json.WriteObjects("locations", [one.Lead], WritePlace);
        json.WriteObjects("relatedLocations", one.Places.Skip(1).Take(MostPlaces), WritePlace);
        json.WriteNumber("occurrenceCount", Math.Max(one.Count, 1));
        json.WriteObject("partialFingerprints", () => json.WriteString("differ/v1", found.Fingerprint));
        if (withFlow)
        {
            WriteFlow(one.Lead);
        }

        WriteSuppressions(one);
        WriteProperties(one);
        json.WriteEndObject();
    }

    // A class that the test capture had no chance to show is neither gone nor there: an open question. One that holds under an assumption is
    // for a person to review. Neither has a level.
    private void WriteStanding(FindingClass one)
    {
        string kind = one.State == FindingState.NotComparable ? "open" : one.State == FindingState.Likely && !one.Fails ? "review" : "fail";
        json.WriteString("kind", kind);
        json.WriteString("level", kind == "fail" ? SarifReport.Level(one.Class.Rule.Severity) : "none");
        if (_hasBaseline)
        {
            json.WriteString("baselineState", one.State switch
            {
                FindingState.Diverges or FindingState.Likely => "new",
                FindingState.Fixed => "absent",
                FindingState.NotComparable => "updated",
                FindingState.StillThere when one.Lead.Finding.Change?.Change == Change.RateChanged => "updated",
                _ => "unchanged",
            });
        }
    }

    private static string Message(FindingClass one)
    {
        DivergenceClass found = one.Class;
        string state = one.State == FindingState.Diverges ? "" : $" ({FindingWords.State(one.Lead.Finding)})";
        string assumes = found.IsLikely ? $" It assumes {FindingWords.Assumption(found)}." : "";
        return $"Recorded: {string.Join("; ", found.First.Recorded.Select(field => field.Text))}. The manual allows: {string.Join(", or ", found.First.Expected)}."
            + $" {found.Rule.Citation}: {found.Rule.Statement} {Numbers.Amount(one.Count, "exit", "exits")}, by {FindingWords.Culprit(found)}{state}.{assumes}";
    }

    private void WritePlace(PlacedFinding place)
    {
        KeptExit exit = place.Finding.Class.First.Exit;
        WriteWhere(place, exit);
        SarifReport.WriteMessage(json, "message", $"{place.Capture.Name}: {Numbers.Amount(place.Finding.Class.Count, "exit", "exits")}, first here");
    }

    private void WriteWhere(PlacedFinding place, KeptExit exit) => WriteWhere(
        json, place.Capture.File, _numbers[place.Capture], VcpuNames.Of(place.Capture.ResultOf(place.Finding).Summary, exit.Stream), exit.Index, exit);

    /// <summary>Writes where an exit is, into an object that is open.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="file">The file of the capture.</param>
    /// <param name="number">Its number among the artifacts.</param>
    /// <param name="vcpu">The vCPU, for a person.</param>
    /// <param name="index">The exit's position in its stream.</param>
    /// <param name="exit">The exit; null where its address is not told.</param>
    internal static void WriteWhere(Utf8JsonWriter json, string file, int number, string vcpu, ulong index, KeptExit? exit = null)
    {
        json.WriteStartObject("physicalLocation");
        SarifCaptures.WriteLocation(json, "artifactLocation", file, number);

        // A recording has no lines, and code scanning refuses a place without one.
        json.WriteObject("region", () => json.WriteNumber("startLine", 1));
        if (exit is { HasExit: true })
        {
            json.WriteStartObject("address");
            json.WriteString("kind", "instruction");
            json.WriteString("name", string.Create(CultureInfo.InvariantCulture, $"0x{exit.Exit.Rip:x}"));
            json.WriteString("fullyQualifiedName", string.Create(CultureInfo.InvariantCulture, $"{ExitPrinter.Level(exit.Level)} rip 0x{exit.Exit.Rip:x}"));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteObjects("logicalLocations", [string.Create(CultureInfo.InvariantCulture, $"exit {index}")], name =>
        {
            json.WriteString("name", name);
            json.WriteString("fullyQualifiedName", $"{vcpu}, {name}");
            json.WriteString("kind", "exit");
        });
    }

    // The exits around the first one, as they came.
    private void WriteFlow(PlacedFinding place)
    {
        Occurrence first = place.Finding.Class.First;
        IEnumerable<(KeptExit Exit, int Order)> exits = first.Before.Append(first.Exit).Concat(first.After).Select((exit, i) => (exit, i + 1));
        json.WriteObjects("codeFlows", [first], _ => json.WriteObjects("threadFlows", [first], _ => json.WriteObjects("locations", exits, step =>
        {
            json.WriteStartObject("location");
            WriteWhere(place, step.Exit);
            SarifReport.WriteMessage(json, "message", ExitPrinter.Line(step.Exit).Trim());
            json.WriteEndObject();
            json.WriteNumber("nestingLevel", step.Exit.Level == GuestLevel.L2 ? 2 : 1);
            json.WriteNumber("executionOrder", step.Order);
            json.WriteString("importance", ReferenceEquals(step.Exit, first.Exit) ? "essential" : "unimportant");
        })));
    }

    private void WriteSuppressions(FindingClass one)
    {
        if (one.Lead.Finding.IsKnown)
        {
            json.WriteObjects("suppressions", [one], known =>
            {
                json.WriteString("kind", "external");
                json.WriteString("status", "accepted");
                json.WriteString("justification", PlainText.Of(known.Class.Known ?? ""));
            });
        }
    }

    private void WriteProperties(FindingClass one)
    {
        json.WriteStartObject("properties");
        JsonParts.WriteClass(json, one.Class);
        json.WriteString("state", FindingWords.State(one.Lead.Finding));
        json.WriteNumber("vcpus", one.Class.Streams.Count);
        json.WriteTexts("recorded", one.Class.First.Recorded.Select(field => PlainText.Of(field.Text)));
        json.WriteTexts("expected", one.Class.First.Expected);
        json.WriteNumber("captures", one.Places.Count);
        if (one.Lead.Finding.Change is { } change)
        {
            JsonParts.WriteRate(json, "base", change.Base);
            JsonParts.WriteRate(json, "test", change.Test);
        }

        json.WriteEndObject();
    }
}
