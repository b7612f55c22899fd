using System.Globalization;
using System.Xml;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Ci;

/// <summary>
/// JUnit XML as Jenkins, GitLab and others read it: a suite for each capture, a case for each rule on each vCPU. A broken rule is a
/// failure; one that is undecided, likely or broken in a known way is skipped, and so is all that was kept in a recording that is
/// inconclusive; a capture that cannot be used is an error.
/// </summary>
internal sealed class JUnitReport : IReportFormat
{
    /// <summary>The case that tells of the capture itself, so that no suite is empty.</summary>
    private const string OfCapture = "capture can be judged";

    private static readonly XmlWriterSettings Settings = new() { Indent = true, NewLineChars = "\n", NewLineHandling = NewLineHandling.None, OmitXmlDeclaration = true };

    public string Name => "junit";

    public string Summary => "JUnit XML: a suite for each capture, a case for each rule on each vCPU; undecided is skipped";

    public void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        List<Suite> suites = [.. findings.Checked.Select(Suite.Of)];
        output.Write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        using (var xml = XmlWriter.Create(output, Settings))
        {
            xml.WriteStartElement("testsuites");
            xml.WriteAttributeString("name", "differ");
            // The schema of Jenkins knows no number of skipped cases here.
            WriteCounts(xml, suites.Sum(suite => suite.Tests) + findings.Unread.Count, suites.Sum(suite => suite.Failures), findings.Unread.Count, skipped: null);
            foreach (Suite suite in suites)
            {
                WriteSuite(xml, suite);
            }

            foreach (UnreadCapture unread in findings.Unread)
            {
                WriteUnread(xml, unread);
            }

            xml.WriteEndElement();
        }

