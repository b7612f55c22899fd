using System.Text.Json;
using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>What the guests saw themselves against the verdicts on the recordings of them; docs/cross-check.md has the reasons.</summary>
public sealed partial class ConsoleTests
{
    // What a line that shows a departure, or hides one, asks of the verdict. A new kind of line is a row.
    private static readonly Row[] Rows =
    [
        new(@"svme=0 (STGI|CLGI) exception=none", Place.Undecided, "SVM-15.4-SVME-UD-CLGI|SVM-15.4-STGI-SKINIT-AVAIL", "executed without an exit under virtual GIF"),
        new(@"virq_once 1st VMEXIT=78 .* FAIL", Place.Undecided, "SVM-15.6-VIRQ-SAVED", "L1 may have set V_IRQ again"),
        new(@"reflect_msr VMEXIT=78 ", Place.Undecided, "SVM-15.11-MSRPM-LAYOUT", "the permission map is in memory"),
        new(@"virq_once 1st VMEXIT=ffffffff ", Place.Processor, "SVM-15.7-INTINFO-TYPE", "the processor names an event that does not exist"),
        new(@"svme=0 VMLOAD exception=none", Place.Hypervisor, "SVM-15.4-SVME-UD-VMLOAD"),
        new(@"svme=0 VMSAVE exception=none", Place.Hypervisor, "SVM-15.4-SVME-UD-VMSAVE"),
        new(@"svme=0 INVLPGA exception=none", Place.Hypervisor, "SVM-15.4-SVME-UD-INVLPGA"),
        new(@"l1_intercept=0 (ud_icpt )?VMMCALL (STUCK|VMEXIT=60)", Place.Hypervisor, "SVM-15.18-VMMCALL-UNINT-UD"),
        new(@"l1_intercept=0 (VMLOAD|INVLPGA) VMEXIT", Place.Hypervisor, "SVM-C1-CODE-BIT-MAP"),
        new(@"l1_intercept=0 ud_icpt SKINIT VMEXIT=78", Place.Hypervisor, "SVM-L-EXC-REFLECT-FIRST"),
        new(@"intr_gif .*isr_before_stgi=1", Place.Hypervisor, "SVM-15.6-GIF-CLEAR"),
        new(@"inj_npf .*int_info=0 ", Place.Hypervisor, "SVM-15.7-INTINFO-VALID"),
        new(@"reflect_cpuid VMEXIT=78", Place.Hypervisor, "SVM-L-REFLECT-DEFAULT"),
        new(@"reflect_npf .*info2=0 ", Place.Hypervisor, "SVM-L-NI-INFO-EQ"),
        new(@"^Unhandled exception 14 ", Place.Hypervisor, "SVM-15.6-EFER-SVME-L2", "L1 goes on with what L2 left in its registers"),
        new(@"^PASS: Hypercall via VMCALL: OK \(patched\)", Place.Hypervisor, "SVM-L-EXC-REFLECT-FIRST", "the test wants the kernel to patch VMCALL, in L2 too"),
    ];

    private enum Place
    {
        Hypervisor,
        Processor,
        Undecided,
    }

    [CorpusFact]
    public void The_word_of_each_test_is_what_its_numbers_say() =>
        Assert.All(Consoles().SelectMany(console => console.Lines), line =>
            Assert.True(Said(line) is not { } said || Departs(line) == said, line));

    [CorpusFact]
    public void Every_departure_that_a_console_shows_is_in_the_verdict()
    {
        List<Console> departing = [.. Consoles().Where(console => console.Lines.Any(Departs))];
        Assert.NotEmpty(departing);
        Assert.All(departing, console =>
        {
            Verdict verdict = VerdictOn(console.Capture);
            Assert.All(console.Lines.Where(Departs), line =>
            {
                Row row = Assert.Single(Rows, row => row.Says.IsMatch(line));
                Assert.True(row.Rules.Any(rule => verdict.Of(row.Place).Contains(rule)), $"{console.Capture}: {line}");
            });
        });
    }

