using System.Text.Json;
using Differ.Diff.Changes;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;

namespace Differ.Diff.Report;

/// <summary>Members that several JSON documents have, written in one way. Each is written into an object that is open.</summary>
internal static class JsonParts
{
    /// <summary>Who is at fault.</summary>
    public static string Culprit(DivergenceClass found) => found.Culprit == Schemas.Model.Culprit.Processor ? "processor" : "hypervisor";

    /// <summary>A list of texts.</summary>
    public static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    /// <summary>A text, or null.</summary>
    public static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is null)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, value);
        }
    }

    /// <summary>A number, or null.</summary>
    public static void Optional(Utf8JsonWriter json, string name, uint? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

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
        Texts(json, "alsoBroken", found.AlsoBroken.Select(rule => rule.Id));
        Texts(json, "alsoLikely", found.AlsoLikely.Select(rule => rule.Id));
        json.WriteString("instruction", found.Instruction);
        json.WriteNumber("count", found.Count);
        json.WriteBoolean("accepted", found.Accepted is not null);
        json.WriteBoolean("ignored", found.IsIgnored);
        Optional(json, "knownBecause", found.Known);
    }

    /// <summary>The grade of a capture, and why.</summary>
    public static void WriteGrade(Utf8JsonWriter json, CaptureQuality quality)
    {
        json.WriteString("grade", $"{quality.Grade}");
        json.WriteStartArray("reasons");
        foreach (QualityReason reason in quality.Reasons)
        {
            json.WriteStartObject();
            json.WriteString("grade", $"{reason.Grade}");
            json.WriteString("text", reason.Text);
            json.WriteNumber("blindRules", reason.BlindRules);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The verdict of a recording and why it is so.</summary>
    public static void WriteVerdict(Utf8JsonWriter json, RecordingVerdict verdict)
    {
        json.WriteString("verdict", verdict.Word);
        json.WriteStartArray("verdictReasons");
        foreach (VerdictReason reason in verdict.Reasons)
        {
            json.WriteStartObject();
            json.WriteString("kind", JsonNamingPolicy.KebabCaseLower.ConvertName($"{reason.Kind}"));
            json.WriteString("text", reason.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The policy that made a verdict.</summary>
    public static void WritePolicy(Utf8JsonWriter json, Policy policy)
    {
        json.WriteStartObject("policy");
        Texts(json, "failOn", policy.FailOnWords);
        json.WriteNumber("maxLost", Percent(policy.MaxLost));
        if (policy.MaxUndecided is { } most)
        {
            json.WriteNumber("maxUndecided", Percent(most));
        }
        else
        {
            json.WriteNull("maxUndecided");
        }

        Texts(json, "require", policy.Require);
        json.WriteString("culprit", SetWords.WordOf(policy.Culprit));
        json.WriteStartArray("ignored");
        foreach (IgnoredRule one in policy.Ignored)
        {
            json.WriteStartObject();
            json.WriteString("rule", one.Rule);
            json.WriteString("reason", one.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("speculative", policy.Speculative);
        json.WriteString("config", policy.Source);
        json.WriteEndObject();
    }

    /// <summary>How virtual machines ended.</summary>
    public static void WriteEndings(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteStartArray("endings");
        foreach ((VmEnding ending, string text) in result.Endings.Zip(FindingWords.Endings(result)))
        {
            json.WriteStartObject();
            json.WriteString("reason", ending.Name);
            json.WriteNumber("count", ending.Count);
            json.WriteNumber("stream", ending.Exit.Stream.Value);
            json.WriteNumber("exit", ending.Exit.Index);
            json.WriteString("level", ExitPrinter.Level(ending.Exit.Level));
            json.WriteString("exitName", (ending.Exit.Flags & RecordFlags.NoExit) == 0 ? ending.Exit.Exit.Code.Name : "");
            json.WriteString("text", text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Exits by verdict.</summary>
    public static void WriteVerdicts(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteStartObject("verdicts");
        json.WriteNumber("exits", result.Summary.Exits);
        json.WriteNumber("conforms", result.CountOf(Verdict.Conforms));
        json.WriteNumber("knownDeparture", result.CountOf(Verdict.KnownDeparture));
        json.WriteNumber("ignored", result.CountOf(Verdict.Ignored));
        json.WriteNumber("accepted", result.CountOf(Verdict.Accepted));
        json.WriteNumber("undecided", result.CountOf(Verdict.Undecided));
        json.WriteNumber("likely", result.CountOf(Verdict.Likely));
        json.WriteNumber("diverges", result.CountOf(Verdict.Diverges));
        json.WriteEndObject();
    }

    private static double Percent(double share) => Math.Round(share * 100, 6);

    /// <summary>Remarks on a capture.</summary>
    public static void WriteNotes(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteStartArray("notes");
        foreach (CaptureNote note in result.Summary.Notes)
        {
            json.WriteStartObject();
            json.WriteString("code", note.Code);
            json.WriteNumber("count", note.Count);
            json.WriteString("text", note.Text);
            json.WriteString("first", note.First);
            json.WriteEndObject();
        }

        json.WriteEndArray();
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
        json.WriteStartArray("rules");
        foreach (RuleShare share in undecided.Rules)
        {
            json.WriteStartObject();
            json.WriteString("rule", share.Rule.Id);
            json.WriteNumber("count", share.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>How often something happened among the times it could have.</summary>
    public static void WriteRate(Utf8JsonWriter json, string name, Proportion rate)
    {
        (double low, double high) = rate.Interval;
        json.WriteStartObject(name);
        json.WriteNumber("count", rate.Count);
        json.WriteNumber("chances", rate.Chances);
        json.WriteNumber("perThousand", Math.Round(rate.PerThousand, 6));
        json.WriteNumber("low", Math.Round(low, 6));
        json.WriteNumber("high", Math.Round(high, 6));
        json.WriteEndObject();
    }
}
