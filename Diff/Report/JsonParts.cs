using System.Text.Json;
using Differ.Diff.Changes;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Run;

namespace Differ.Diff.Report;

/// <summary>Members that several JSON documents have, written in one way. Each is written into an object that is open.</summary>
internal static class JsonParts
{
    /// <summary>Who is at fault.</summary>
    public static string Culprit(DivergenceClass found) => found.Culprit == Schemas.Model.Culprit.Processor ? "processor" : "hypervisor";

    /// <summary>What names and describes a class of divergences, and how often it is.</summary>
    public static void WriteClass(Utf8JsonWriter json, DivergenceClass found)
    {
        json.WriteString("fingerprint", found.Fingerprint);
        json.WriteString("rule", found.Rule.Id);
        json.WriteString("citation", found.Rule.Citation);
        json.WriteString("statement", found.Rule.Statement);
        json.WriteString("severity", found.Rule.Severity.ToString().ToLowerInvariant());
        json.WriteString("culprit", Culprit(found));
        json.WriteString("confidence", found.IsLikely ? "likely" : "certain");
        json.WriteString("assumes", found.IsLikely ? EvidenceTable.Of(found.Assumed).Name : "");
        json.WriteTexts("alsoBroken", found.AlsoBroken.Select(rule => rule.Id));
        json.WriteTexts("alsoLikely", found.AlsoLikely.Select(rule => rule.Id));
        json.WriteString("instruction", found.Instruction);
        json.WriteNumber("count", found.Count);
        json.WriteBoolean("accepted", found.Accepted is not null);
        json.WriteBoolean("ignored", found.IsIgnored);
        json.WriteOptional("knownBecause", found.Known);
    }

    /// <summary>The grade of a capture, and why.</summary>
    public static void WriteGrade(Utf8JsonWriter json, CaptureQuality quality)
    {
        json.WriteString("grade", $"{quality.Grade}");
        json.WriteObjects("reasons", quality.Reasons, reason =>
        {
            json.WriteString("grade", $"{reason.Grade}");
            json.WriteString("text", reason.Text);
            json.WriteNumber("blindRules", reason.BlindRules);
        });
    }

    /// <summary>The verdict of a recording and why it is so.</summary>
    public static void WriteVerdict(Utf8JsonWriter json, RecordingVerdict verdict)
    {
        json.WriteString("verdict", verdict.Word);
        json.WriteObjects("verdictReasons", verdict.Reasons, reason =>
        {
            json.WriteString("kind", JsonNamingPolicy.KebabCaseLower.ConvertName($"{reason.Kind}"));
            json.WriteString("text", reason.Text);
        });
    }

    /// <summary>The policy that made a verdict.</summary>
    public static void WritePolicy(Utf8JsonWriter json, Policy policy)
    {
        json.WriteStartObject("policy");
        json.WriteTexts("failOn", policy.FailOnWords);
        json.WriteNumber("maxLost", Percent(policy.MaxLost));
        json.WriteOptional("maxUndecided", policy.MaxUndecided is { } most ? Percent(most) : null);
        json.WriteTexts("require", policy.Require);
        json.WriteString("culprit", SetWords.WordOf(policy.Culprit));
        json.WriteObjects("ignored", policy.Ignored, one =>
        {
            json.WriteString("rule", one.Rule);
            json.WriteString("reason", one.Reason);
        });
        json.WriteBoolean("speculative", policy.Speculative);
        json.WriteString("config", policy.Source);
        json.WriteEndObject();
    }

    /// <summary>How virtual machines ended.</summary>
    public static void WriteEndings(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteObjects("endings", result.Endings.Zip(FindingWords.Endings(result)), item =>
        {
            (VmEnding ending, string text) = item;
            json.WriteString("reason", ending.Name);
            json.WriteNumber("count", ending.Count);
            json.WriteNumber("stream", ending.Exit.Stream.Value);
            json.WriteNumber("exit", ending.Exit.Index);
            json.WriteString("level", ExitPrinter.Level(ending.Exit.Level));
            json.WriteString("exitName", ending.Exit.ExitName);
            json.WriteString("text", text);
        });
    }

    /// <summary>Exits by verdict.</summary>
    public static void WriteVerdicts(Utf8JsonWriter json, DiffResult result, string known = "knownDeparture")
    {
        json.WriteStartObject("verdicts");
        json.WriteNumber("exits", result.Summary.Exits);
        json.WriteNumber("conforms", result.CountOf(Verdict.Conforms));
        json.WriteNumber(known, result.CountOf(Verdict.KnownDeparture));
        json.WriteNumber("ignored", result.CountOf(Verdict.Ignored));
        json.WriteNumber("accepted", result.CountOf(Verdict.Accepted));
        json.WriteNumber("undecided", result.CountOf(Verdict.Undecided));
        json.WriteNumber("likely", result.CountOf(Verdict.Likely));
        json.WriteNumber("diverges", result.CountOf(Verdict.Diverges));
        json.WriteEndObject();
    }

    /// <summary>What came of a rule.</summary>
    public static void WriteCounts(Utf8JsonWriter json, RuleCount count)
    {
        json.WriteNumber("conforms", count.Conforms);
        json.WriteNumber("undecided", count.Undecided);
        json.WriteNumber("likely", count.Likely);
        json.WriteNumber("departs", count.Departs);
    }

    /// <summary>The file and what it says of itself.</summary>
    public static void WriteFile(Utf8JsonWriter json, RunHeader header)
    {
        json.WriteString("file", header.Capture);
        json.WriteNumber("bytes", header.CaptureSize);
        json.WriteString("format", header.Format);
        json.WriteString("kernel", header.KernelRelease);
        json.WriteString("host", header.HostName);
        json.WriteString("clock", header.Clock);
    }

    private static double Percent(double share) => Math.Round(share * 100, 6);

    /// <summary>Remarks on a capture.</summary>
    public static void WriteNotes(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteObjects("notes", result.Summary.Notes, note =>
        {
            json.WriteString("code", note.Code);
            json.WriteNumber("count", note.Count);
            json.WriteString("text", note.Text);
            json.WriteString("first", note.First);
        });
    }

    /// <summary>Evidence that is missing, and at how many exits.</summary>
    public static void WriteMissing(Utf8JsonWriter json, UndecidedClass undecided)
    {
        json.WriteString("missing", undecided.Missing.Name);
        json.WriteString("what", undecided.Missing.What);
        json.WriteString("how", undecided.Missing.How);
        json.WriteNumber("exits", undecided.Exits);
    }

    /// <summary>The rules that lack evidence.</summary>
    public static void WriteRuleShares(Utf8JsonWriter json, UndecidedClass undecided)
    {
        json.WriteObjects("rules", undecided.Rules, share =>
        {
            json.WriteString("rule", share.Rule.Id);
            json.WriteNumber("count", share.Count);
        });
    }

    /// <summary>How often something happened among the times it could have.</summary>
    public static void WriteRate(Utf8JsonWriter json, string name, Proportion rate)
    {
        (double low, double high) = rate.Interval;
        json.WriteStartObject(name);
        json.WriteNumber("count", rate.Count);
        json.WriteNumber("occurrences", rate.Chances);
        json.WriteNumber("percent", Math.Round(rate.Percent, 6));
        json.WriteNumber("low", Math.Round(low, 6));
        json.WriteNumber("high", Math.Round(high, 6));
        json.WriteEndObject();
    }
}
