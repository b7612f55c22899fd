using Differ.Diff.Knowledge;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Rules;

/// <summary>For a person: the rule, who decides it, known bugs, what would decide it, and what the recording shows.</summary>
internal sealed class TextExplanation : IFormat<Explanation>
{
    public string Name => "text";

    public void Write(Explanation content, TextWriter output, Ink ink)
    {
        RuleText.Write(content.Rule, output);
        RuleText.Item(output, "if broken", RuleText.Words(content.Rule.Severity));
        KvmFunctions functions = content.Rule.Kvm;
        RuleText.Item(output, "decided by", functions.Names.Count > 0 ? $"{string.Join(", ", functions.Names)} in KVM" : functions.WhyNone);
        if (content.Reads.Names.Count > 0)
        {
            RuleText.Item(output, "reads", $"{string.Join(", ", content.Reads.Names)} of {content.Reads.Owner}");
        }

        WriteBugs(content, output, ink);
        WriteLacking(content, output, ink);
        if (content.Seen is { } seen)
        {
            WriteSeen(seen, output, ink);
        }
    }

    private static void WriteBugs(Explanation content, TextWriter output, Ink ink)
    {
        output.Write($"\n{ink.Bold("Known bugs of KVM that break it")}{(content.Bugs.Count == 0 ? ": none" : "")}\n");
        foreach (KnownBug bug in content.Bugs)
        {
            RuleText.Item(output, bug.Id, bug.Statement);
            RuleText.Item(output, "", bug.History);
            RuleText.Item(output, "", RuleText.Words(bug.Visibility));
        }
    }

    private static void WriteLacking(Explanation content, TextWriter output, Ink ink)
    {
        output.Write($"\n{ink.Bold("To decide it")}\n");
        RuleText.Item(output, "record", content.Command);
        foreach (EvidenceShare share in content.Lacking)
        {
            string count = share.Count > 0 ? $" ({Times(share.Count)})" : "";
            RuleText.Item(output, content.Seen is null ? "may lack" : "lacked", $"{share.Missing.What}{count}: {share.Missing.How}");
        }
    }

    private static void WriteSeen(SeenOfRule seen, TextWriter output, Ink ink)
    {
        string capture = seen.Result.Header.Capture.Length > 0 ? seen.Result.Header.Capture : "(pipe)";
        output.Write($"\n{ink.Bold($"In {capture}")}\n");
        RuleCount count = seen.Count;
        RuleText.Item(output, "", count.Exercised == 0 ? "nothing that the rule speaks of" :
            $"conforms {Times(count.Conforms)}, undecided {Times(count.Undecided)}, {(count.Likely > 0 ? $"likely diverges {Times(count.Likely)}, " : "")}diverges {Times(count.Departs)}");
        var printer = new ExitPrinter(seen.Result.Header, seen.Result.Texts);
        for (int i = 0; i < seen.Classes.Count; i++)
        {
            TextCapture.WriteDivergence(seen.Result, seen.Classes[i], i + 1, file: null, printer, output, ink);
            if (seen.Classes[i].Known is { } known)
            {
                output.Write($"   known    {known}\n");
            }

            if (seen.File is { } file && CommandWords.Show(seen.Classes[i], seen.Result, file) is { } show)
            {
                output.Write($"   exits    {show}\n");
            }
        }
    }

    private static string Times(ulong count) => $"{Numbers.Plain(count)} {(count == 1 ? "time" : "times")}";
}
