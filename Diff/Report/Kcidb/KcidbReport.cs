using System.Text.Json;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Kcidb;

/// <summary>
/// The exchange format of kernel CI systems (KCIDB, I/O schema 5.3), ready to be sent: a kernel is a checkout and a build, a rule in a capture
/// is a test, a class of divergences is an issue, and that a capture has it is an incident.
/// </summary>
/// <remarks>
/// All ids begin with the origin and are the same for the same input; whoever sends the reports of a CI system of its own replaces the origin.
/// What a recording does not tell is left out, which the schema takes for "not known": commits, times, who built the kernel.
/// </remarks>
internal sealed class KcidbReport : IReportFormat
{
    /// <summary>The name of the CI system that objects come from.</summary>
    internal const string Origin = "differ";

    // Raised when a class of the same fingerprint is described otherwise: the highest version of an issue counts.
    private const int IssueVersion = 1;

    public string Name => "kcidb";

    public string Summary => "KCIDB 5.3 for kernel CI: rules as tests, classes of divergences as issues, where they are as incidents";

    public void Write(FindingSet findings, TextWriter output, Ink ink) => JsonText.Write(output, json =>
    {
        json.WriteStartObject("version");
        json.WriteNumber("major", 5);
        json.WriteNumber("minor", 3);
        json.WriteEndObject();
        string[] ran = [.. findings.Checked.Select(KernelOf).Distinct().Order(StringComparer.Ordinal)];
        string[] kernels = [.. findings.Unread.Count > 0 && !ran.Contains("") ? ran.Prepend("") : ran];
        WriteCheckouts(json, kernels, ran);
        WriteBuilds(json, kernels, ran);
        KcidbTest[] tests = [.. findings.Checked.SelectMany(KcidbTest.Of), .. findings.Unread.Select(KcidbTest.Of)];
        WriteTests(json, tests);
        WriteIssues(json, findings);
        WriteIncidents(json, findings);
    });

    /// <summary>The release of the kernel that a capture is of; empty where the file does not say.</summary>
    internal static string KernelOf(CheckedCapture capture) => capture.Result.Header.KernelRelease;

    internal static string BuildId(string kernel) => Id("build", kernel.Length > 0 ? kernel : "unknown");

    private static string Id(string kind, string name) => $"{Origin}:{kind}:{PlainText.Of(name)}";

    private static string IssueId(string fingerprint) => $"{Origin}:{fingerprint}";

    private static void WriteCheckouts(Utf8JsonWriter json, IEnumerable<string> kernels, string[] ran)
    {
        json.WriteObjects("checkouts", kernels, kernel =>
        {
            json.WriteString("id", Id("checkout", kernel.Length > 0 ? kernel : "unknown"));
            json.WriteString("origin", Origin);
            json.WriteString("comment", kernel.Length > 0 ? $"Linux {PlainText.Of(kernel)}" : "a kernel whose release the recording does not tell");
            if (ran.Contains(kernel))
            {
                json.WriteBoolean("valid", true);
            }
        });
    }

    // What ran was checked out and built. Of the kernel of a capture that cannot be read nothing is known.
    private static void WriteBuilds(Utf8JsonWriter json, IEnumerable<string> kernels, string[] ran)
    {
        json.WriteObjects("builds", kernels, kernel =>
        {
            json.WriteString("id", BuildId(kernel));
            json.WriteString("origin", Origin);
            json.WriteString("checkout_id", Id("checkout", kernel.Length > 0 ? kernel : "unknown"));
            json.WriteString("architecture", "x86_64");
            if (ran.Contains(kernel))
            {
                json.WriteString("status", "PASS");
            }
        });
    }

    private static void WriteTests(Utf8JsonWriter json, IEnumerable<KcidbTest> tests)
    {
        json.WriteObjects("tests", tests, test =>
        {
            json.WriteString("id", test.Id);
            json.WriteString("origin", Origin);
            json.WriteString("build_id", BuildId(test.Kernel));
            json.WriteString("path", test.Path);
            json.WriteString("status", test.Status.ToString().ToUpperInvariant());
            json.WriteString("comment", PlainText.Of(test.Comment));
            if (test.WriteMisc is { } write)
            {
                json.WriteObject("misc", () => write(json));
            }
        });
    }

    private static void WriteIssues(Utf8JsonWriter json, FindingSet findings)
    {
        json.WriteStartArray("issues");
        foreach (DivergenceClass found in findings.Classes().Select(one => one.Class))
        {
            WriteIssue(
                json, found.Fingerprint, $"{found.Rule.Id}: {string.Join("; ", found.First.Recorded.Select(field => field.Text))}", found.Culprit == Culprit.Processor,
                PlainText.Of($"{found.Rule.Citation}: {found.Rule.Statement} The manual allows: {string.Join(", or ", found.First.Expected)}"),
                () => WriteIssueMisc(json, found));
        }

        KcidbBehaviour.WriteIssues(json, findings);
        json.WriteEndArray();
    }

