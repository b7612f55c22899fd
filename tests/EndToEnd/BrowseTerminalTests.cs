using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary><c>differ browse</c> in a terminal.</summary>
public sealed partial class BrowseTerminalTests : IDisposable
{
    private const string First = "[1]$ ";

    private readonly Scratch _scratch = new();

    private static string Capture => Fixture.Capture("l2-vmmcall-not-intercepted-6.1");

    public void Dispose() => _scratch.Dispose();

    [TerminalTheory]
    [InlineData(80, 24)]
    [InlineData(200, 50)]
    public void A_finding_is_found_looked_at_and_left_and_the_terminal_is_as_it_was(int width, int height)
    {
        using TerminalSession terminal = Open(width, height);
        terminal.Start("differ browse trace.dat");
        string screen = terminal.WaitFor("trace.dat  diverges: 1 class, 1029 occurrences, culprit KVM");
        string[] lines = screen.TrimEnd('\n').Split('\n');
        Assert.Equal(height, lines.Length);
        Assert.StartsWith("3553 exits: 2512 conforms, 12 undecided, 1029 diverges; nothing lost", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("> ", lines[3], StringComparison.Ordinal);
        Assert.EndsWith("1 of 3553", lines[^1].TrimEnd(), StringComparison.Ordinal);
        Assert.True(terminal.IsOnSecondScreen);

        terminal.Type("n");
        terminal.WaitFor("2283 of 3553");
        Assert.Contains("\n> diverges        2282  L2  EXCP #UD         rip 0x400d70; decodes 0f 01 d9", terminal.Screen, StringComparison.Ordinal);
        terminal.Press("Enter");
        screen = terminal.WaitFor("Rules that spoke");
        Assert.Contains("stream 0 exit 2282  vCPU 0  diverges SVM-15.18-VMMCALL-UNINT-UD", screen, StringComparison.Ordinal);
        Assert.Equal(width >= 150, screen.Contains("decided by vmmcall_interception in KVM", StringComparison.Ordinal));
        for (int i = 0; i < 12 && !terminal.Screen.Contains("decided by", StringComparison.Ordinal); i++)
        {
            terminal.Press("PageDown");
        }

        terminal.WaitFor("decided by vmmcall_interception in KVM");
        terminal.Press("Escape");
        terminal.WaitFor("2283 of 3553");
        terminal.Type("q");
        string left = terminal.WaitForEnd();
        Assert.False(terminal.IsOnSecondScreen);
        Assert.Equal($"{First}differ browse trace.dat\n[2]$", left.TrimEnd());
        Assert.Equal("0\n", terminal.Run("echo $?"));
        Assert.Contains("icanon", terminal.Run("stty -a"), StringComparison.Ordinal);
    }

    [TerminalFact]
    public void A_filter_is_typed_and_top_is_shown()
    {
        using TerminalSession terminal = Open(80, 24);
        terminal.Start("differ browse trace.dat -f 'level L1'");
        terminal.WaitFor("filter level L1:");
        terminal.Press("/");
        terminal.WaitFor(text => text.TrimEnd().EndsWith("/level L1_", StringComparison.Ordinal), "the filter");
        terminal.Press("BSpace");
        terminal.Type("2 --reason npf");
        terminal.Press("Enter");
        string screen = terminal.WaitFor("filter level L2 --reason npf: 10 match");
        Assert.All(screen.Split('\n')[3..^2].Where(line => line.Trim().Length > 0), line => Assert.Contains("  L2  NPF  ", line, StringComparison.Ordinal));
        terminal.Type("t");
        screen = terminal.WaitFor("Findings");
        Assert.Matches(@"\nL2 +NPF +\d+ +\d+\.\d % ", screen);
        Assert.Contains("1029  SVM-15.18-VMMCALL-UNINT-UD  a093e73e0576", screen, StringComparison.Ordinal);
        terminal.Press("C-c");
        terminal.WaitForEnd();
        Assert.Equal("130\n", terminal.Run("echo $?"));
    }

    [TerminalFact]
    public void A_terminal_that_gets_another_size_is_drawn_anew()
    {
        using TerminalSession terminal = Open(80, 24);
        terminal.Start("differ browse trace.dat");
        terminal.WaitFor("1 of 3553");
        terminal.Resize(120, 40);
        string screen = terminal.WaitFor(text => Rows(text) == 40 && text.TrimEnd().EndsWith("1 of 3553", StringComparison.Ordinal));
        Assert.Equal(36, ListLine().Count(screen));
        terminal.Resize(60, 12);
        screen = terminal.WaitFor(text => Rows(text) == 12 && text.TrimEnd().EndsWith("1 of 3553", StringComparison.Ordinal));
        Assert.Equal(8, ListLine().Count(screen));
        terminal.Type("q");
        terminal.WaitForEnd();
    }

    [TerminalTheory]
    [InlineData("perf")]
    [InlineData("text")]
    public void A_pipe_is_shown_while_it_is_read_and_keys_come_from_the_terminal(string format)
    {
        byte[] capture = format == "perf" ? StoryFiles.Perf("6.12", story => Stories.Vmmcall(story, right: false), pipe: true) : StoryFiles.Text("6.12", story => Stories.Vmmcall(story, right: false));
        _scratch.Write("whole", capture);
        using TerminalSession terminal = Open(100, 24);
        terminal.Start("(cat whole; while [ ! -e go ]; do sleep 0.1; done) | differ browse");
        string screen = terminal.WaitFor("1 diverges");
        Assert.StartsWith("(pipe)  a pipe that is read; s ends it", screen, StringComparison.Ordinal);
        terminal.Type("n");
        terminal.WaitFor("> diverges");
        terminal.Type("t");
        screen = terminal.WaitFor("Findings so far");
        Assert.Contains("now/s", screen, StringComparison.Ordinal);
        Assert.Contains("1  SVM-15.18-VMMCALL-UNINT-UD", screen, StringComparison.Ordinal);
        terminal.Press("Escape");
        _scratch.Write("go", []);
        screen = terminal.WaitFor("(pipe)  diverges: 1 class, 1 occurrence, culprit KVM");
        terminal.Type("q");
        terminal.WaitForEnd();
        Assert.False(terminal.IsOnSecondScreen);
        Assert.Equal("0\n", terminal.Run("echo $?"));
    }

    [TerminalFact]
    public void A_pipe_can_be_ended_and_what_was_read_is_judged()
    {
        _scratch.Write("whole", StoryFiles.Perf("6.12", story => Stories.Vmmcall(story, right: false), pipe: true));
        using TerminalSession terminal = Open(100, 24);
        terminal.Start("(cat whole; while [ ! -e go ]; do sleep 0.1; done) | differ browse");
        terminal.WaitFor("1 diverges");
        terminal.Type("s");
        terminal.WaitFor("(pipe)  diverges: 1 class, 1 occurrence, culprit KVM");
        _scratch.Write("go", []);
        terminal.Type("q");
        terminal.WaitForEnd();
    }

    [TerminalTheory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("INT")]
    public void A_signal_gives_the_terminal_back(string signal)
    {
        using TerminalSession terminal = Open(80, 24);
        string program = typeof(Differ.Cli.Verbs).Assembly.Location;
        terminal.Start($"bash -c 'echo $$ > pid; exec dotnet \"{program}\" browse trace.dat'");
        terminal.WaitFor("1 of 3553");
        using (Process kill = Process.Start("kill", [$"-{signal}", File.ReadAllText(_scratch["pid"]).Trim()]))
        {
            kill.WaitForExit();
        }

        string left = terminal.WaitForEnd();
        Assert.False(terminal.IsOnSecondScreen);
        Assert.EndsWith("differ: interrupted\n[2]$", left.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal("130\n", terminal.Run("echo $?"));
        Assert.Contains("icanon", terminal.Run("stty -a"), StringComparison.Ordinal);
    }

    [TerminalFact]
    public void A_fault_gives_the_terminal_back_and_is_told_in_one_line()
    {
        using TerminalSession terminal = Open(100, 24);
        terminal.Start("differ browse trace.dat");
        terminal.WaitFor("1 of 3553");
        File.Delete(_scratch["trace.dat"]);
        terminal.Type("r");
        string left = terminal.WaitForEnd();
        Assert.False(terminal.IsOnSecondScreen);
        Assert.EndsWith("\ndiffer: there is no file trace.dat\n[2]$", left.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal("2\n", terminal.Run("echo $?"));
        Assert.Contains("icanon", terminal.Run("stty -a"), StringComparison.Ordinal);
    }

    [TerminalFact]
    public void A_file_that_grew_is_read_again()
    {
        byte[] text = StoryFiles.Text("6.12", story => Stories.Vmmcall(story, right: false));
        int half = Encoding.ASCII.GetString(text).LastIndexOf(": kvm_exit: ", StringComparison.Ordinal);
        int cut = Array.LastIndexOf(text, (byte)'\n', half) + 1;
        _scratch.Write("trace.txt", text.AsSpan(0, cut));
        using TerminalSession terminal = Open(100, 24);
        terminal.Start("differ browse trace.txt");
        terminal.WaitFor("exits: ");
        string before = terminal.WaitFor("grade");
        _scratch.Write("trace.txt", text);
        terminal.WaitFor("the file has grown; r reads it again");
        terminal.Type("r");
        terminal.WaitFor(screen => screen.Contains("grade", StringComparison.Ordinal) && !screen.Contains("has grown", StringComparison.Ordinal) && screen.Split('\n')[1] != before.Split('\n')[1]);
        terminal.Type("q");
        terminal.WaitForEnd();
    }

    [TerminalTheory]
    [InlineData("", true)]
    [InlineData("NO_COLOR=1 ", false)]
    public void Colours_are_there_unless_they_are_refused(string before, bool expected)
    {
        using TerminalSession terminal = Open(80, 24);
        terminal.Start($"export {(before.Length > 0 ? before : "X=1 ")}; differ browse trace.dat");
        terminal.WaitFor("1 of 3553");
        Assert.Equal(expected, Colour().IsMatch(terminal.Coloured));
        terminal.Type("q");
        terminal.WaitForEnd();
    }

    [TerminalTheory]
    [InlineData("differ browse trace.dat | cat", "differ: browse needs a terminal; differ show prints the exits where there is none")]
    [InlineData("TERM=dumb differ browse trace.dat", "differ: browse needs a terminal; differ show prints the exits where there is none")]
    [InlineData("differ browse", "differ: name a capture, or send one into standard input: trace-cmd record -e kvm -o - | differ browse")]
    [InlineData("differ browse trace.dat -f 'level L3'", "differ: --level L3: it is L1 or L2")]
    public void What_cannot_be_browsed_is_told_in_one_line(string command, string line)
    {
        using TerminalSession terminal = Open(160, 24);
        Assert.Equal($"{line}\n64\n", terminal.Run($"{command}; echo ${{PIPESTATUS[0]}}"));
    }

    private TerminalSession Open(int width, int height)
    {
        File.Copy(Capture, _scratch["trace.dat"]);
        return new TerminalSession(Path.GetDirectoryName(_scratch["trace.dat"])!, width, height);
    }

    private static int Rows(string screen) => screen.TrimEnd('\n').Split('\n').Length;

    [GeneratedRegex(@"^[> ] (?:conforms|undecided|diverges) ", RegexOptions.Multiline)]
    private static partial Regex ListLine();

    [GeneratedRegex(@"\x1b\[[0-9;]*3[0-7]m")]
    private static partial Regex Colour();
}
