using System.Text.Json;
using Differ.Diff.Knowledge;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>The classes of divergences: the gravest in full, further ones in a row each.</summary>
internal sealed class PageClasses(DiffResult result, RunProfile profile, IReadOnlyDictionary<string, int> rules)
{
    private const int MostRows = 2048;
    private const int MostDetails = 96;
    private const int MostLines = 48;
    private const int MostLinesBeside = 16;
    private const int LongestLine = 200;

    private readonly ExitPrinter _printer = new(result.Header, result.Texts);

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartArray("classes");
        int details = 0;
        foreach (DivergenceClass found in result.Classes.Take(MostRows))
        {
            json.WriteStartObject();
            WriteRow(json, found);
            if (details++ < MostDetails)
            {
                WriteDetail(json, found);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("classesLeft", Math.Max(0, result.Classes.Count() - MostRows));
    }

    private void WriteRow(Utf8JsonWriter json, DivergenceClass found)
    {
        KeptExit exit = found.First.Exit;
        json.WriteString("id", found.Fingerprint);
        json.WriteNumber("rule", rules.GetValueOrDefault(found.Rule.Id, -1));
        json.WriteString("ruleId", found.Rule.Id);
        json.WriteString("cite", found.Rule.Citation);
        json.WriteString("severity", found.Rule.Severity.ToString().ToLowerInvariant());
        json.WriteString("culprit", JsonParts.Culprit(found));
        json.WriteString("level", ExitPrinter.Level(exit.Level));
        json.WriteString("exit", exit.ExitName);
        json.WriteString("insn", found.Instruction);
        json.WriteNumber("count", found.Count);
        json.WriteNumber("streams", found.Streams.Count);
        json.WriteNumber("stream", exit.Stream.Value);
        json.WriteNumber("index", exit.Index);
        json.WriteString("time", exit.HasExit ? _printer.Time(exit.Exit.Time) : "");
        json.WriteNumber("lastStream", found.Last.Stream.Value);
        json.WriteNumber("lastIndex", found.Last.Index);
        json.WriteString("kind", found.Accepted is not null ? "accepted" : found.IsIgnored ? "ignored" : found.Known is not null ? "known" : found.IsLikely ? "likely" : "finding");
        if (found.Known is { } known)
        {
            json.WriteString("known", known);
        }
    }

    private void WriteDetail(Utf8JsonWriter json, DivergenceClass found)
    {
        json.WriteStartObject("detail");
        json.WriteString("text", found.Rule.Statement);
        json.WriteString("assumes", found.IsLikely ? EvidenceTable.Of(found.Assumed).What : "");
        json.WriteTexts("also", found.AlsoBroken.Select(rule => rule.Id));
        json.WriteTexts("alsoLikely", found.AlsoLikely.Select(rule => rule.Id));
        json.WriteTexts("bugs", found.Culprit == Culprit.Processor ? [] : KnownBugs.Of(found.Rule.Id).Select(bug => $"{bug.Id}: {bug.Statement} {bug.History}"));
        json.WriteTexts("recorded", found.First.Recorded.Select(field => field.Text));
        json.WriteTexts("expected", found.First.Expected);
        json.WriteObjects("around", found.First.Before.Append(found.First.Exit).Concat(found.First.After), exit => WriteExit(json, exit, ReferenceEquals(exit, found.First.Exit)));
        WriteVmcb12(json, found);
        json.WriteEndObject();
    }

    private void WriteExit(Utf8JsonWriter json, KeptExit exit, bool departs)
    {
        json.WriteNumber("index", exit.Index);
        json.WriteString("level", ExitPrinter.Level(exit.Level));
        json.WriteBoolean("departs", departs);
        json.WriteString("line", Cut(ExitPrinter.Line(exit).TrimStart()));

        // The record may hold thousands of events: of those the first ones are shown.
        int most = departs ? MostLines : MostLinesBeside;
        KeptExit start = exit with { Events = [.. exit.Events.Take(most)] };
        json.WriteTexts("lines", _printer.Lines(start).Select(Cut));
        json.WriteNumber("left", Math.Max(0, exit.Events.Count - most));
    }

    private void WriteVmcb12(Utf8JsonWriter json, DivergenceClass found)
    {
        if (profile.SnapshotOf(found.Fingerprint) is not { } known)
        {
            return;
        }

        List<Vmcb12Value> values = [.. known];
        foreach (VmcbField field in Vmcb12Assumptions.Of(found.Assumed).Where(field => values.TrueForAll(value => value.Field != field)))
        {
            values.Add(new Vmcb12Value(field, Vmcb12Source.Assumed, "as the rule supposes", EvidenceTable.Of(found.Assumed).What));
        }

        json.WriteArray("vmcb12", values.OrderBy(value => value.Field), value =>
        {
            json.WriteStartArray();
            json.WriteNumberValue((int)value.Field);
            json.WriteStringValue(value.Source.ToString().ToLowerInvariant());
            json.WriteStringValue(value.Text);
            json.WriteStringValue(value.From);
            json.WriteEndArray();
        });
    }

    private static string Cut(string line) => PlainText.Cut(line, LongestLine);
}