        output.Write('\n');
    }

    private static void WriteCounts(XmlWriter xml, int tests, int failures, int errors, int? skipped)
    {
        foreach ((string name, int? count) in (ReadOnlySpan<(string, int?)>)[("tests", tests), ("failures", failures), ("errors", errors), ("skipped", skipped)])
        {
            if (count is { } number)
            {
                xml.WriteAttributeString(name, number.ToString(CultureInfo.InvariantCulture));
            }
        }

        // Nothing is timed: the same captures give the same report.
        xml.WriteAttributeString("time", "0");
    }

    private static void WriteSuite(XmlWriter xml, Suite suite)
    {
        CheckedCapture capture = suite.Capture;
        string name = PlainText.Of(capture.Name);
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", name);
        WriteCounts(xml, suite.Tests, suite.Failures, 0, suite.Skipped);
        WriteProperties(xml, capture);
        StartCase(xml, name, OfCapture);
        if (suite.FailsAsInconclusive)
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("message", FindingWords.Inconclusive(capture));
            xml.WriteAttributeString("type", capture.Verdict.Word);
            xml.WriteEndElement();
        }
        else if (capture.IsInconclusive)
        {
            WriteSkipped(xml, FindingWords.Inconclusive(capture));
        }

        if (capture.Result.Endings.Count > 0)
        {
            xml.WriteElementString("system-out", string.Join('\n', FindingWords.Endings(capture.Result)));
        }

        xml.WriteEndElement();
        if (capture.Pair is not null)
        {
            WriteBehaviour(xml, name, capture);
        }

        foreach (RuleCase one in suite.Cases)
        {
            WriteCase(xml, name, capture, one);
        }

        xml.WriteEndElement();
    }

    private static void WriteBehaviour(XmlWriter xml, string suite, CheckedCapture capture)
    {
        StartCase(xml, suite, BehaviourWords.Test);
        if (BehaviourWords.Fails(capture))
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("message", BehaviourWords.All(capture));
            xml.WriteAttributeString("type", BehaviourWords.Word);
            foreach (BehaviourChange change in capture.Behaviour)
            {
                xml.WriteString("\n" + string.Concat(BehaviourWords.Facts(capture, change).Select(fact => $"{fact.Label,-9} {fact.Text}\n"))
                    + string.Concat(BehaviourWords.Around(change.AroundTest).Select(line => $"  {line}\n")));
            }

            xml.WriteEndElement();
        }
        else if (capture.Behaviour.Count > 0 || capture.IsInconclusive)
        {
            WriteSkipped(xml, capture.Behaviour.Count > 0 ? BehaviourWords.All(capture) : FindingWords.Inconclusive(capture));
        }

        xml.WriteEndElement();
    }

    private static void WriteProperties(XmlWriter xml, CheckedCapture capture)
    {
        var quality = CaptureQuality.Of(capture.Result);
        xml.WriteStartElement("properties");
        foreach ((string name, string value) in (IEnumerable<(string, string)>)
            [
                ("path", capture.File), ("kernel", capture.Result.Header.KernelRelease), ("base kernel", capture.Base?.Header.KernelRelease ?? ""),
                ("host", capture.Result.Header.HostName), ("format", capture.Result.Header.Format), ("verdict", capture.Verdict.Word),
                ("why", capture.Verdict.Why), ("policy", SetWords.Of(capture.Result.Policy)), ("quality", $"grade {quality.Grade}"),
                ("exits", capture.Result.Summary.Exits.ToString(CultureInfo.InvariantCulture)),
            ])
        {
            if (value.Length > 0)
            {
                xml.WriteStartElement("property");
                xml.WriteAttributeString("name", name);
                xml.WriteAttributeString("value", PlainText.Of(value));
                xml.WriteEndElement();
            }
        }

        xml.WriteEndElement();
    }

    private static void WriteCase(XmlWriter xml, string suite, CheckedCapture capture, RuleCase one)
    {
        StartCase(xml, suite, $"{one.Rule.Id} on {PlainText.Of(one.Vcpu)}");
        switch (one.Outcome)
        {
            case CaseOutcome.Broken:
                foreach (Finding finding in one.Failing.Take(1))
                {
                    WriteFailure(xml, capture, one, finding);
                }

                break;
            case CaseOutcome.Known:
                WriteSkipped(xml, FindingWords.Known(one));
                break;
            case CaseOutcome.Likely:
                WriteSkipped(xml, FindingWords.Likely(one));
                break;
            case CaseOutcome.Undecided:
                WriteSkipped(xml, FindingWords.Undecided(one));
                break;
            case CaseOutcome.Inconclusive:
                WriteSkipped(xml, FindingWords.KeptInInconclusive);
                break;
        }

        if (one.Outcome != CaseOutcome.Undecided)
        {
            xml.WriteElementString("system-out", FindingWords.Numbered(one.Count));
        }

        xml.WriteEndElement();
    }

    // A case may fail once only: the first class is told in the message, and all of them in the text.
    private static void WriteFailure(XmlWriter xml, CheckedCapture capture, RuleCase one, Finding first)
    {
        xml.WriteStartElement("failure");
        string beside = first.Class.Rule.Id == one.Rule.Id ? "" : $", beside {first.Class.Rule.Id}";
        xml.WriteAttributeString("message", $"{FindingWords.Departs(first)}{beside}: {PlainText.Of(string.Join("; ", first.Class.First.Recorded.Select(field => field.Text)))}");
        xml.WriteAttributeString("type", JsonParts.Culprit(first.Class));
        foreach (Finding finding in one.Failing)
        {
            xml.WriteString("\n");
            if (finding.Class.Rule.Id != one.Rule.Id)
            {
                xml.WriteString($"at the exits that break {finding.Class.Rule.Id}, which has the details (fingerprint {finding.Class.Fingerprint})\n");
                continue;
            }

            foreach ((string label, string text) in FindingWords.Facts(capture, finding))
            {
                xml.WriteString($"{label,-9} {text}\n");
            }

            xml.WriteString(string.Concat(FindingWords.Around(finding.Class).Select(line => $"  {line}\n")));
        }

        xml.WriteEndElement();
    }

    private static void WriteUnread(XmlWriter xml, UnreadCapture unread)
    {
        string name = PlainText.Of(unread.Name);
        xml.WriteStartElement("testsuite");
        xml.WriteAttributeString("name", name);
        WriteCounts(xml, 1, 0, 1, 0);
        StartCase(xml, name, OfCapture);
        xml.WriteStartElement("error");
        xml.WriteAttributeString("message", PlainText.Of(unread.Message));
        xml.WriteAttributeString("type", unread.Code.Length > 0 ? unread.Code : "file");
        xml.WriteEndElement();
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void StartCase(XmlWriter xml, string suite, string name)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", suite);
        xml.WriteAttributeString("name", name);
        xml.WriteAttributeString("time", "0");
    }

    private static void WriteSkipped(XmlWriter xml, string message)
    {
        xml.WriteStartElement("skipped");
        xml.WriteAttributeString("message", message);
        xml.WriteEndElement();
    }

    private sealed record Suite(CheckedCapture Capture, IReadOnlyList<RuleCase> Cases)
    {
        public bool FailsAsInconclusive => Capture.IsInconclusive && Capture.Fails;

        public int Tests => Cases.Count + (Capture.Pair is null ? 1 : 2);

        public int Failures => Cases.Count(one => one.Outcome == CaseOutcome.Broken) + (FailsAsInconclusive ? 1 : 0) + (BehaviourWords.Fails(Capture) ? 1 : 0);

        public int Skipped => Cases.Count(one => one.Outcome is not (CaseOutcome.Broken or CaseOutcome.Kept)) + (Capture.IsInconclusive && !Capture.Fails ? 1 : 0)
            + (SkipsBehaviour ? 1 : 0);

        private bool SkipsBehaviour => Capture.Pair is not null && !BehaviourWords.Fails(Capture) && (Capture.Behaviour.Count > 0 || Capture.IsInconclusive);

        public static Suite Of(CheckedCapture capture) => new(capture, [.. capture.Cases()]);
    }
}
