using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Text;

/// <summary>What people do to a trace before it reaches us: each way is one line, and changes no record.</summary>
public sealed partial class TextPasteTests
{
    public static TheoryData<string> Forms => [.. Pastes.Keys];

    private static Dictionary<string, Func<string, string>> Pastes { get; } = new(StringComparer.Ordinal)
    {
        ["as it is"] = static text => text,
        ["quoted"] = static text => Each(text, line => "> " + line),
        ["quoted twice"] = static text => Each(text, line => "> > " + line),
        ["quoted without blanks"] = static text => Each(text, line => ">>" + line),
        ["quoted with bars"] = static text => Each(text, line => "| " + line),
        ["with Windows line ends"] = static text => text.Replace("\n", "\r\n", StringComparison.Ordinal),
        ["with a mark of byte order"] = static text => "\ufeff" + text,
        ["with non-breaking spaces"] = static text => text.Replace(' ', '\u00a0'),
        ["as HTML"] = static text => "<pre>\n" + Each(text, line => "&gt; " + line.Replace(" ", "&nbsp;", StringComparison.Ordinal)) + "</pre>\n",
        ["as quoted-printable"] = static text => "Content-Transfer-Encoding: quoted-printable\n\n" + Printable(text),
        ["in colours"] = static text => Each(text, line => "\u001b[1;32m" + line + "\u001b[0m"),
        ["with tabs"] = static text => Blanks().Replace(text, "\t"),
        ["with single blanks"] = static text => Blanks().Replace(text, " "),
        ["behind dmesg's times"] = static text => Each(text, line => "[  123.456789] " + line),
        ["behind journalctl's times"] = static text => Each(text, line => "Nov 27 05:00:00 host kernel: " + line),
        ["behind syslog's times"] = static text => Each(text, line => "2026-11-27T05:00:00.123456+00:00 host kernel: [  123.456789] " + line),
        ["behind a heading"] = static text => "# tracer: nop\n#\n# entries-in-buffer/entries-written: 9/9   #P:1\n#\n" + text,
        ["behind prose"] = static text => "Hi,\n\nour guest [1] hangs; L0 says: this\n\n" + text + "\n[1] see below\n",
        ["wrapped at 78 columns"] = static text => Wrapped(text, 78, ""),
        ["wrapped at 72 columns and quoted"] = static text => Wrapped(text, 72, "> "),
        ["wrapped before the event's name"] = static text => Each(text, line => Time().Replace(line, "$0\n", 1)),
        ["broken by a terminal of 80 columns"] = static text => Broken(text, 80, ""),
        ["broken by a terminal of 100 columns and quoted"] = static text => Broken(text, 100, "> "),
        ["with empty lines between"] = static text => text.Replace("\n", "\n\n", StringComparison.Ordinal),
        ["with indentation"] = static text => Each(text, line => "        " + line),
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_paste_gives_the_records_of_the_text(string form)
    {
        foreach (TextPrinter printer in Enum.GetValues<TextPrinter>())
        {
            string text = Text(printer).ToString();
            Assert.Equal(TextTrace.Show(text), TextTrace.Show(Pastes[form](text)));
        }
    }

    [Theory]
    [InlineData("{0}-7       2.... {1}us : {2}", "as a console prints it")]
    [InlineData("{0}-7       2d..1. {1}us+: {2}", "with a delay")]
    [InlineData("{0}-7       2d.h2 {1}us!: {2}", "with a longer delay")]
    [InlineData("[   10.123456] {0}-7       2d..1 {1}us : {2}", "behind the console's time")]
    [InlineData("Nov 27 05:00:00 host kernel: {0}-7       2d..1 {1}us : {2}", "behind the journal's time")]
    [InlineData("          {0}-7     2d..1.   0.{1}: {2}", "as trace-cmd report -l prints it")]
    public void Latency_columns_are_read(string form, string name)
    {
        string Line(int time, string what) => string.Format(CultureInfo.InvariantCulture, form, "kvm", time, what) + "\n";
        string text = "Dumping ftrace buffer:\n---------------------------------\n" + Line(100000, "kvm_entry: vcpu 0, rip 0x1000")
            + "[   10.123456] CPU:2 [LOST 12 EVENTS]\n" + Line(100005, "kvm_fpu: load");
        string events = TextTrace.Show(text, "--events");
        Assert.Contains("0.100005", events, StringComparison.Ordinal);
        Assert.Contains("[002] kvm-7", events, StringComparison.Ordinal);
        Assert.True(TextTrace.Check(text).Output.Contains("12", StringComparison.Ordinal), name);
    }

    [Fact]
    public void A_number_that_a_terminal_broke_is_not_read_as_a_shorter_one()
    {
        string line = "       CPU 0/KVM-7       [000] d..1.     1.000000: kvm_entry: vcpu 0, rip 0xffffffff81061b26\n";
        string broken = Broken(line + line.Replace("1.000000", "1.000001", StringComparison.Ordinal), 80, "");
        Assert.Contains("rip=0xffffffff81061b26", TextTrace.Show(broken, "--events"), StringComparison.Ordinal);
        Assert.DoesNotContain("rip=0xfffffff\n", TextTrace.Show(broken, "--events"), StringComparison.Ordinal);
    }

    private static TextTraceBuilder Text(TextPrinter printer) => new TextTraceBuilder(printer).AllOfKvm()
        .Event("kvm_exit", TextTraceBuilder.Exit("npf", info1: 0x100000004, info2: 0x2000), comm: "CPU 0/KVM [a:b-c")
        .Event("kvm_page_fault", "vcpu 0 rip 0x1000 address 0x0000000000002000 error_code 0x100000004")
        .Event("kvm_entry", "vcpu 0, rip 0x1000")
        .Event("kvm_exit", TextTraceBuilder.Exit("UD excp"))
        .Event("kvm_inj_exception", "#UD")
        .Event("kvm_entry", "vcpu 0, rip 0xffffffff81061b26");

    private static string Each(string text, Func<string, string> change) =>
        string.Concat(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => change(line) + "\n"));

    // At blanks, as mailers do.
    private static string Wrapped(string text, int width, string mark) => Each(text, line =>
    {
        var lines = new StringBuilder(mark);
        int column = 0;
        foreach (string word in Words().Matches(line).Select(match => match.Value))
        {
            if (column > 0 && column + word.TrimEnd().Length > width)
            {
                lines.Append('\n').Append(mark);
                column = 0;
            }

            lines.Append(word);
            column += word.Length;
        }

        return lines.ToString().Replace(" \n", "\n", StringComparison.Ordinal);
    });

    // Anywhere, as terminals do.
    private static string Broken(string text, int width, string mark) => Each(text, line => string.Join('\n', line.Chunk(width).Select(piece => mark + new string(piece))));

    private static string Printable(string text) => Each(text, line => string.Join("=\n", line.Chunk(60).Select(
        piece => new string(piece).Replace("=", "=3D", StringComparison.Ordinal).Replace("[", "=5B", StringComparison.Ordinal))));

    [GeneratedRegex(" {2,}")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"[0-9]\.[0-9]+: ")]
    private static partial Regex Time();

    [GeneratedRegex(@" *[^ ]+ ?")]
    private static partial Regex Words();
}
