using System.Xml;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Conform;

/// <summary>JUnit: a case for each scenario, in a suite for each file.</summary>
internal sealed class ConformJUnit : IFormat<ConformReport>
{
    public string Name => "junit";

    public void Write(ConformReport content, TextWriter output, Ink ink)
    {
        HashSet<ScenarioResult> failures = [.. content.Findings().SelectMany(static one => one.Scenarios)];
        using var xml = XmlWriter.Create(output, new XmlWriterSettings { Indent = true, NewLineChars = "\n", OmitXmlDeclaration = true, CloseOutput = false });
        xml.WriteStartElement("testsuites");
        xml.WriteAttributeString("name", $"differ conform on {PlainText.Of(content.Kernel)}");
        foreach (IGrouping<string, ScenarioResult> source in content.Results.GroupBy(static result => result.Source, StringComparer.Ordinal))
        {
            xml.WriteStartElement("testsuite");
            xml.WriteAttributeString("name", PlainText.Of(source.Key));
            xml.WriteAttributeString("tests", Number(source.Count()));
            xml.WriteAttributeString("failures", Number(source.Count(failures.Contains)));
            xml.WriteAttributeString("errors", Number(source.Count(static result => result.Verdict == ScenarioVerdict.Lost)));
            xml.WriteAttributeString("skipped", Number(source.Count(result => IsSkipped(result, failures))));
            foreach (ScenarioResult result in source)
            {
                WriteCase(xml, result, failures);
            }

            xml.WriteEndElement();
        }

        xml.WriteEndElement();
        xml.Flush();
        output.Write('\n');
    }

    private static bool IsSkipped(ScenarioResult result, HashSet<ScenarioResult> failures) =>
        result.Verdict is not (ScenarioVerdict.Agrees or ScenarioVerdict.Lost) && !failures.Contains(result);

    private static void WriteCase(XmlWriter xml, ScenarioResult result, HashSet<ScenarioResult> failures)
    {
        xml.WriteStartElement("testcase");
        xml.WriteAttributeString("classname", result.Rules[0]);
        xml.WriteAttributeString("name", PlainText.Of(result.Title));
        if (failures.Contains(result))
        {
            xml.WriteStartElement("failure");
            xml.WriteAttributeString("message", $"{result.Differences.Count} places differ from what the manual says");
            xml.WriteString(string.Join('\n', result.Differences.Select(static one => PlainText.Of($"{one.Place}: manual {one.Expected}, KVM {one.Seen}"))));
            xml.WriteEndElement();
        }
        else if (result.Verdict == ScenarioVerdict.Lost)
        {
            xml.WriteStartElement("error");
            xml.WriteAttributeString("message", PlainText.Of(result.Note));
            xml.WriteEndElement();
        }
        else if (result.Verdict != ScenarioVerdict.Agrees)
        {
            xml.WriteStartElement("skipped");
            xml.WriteAttributeString("message", PlainText.Of(result.Verdict == ScenarioVerdict.Departs ? "accepted by the baseline" : $"{ConformWords.Of(result.Verdict)}: {result.Note}"));
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static string Number(int count) => count.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