    /// <summary>Writes an issue into a list that is open.</summary>
    internal static void WriteIssue(Utf8JsonWriter json, string fingerprint, string subject, bool isProcessor, string comment, Action misc)
    {
        json.WriteStartObject();
        json.WriteString("id", IssueId(fingerprint));
        json.WriteNumber("version", IssueVersion);
        json.WriteString("origin", Origin);
        json.WriteString("report_subject", PlainText.Of(subject));

        // The processor under the kernel is part of what runs the test, not of the code that is tested.
        json.WriteStartObject("culprit");
        json.WriteBoolean("code", !isProcessor);
        json.WriteBoolean("tool", false);
        json.WriteBoolean("harness", isProcessor);
        json.WriteEndObject();
        json.WriteString("comment", comment);
        json.WriteObject("misc", misc);
        json.WriteEndObject();
    }

    /// <summary>Writes an incident into a list that is open.</summary>
    internal static void WriteIncident(Utf8JsonWriter json, CheckedCapture capture, string test, string fingerprint, bool isPresent, string comment, Action misc)
    {
        json.WriteStartObject();
        json.WriteString("id", $"{test}:{fingerprint}");
        json.WriteString("origin", Origin);
        json.WriteString("issue_id", IssueId(fingerprint));
        json.WriteNumber("issue_version", IssueVersion);
        json.WriteString("test_id", test);
        json.WriteString("build_id", BuildId(KernelOf(capture)));
        json.WriteBoolean("present", isPresent);
        json.WriteString("comment", PlainText.Of($"{capture.Name}: {comment}"));
        json.WriteObject("misc", misc);
        json.WriteEndObject();
    }

    // Nothing in KCIDB may be null: what is not so is left out.
    private static void WriteIssueMisc(Utf8JsonWriter json, DivergenceClass found)
    {
        json.WriteString("fingerprint", found.Fingerprint);
        json.WriteString("rule", found.Rule.Id);
        json.WriteString("section", found.Rule.Citation);
        json.WriteString("severity", FindingWords.Severity(found));
        json.WriteString("instruction", found.Instruction);
        json.WriteTexts("alsoBroken", found.AlsoBroken.Select(rule => rule.Id));
        json.WriteTexts("alsoLikely", found.AlsoLikely.Select(rule => rule.Id));
        if (found.IsLikely)
        {
            json.WriteString("assumes", EvidenceTable.Of(found.Assumed).What);
        }

        if (found.Known is { } known)
        {
            json.WriteString("known", PlainText.Of(known));
        }
    }

    private static void WriteIncidents(Utf8JsonWriter json, FindingSet findings)
    {
        json.WriteArray("incidents", findings.Checked, capture =>
        {
            // What the test capture had no chance to show is neither present nor absent.
            // A class that is certain at some exits and likely at others is one issue.
            foreach (Finding finding in capture.Findings.Where(finding => finding.State != FindingState.NotComparable)
                .DistinctBy(finding => finding.Class.Fingerprint, StringComparer.Ordinal))
            {
                foreach (RuleInfo rule in finding.Class.AlsoBroken.Prepend(finding.Class.Rule))
                {
                    WriteIncident(
                        json, capture, KcidbTest.IdOf(capture, rule), finding.Class.Fingerprint, finding.IsPresent, $"{FindingWords.State(finding)}, {FindingWords.Departs(finding)}",
                        () => WriteIncidentMisc(json, capture, finding));
                }
            }

            KcidbBehaviour.WriteIncidents(json, capture);
        });
    }

    private static void WriteIncidentMisc(Utf8JsonWriter json, CheckedCapture capture, Finding finding)
    {
        KeptExit first = finding.Class.First.Exit;
        json.WriteString("state", FindingWords.State(finding));
        json.WriteNumber("count", finding.Class.Count);
        WritePlace(json, "first", new ExitPlace(first.Stream, first.Index));
        WritePlace(json, "last", finding.Class.Last);
        json.WriteTexts("vcpus", finding.Class.Streams.Select(share => PlainText.Of(VcpuNames.Of(capture.ResultOf(finding).Summary, share.Stream))));
    }

    private static void WritePlace(Utf8JsonWriter json, string name, ExitPlace place)
    {
        json.WriteStartObject(name);
        json.WriteNumber("stream", place.Stream.Value);
        json.WriteNumber("exit", place.Index);
        json.WriteEndObject();
    }
}