    [CorpusFact]
    public void Nothing_is_claimed_that_no_line_of_the_console_bears_out()
    {
        List<Console> consoles = [.. Consoles().Where(console => console.Lines.Any(line => Said(line) is not null))];
        Assert.NotEmpty(consoles);
        Assert.All(consoles, console =>
        {
            Verdict verdict = VerdictOn(console.Capture);
            HashSet<string> borneOut = [.. from row in Rows where console.Lines.Any(row.Says.IsMatch) from rule in row.Rules select rule];
            Assert.True(borneOut.IsSupersetOf(verdict.Of(Place.Hypervisor).Concat(verdict.Of(Place.Processor))), console.Capture);
        });
    }

    private static IEnumerable<Console> Consoles() =>
        from file in Directory.EnumerateFiles(Repository.Corpus!, "console.txt", SearchOption.AllDirectories)
        orderby file
        select new Console(Path.GetDirectoryName(file)!, File.ReadAllLines(file));

    // What a line says of itself: true for a departure, null for a line without a judgement.
    private static bool? Said(string line) =>
        Judgement().Match(line) is { Success: true } word ? word.Value.TrimEnd(':') is "FAIL" or "DEPARTS" : null;

    // What the numbers of a line say.
    private static bool Departs(string line)
    {
        Match exception = ExceptionAndManual().Match(line);
        if (exception.Success)
        {
            return exception.Groups[1].Value != exception.Groups[2].Value;
        }

        Match wanted = ExitAndWanted().Match(line);
        return wanted.Success ? !Numbers(wanted.Groups[1].Value).StartsWith(wanted.Groups[2].Value, StringComparison.Ordinal)
            : ExitWhereNoneMayBe().IsMatch(line) || Said(line) is true;
    }

    // "46 info1=0 info2=0" as "46 0 0".
    private static string Numbers(string exit) => string.Join(' ', exit.Split(' ').Select(word => word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..]));

    private static Verdict VerdictOn(string capture)
    {
        CommandResult result = CommandLine.Run("check", Path.Combine(capture, "trace.dat"), "--format", "json");
        using JsonDocument report = JsonDocument.Parse(result.Output);
        ILookup<Place, string> claimed = report.RootElement.GetProperty("divergences").EnumerateArray()
            .ToLookup(found => found.GetProperty("culprit").GetString() == "processor" ? Place.Processor : Place.Hypervisor, found => found.GetProperty("rule").GetString()!);
        return new Verdict(claimed, [.. from missing in report.RootElement.GetProperty("undecided").EnumerateArray()
                                        from rule in missing.GetProperty("rules").EnumerateArray()
                                        select rule.GetProperty("rule").GetString()!]);
    }

    [GeneratedRegex(@"\b(PASS|FAIL|CONFORMS|DEPARTS)\b")]
    private static partial Regex Judgement();

    [GeneratedRegex(@"exception=([#\w]+)\(\d+\) .*apm=([#\w]+)")]
    private static partial Regex ExceptionAndManual();

    // "VMEXIT=46 (want 46)", "VMEXIT=400 info1=1 info2=2 (want 400 1 2)"
    [GeneratedRegex(@"VMEXIT=(\w+(?: info\d=\w+)*) \(want ([\w ]+)\)")]
    private static partial Regex ExitAndWanted();

    [GeneratedRegex(@"(VMEXIT=.* apm=none)|( STUCK )")]
    private static partial Regex ExitWhereNoneMayBe();

    private sealed record Console(string Capture, IReadOnlyList<string> Lines);

    private sealed record Verdict(ILookup<Place, string> Claimed, IReadOnlyList<string> Undecided)
    {
        public IEnumerable<string> Of(Place place) => place == Place.Undecided ? Undecided : Claimed[place];
    }

    private sealed record Row(Regex Says, Place Place, IReadOnlyList<string> Rules, string Why)
    {
        public Row(string says, Place place, string rules, string why = "")
            : this(new Regex(says), place, rules.Split('|'), why)
        {
        }
    }
}
