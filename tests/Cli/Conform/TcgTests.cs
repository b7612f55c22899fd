using Differ.Cli.Conform;
using Differ.Diff;
using Differ.Diff.Conform;
using Differ.Diff.Writing;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Cli.Conform;

/// <summary>QEMU as a processor, as far as that needs no QEMU.</summary>
public sealed class TcgTests
{
    // As QEMU 11 prints it, shortened.
    private const string Printed = """
        CPU#0
        RAX=0000000000005000 RBX=0000000000000001 RCX=0000000000000002 RDX=0000000000000003
        RSI=0000000000000004 RDI=0000000000000005 RBP=0000000000000006 RSP=0000000000048000
        R8 =0000000000000008 R9 =0000000000000009 R10=000000000000000a R11=000000000000000b
        R12=000000000000000c R13=000000000000000d R14=000000000000000e R15=000000000000000f
        RIP=0000000000010004 RFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=1
        ES =0010 0000000000000000 ffffffff 00cf9300 DPL=0 DS   [-WA]
        CS =0008 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]
        FS =0000 0000000000001234 0000ffff 00009300
        TR =0018 0000000000007000 00002068 00008900 DPL=0 TSS64-avl
        GDT=     0000000000000000 000000ff
        IDT=     0000000000060000 00000fff
        CR0=80000013 CR2=0000000000040010 CR3=0000000000080000 CR4=00000020
        DR0=0000000000000000 DR1=0000000000000000 DR2=0000000000000000 DR3=00000000deadbeef
        DR6=00000000ffff0ff0 DR7=0000000000000400
        EFER=0000000000001d00
        """;

    [Fact]
    public void What_the_monitor_prints_is_read()
    {
        KvmRegisters read = QemuRegisters.Read(Printed, ScenarioRun.Of(ScenarioParser.Parse(new StringReader("scenario x\nL1:\n  nop\n"))[0]).Machine.Processor);
        Assert.Equal((0x5000UL, 3UL, 8UL, 0xfUL, 0x10004UL, 2UL), (read.Regs.Rax, read.Regs.Rdx, read.Regs.R8, read.Regs.R15, read.Regs.Rip, read.Regs.Rflags));
        Assert.Equal((0x10, 0xc93UL, uint.MaxValue), (read.Sregs.Es.Selector, read.Sregs.Es.Attributes, read.Sregs.Es.Limit));
        Assert.Equal((0xa9bUL, 0x1234UL, 0xffffu), (read.Sregs.Cs.Attributes, read.Sregs.Fs.Base, read.Sregs.Fs.Limit));
        Assert.Equal((0x60000UL, 0xfff, 0xff), (read.Sregs.Idt.Base, read.Sregs.Idt.Limit, read.Sregs.Gdt.Limit));
        Assert.Equal((0x80000013UL, 0x40010UL, 0x1d00UL, 0xdeadbeefUL), (read.Sregs.Cr0, read.Sregs.Cr2, read.Sregs.Efer, read.Debug.Db3));
    }

