using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Manual;

/// <summary>The exit codes, against the manual's tables written down as text.</summary>
public sealed class ExitTableTests
{
    private static readonly ulong[] Codes =
    [
        .. Enumerable.Range(0, 0x410).Select(static code => (ulong)code),
        .. Enumerable.Range(1, 6).Reverse().Select(static code => ulong.MaxValue - (ulong)code + 1),
    ];

    // Table 15-33: the automatic exits; at those in brackets the processor moves RIP on.
    [Fact]
    public void The_automatic_exits_are_those_of_the_manuals_table() => Assert.Equal(
        "52 60-64 [77-78] 7F [8F-9F] A5 [A6] 400 [403] -4--1",
        Runs(static row => row.IsAutomatic ? row.AutomaticAdvancesRip ? "[{0}]" : "{0}" : ""));

    // "nRIP is saved for instruction intercepts, MSR and IOIO, and the exceptions caused by INT3, INTO and BOUND"
    [Fact]
    public void NRip_is_saved_for_intercepts_of_instructions() => Assert.Equal(
        "0-3F 43-45 65-7C 80-8E A0-A4 A6", Runs(static row => row.SavesNextRip ? "{0}" : ""));

    // Bytes without prefixes: MOV CRn is 0f 20 /r, LMSW 0f 01 /6, HLT f4, INVPCID 66 0f 38 82 /r; ? where EXITINFO2 tells.
    [Fact]
    public void L0_goes_on_behind_the_instruction_or_at_it() => Assert.Equal(
        "3:0-F 2:10-1F 0:60-62 0:64 2:65 2:6E-6F 2:72 2:76-77 1:78 3:79-7A ?:7B 2:7C 3:81-87 2:89 3:8A-8E 5:A2 0:400-402",
        Runs(static row => row.RipStep == ExitRow.AnyRip ? "" : $"{(row.RipStep == ExitRow.RipByInfo2 ? "?" : row.RipStep)}:{{0}}"));

    [Fact]
    public void EXITINFO_means_something_where_the_manual_describes_it() => Assert.Equal(
        "ffffffffffffffff,0:0-3F ffffffff,0:48 ffffffff,0:4A-4D ffffffff,ffffffffffffffff:4E ffffffff,0:51 ffffffff,0:55 ffffffff,0:5D-5E "
        + "ffffffffffffffff,0:62 ffffffffffffffff,0:65 ffffffffffffffff,0:75 ffffffffffffffff,0:79 ffffffffffffffff,ffffffffffffffff:7B "
        + "ffffffffffffffff,0:7C ffffffffffffffff,ffffffffffffffff:7D ffffffffffffffff,ffffffffffffffff:A2 ffffffffffffffff,ffffffffffffffff:A5 "
        + "ffffffff00000002,ffffffffffffffff:400",
        Runs(static row => (row.Info1 | row.Info2) == 0 ? "" : $"{row.Info1:x},{row.Info2:x}:{{0}}"));

    // Figure 15-2 and the sections of each intercept.
    [Fact]
    public void EXITINFO_is_zero_where_the_manual_reserves_it() => Assert.Equal(
        "fffffffffffffff0,0:20-3F ffffe3fc,0:62 ffffffffffffff00,0:75 e002,0:7B fffffffffffffffe,0:7C ffffffffffff0000,0:7D "
        + "0,fffffffffffffffc:A2 ffffffffffffffff,ffffffffffffffff:A5",
        Runs(static row => (row.Zero1 | row.Zero2) == 0 ? "" : $"{row.Zero1:x},{row.Zero2:x}:{{0}}"));

    [Fact]
    public void Features_bring_some_instructions() => Assert.Equal(
        "SKINIT:86 RDTSCP:87 XSAVE:8D RDPRU:8E INVLPGB:A0 INVPCID:A2 INVLPGB:A4",
        Runs(static row => row.Feature is { } feature ? $"{feature.Name}:{{0}}" : ""));

    // Table 15-7 and appendix C.
    [Theory]
    [InlineData("SMSW", "CR0_READ")]
    [InlineData("LMSW CLTS", "CR0_WRITE")]
    [InlineData("SIDT", "IDTR_READ")]
    [InlineData("SGDT", "GDTR_READ")]
    [InlineData("SLDT", "LDTR_READ")]
    [InlineData("STR", "TR_READ")]
    [InlineData("LIDT", "IDTR_WRITE")]
    [InlineData("LGDT", "GDTR_WRITE")]
    [InlineData("LLDT", "LDTR_WRITE")]
    [InlineData("LTR", "TR_WRITE")]
    [InlineData("PUSHF PUSHFD PUSHFQ", "PUSHF")]
    [InlineData("POPF POPFD POPFQ", "POPF")]
    [InlineData("IRET IRETD IRETQ", "IRET")]
    [InlineData("INT", "SWINT")]
    [InlineData("IN OUT INSB INSW INSD OUTSB OUTSW OUTSD", "IOIO")]
    [InlineData("RDMSR WRMSR", "MSR")]
    [InlineData("VMMCALL VMGEXIT", "VMMCALL")]
    [InlineData("INT1", "ICEBP")]
    [InlineData("WBINVD WBNOINVD", "WBINVD")]
    [InlineData("MONITOR MONITORX", "MONITOR")]
    [InlineData("MWAIT MWAITX", "MWAIT")]
    public void An_instruction_has_the_intercept_of_its_name_or_this(string instructions, string exit) => Assert.Equal(
        instructions, string.Join(' ', ExitTable.ByInstruction.Where(pair => pair.Value.Name == exit).Select(static pair => pair.Key.ToString().ToUpperInvariant())));

    [Fact]
    public void Every_other_instruction_has_the_intercept_of_its_name() => Assert.All(
        ExitTable.ByInstruction.GroupBy(static pair => pair.Value).Where(static group => group.Count() == 1 && group.Key.Value is not (0 or 0x75 or 0x88 or >= 0x66 and <= 0x6d)),
        static group => Assert.Equal(group.Key.Name, group.Single().Key.ToString().ToUpperInvariant()));

    private static string Runs(Func<ExitRow, string> form)
    {
        var runs = new List<string>();
        for (int i = 0; i < Codes.Length;)
        {
            string shown = form(ExitTable.Of(new SvmExitCode(Codes[i])));
            int end = i;
            while (end + 1 < Codes.Length && Codes[end + 1] == Codes[end] + 1 && form(ExitTable.Of(new SvmExitCode(Codes[end + 1]))) == shown)
            {
                end++;
            }

            if (shown.Length > 0)
            {
                string run = end == i ? Name(Codes[i]) : $"{Name(Codes[i])}-{Name(Codes[end])}";
                runs.Add(shown.Replace("{0}", run, StringComparison.Ordinal));
            }

            i = end + 1;
        }

        return string.Join(' ', runs);
    }

    private static string Name(ulong code) => code > uint.MaxValue ? $"-{ulong.MaxValue - code + 1}" : $"{code:X}";
}