    [Fact]
    public void QEMU_that_is_not_there_is_told_in_one_line()
    {
        CommandResult result = CommandLine.Run("conform", "--on", "tcg", "--qemu", "/nowhere/qemu", "--rule", "SVM-15.20-INJ-TYPE");
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith("differ: /nowhere/qemu cannot be started: ", result.Errors, StringComparison.Ordinal);
        Assert.EndsWith("name it with --qemu\n", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_that_is_no_QEMU_is_told_in_one_line()
    {
        CommandResult result = CommandLine.Run("conform", "--on", "tcg", "--qemu", "/bin/false", "--rule", "SVM-15.20-INJ-TYPE");
        Assert.Equal((2, "", "differ: QEMU ended\n"), (result.Status, result.Output, result.Errors));
    }

    [Fact]
    public void What_diverges_on_the_processor_too_is_no_finding()
    {
        var rule = new Dictionary<string, RuleInfo> { ["SVM-15.20-INJ-TYPE"] = Differ.Replay.RuleBook.Statements.Single(static one => one.Id == "SVM-15.20-INJ-TYPE") };
        ScenarioResult[] results = [.. ((string[])["one", "two"]).Select(static title =>
            new ScenarioResult(title, "a.txt", 1, ["SVM-15.20-INJ-TYPE"], ScenarioVerdict.Departs, "", [new StateDifference(title, "1", "2")]))];
        var report = new ConformReport("7.3.4", "", false, results, rule);
        Assert.Equal(2, report.Findings().Count);
        using var scratch = new Scratch();
        string path = scratch.Write("tcg.json", """{ "kernel": "", "scenarios": [ { "title": "one", "source": "a.txt", "verdict": "departs" }, { "title": "two", "source": "a.txt", "verdict": "agrees" } ] }"""u8.ToArray());
        ConformClass left = Assert.Single((report with { OnProcessor = EarlierReport.Read(path) }).Findings());
        Assert.Equal("two", left.Scenarios[0].Title);
    }

    [Fact]
    public void Against_another_kernel_only_what_is_new_is_a_finding_and_every_change_is_told()
    {
        var rule = new Dictionary<string, RuleInfo> { ["SVM-15.20-INJ-TYPE"] = Differ.Replay.RuleBook.Statements.Single(static one => one.Id == "SVM-15.20-INJ-TYPE") };
        ScenarioResult Of(string title, ScenarioVerdict verdict) => new(title, "a.txt", 1, ["SVM-15.20-INJ-TYPE"], verdict, "", verdict == ScenarioVerdict.Departs ? [new StateDifference(title, "1", "2")] : []);
        var report = new ConformReport("7.3.4", "", false, [Of("old", ScenarioVerdict.Departs), Of("new", ScenarioVerdict.Departs), Of("gone", ScenarioVerdict.Agrees)], rule)
        {
            Against = new EarlierResults("6.1", new Dictionary<string, string> { ["a.txt: old"] = "departs", ["a.txt: new"] = "agrees", ["a.txt: gone"] = "departs" }),
        };
        Assert.Equal(["new"], report.Findings().SelectMany(static one => one.Scenarios).Select(static one => one.Title));
        var text = new StringWriter();
        ConformFormats.All.Single(static format => format.Name == "text").Write(report, text, Ink.None);
        Assert.Contains("Changed against kernel 6.1: 2 scenarios\n   agrees -> departs  new (a.txt:1)\n   departs -> agrees  gone (a.txt:1)\n", text.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("no json")]
    public void A_file_that_is_no_report_is_told_in_one_line(string text)
    {
        using var scratch = new Scratch();
        string path = scratch.Write("x.json", System.Text.Encoding.UTF8.GetBytes(text));
        CommandResult result = CommandLine.Run("conform", "--on", "tcg", "--processor", path);
        Assert.Equal((2, "", $"differ: {path} is no report of differ conform --format json\n"), (result.Status, result.Output, result.Errors));
    }

    [Fact]
    public void Scenarios_are_written_as_images_with_what_the_manual_says_of_them()
    {
        using var scratch = new Scratch();
        CommandResult result = CommandLine.Run("conform", "--export", scratch["images"], "--rule", "SVM-15.20-INJ-TYPE");
        Assert.Equal((0, $"5 images written to {scratch["images"]}\n", ""), (result.Status, result.Output, result.Errors));
        string[] files = [.. Directory.GetFiles(scratch["images"]).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        Assert.Equal(10, files.Length);
        string told = File.ReadAllText(Path.Combine(scratch["images"], files.First(static name => name.EndsWith(".txt", StringComparison.Ordinal))));
        Assert.Contains("#VMEXIT INVALID", told, StringComparison.Ordinal);
        Assert.Contains("at the end vmcb12 exitcode=0xffffffffffffffff", told, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_written_as_an_image_is_counted_with_the_reason()
    {
        using var scratch = new Scratch();
        string text = scratch.Write("one.txt", "scenario one\nrule SVM-15.20-INJ-TYPE\narrives nmi before L1 0\nL1:\n  nop\n"u8.ToArray());
        CommandResult result = CommandLine.Run("conform", text, "--export", scratch["images"]);
        Assert.Equal((0, $"0 images written to {scratch["images"]}\n1 not written: events come from outside\n"), (result.Status, result.Output));
    }

    [Fact]
    public void A_folder_for_images_that_cannot_be_made_is_told_in_one_line()
    {
        using var scratch = new Scratch();
        string file = scratch.Write("file", [1]);
        CommandResult result = CommandLine.Run("conform", "--export", file, "--rule", "SVM-15.20-INJ-TYPE");
        Assert.NotEqual(0, result.Status);
        Assert.StartsWith($"differ: cannot write {file}", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", result.Errors, StringComparison.Ordinal);
    }
}
