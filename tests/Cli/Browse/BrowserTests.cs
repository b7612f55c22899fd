using System.Globalization;
using System.Text.RegularExpressions;
using Differ.Capture.Disk;
using Differ.Cli;
using Differ.Cli.Browse;
using Differ.Diff.Naming;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Cli.Browse;

/// <summary>The viewer without a terminal: keys go in, lines come out.</summary>
public sealed partial class BrowserTests : IDisposable
{
    private const int Width = 100, Height = 30;

    private readonly BrowsedRun _run = Load(Fixture.Capture("l2-vmmcall-not-intercepted-6.1"), out _);
    private readonly List<string> _asked = [];

    private static string Capture => Fixture.Capture("l2-vmmcall-not-intercepted-6.1");

    public void Dispose() => _run.Dispose();

    [Fact]
    public void The_status_has_capture_verdict_counts_and_loss()
    {
        string[] screen = Screen(Start());
        string verdict = CommandLine.Run("check", Capture, "-q").Output.TrimEnd();
        Assert.StartsWith(verdict, screen[0]["trace.dat  ".Length..].PadRight(verdict.Length), StringComparison.Ordinal);
        Assert.Equal("3553 exits: 2512 conforms, 12 undecided, 1029 diverges; nothing lost", screen[1]);
        Assert.EndsWith("1 of 3553", screen[^1], StringComparison.Ordinal);
        Assert.Equal(Height, screen.Length);
    }

    [Fact]
    public void The_list_has_the_lines_of_reports_with_the_verdict_before_them()
    {
        Browser browser = Start();
        Press(browser, "n");
        string[] screen = Screen(browser);
        string[] report = CommandLine.Run("check", Capture).Output.Split('\n');
        string found = Assert.Single(screen, line => line.StartsWith('>'));
        Assert.Equal("> diverges    " + report.First(line => line.StartsWith("   >", StringComparison.Ordinal))[5..], found);
        Assert.All(report.Where(line => AroundLine().IsMatch(line)), line => Assert.Single(screen, one => one.EndsWith(line[5..], StringComparison.Ordinal)));
    }

    [Fact]
    public void Findings_are_found_in_both_directions()
    {
        Browser browser = Start();
        Press(browser, "n");
        Assert.Equal(2282, Exit(browser));
        Press(browser, "p");
        Assert.Contains("no finding before this exit", Screen(browser)[^1], StringComparison.Ordinal);
        Press(browser, "nnp");
        Assert.Equal(2283, Exit(browser));
        Press(browser, "Gn");
        Assert.Contains("no finding behind this exit", Screen(browser)[^1], StringComparison.Ordinal);
        Press(browser, "p");
        Assert.Equal(3318, Exit(browser));
    }

    [Theory]
    [InlineData("--verdict undecided")]
    [InlineData("verdict undecided")]
    [InlineData("--reason NPF --level L2")]
    [InlineData("reason npf level l2 rip 400d00..400dff")]
    [InlineData("--msr EFER")]
    [InlineData("--port 0x3f8 --from 630")]
    [InlineData("event kvm_inj_exception")]
    [InlineData("--vcpu 0 --exit 7")]
    public void A_filter_lets_through_what_show_shows(string words)
    {
        string[] hyphens = [.. words.Split(' ').Select((word, i) => i % 2 == 0 && !word.StartsWith("--", StringComparison.Ordinal) ? $"--{word}" : word)];
        int shown = CommandLine.Run(["show", Capture, "--format", "csv", .. hyphens]).Output.TrimEnd('\n').Split('\n').Length - 1;
        Browser browser = Start();
        Filter(browser, words);
        string[] screen = Screen(browser);
        Assert.StartsWith($"filter {words}: {shown} match; ", screen[1], StringComparison.Ordinal);
        Assert.EndsWith($" of {shown}", screen[^1], StringComparison.Ordinal);
        Press(browser, "c");
        Assert.EndsWith(" of 3553", Screen(browser)[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--reason NOPE", "--reason NOPE: there is no such exit; nearest are")]
    [InlineData("--level L3", "--level L3: it is L1 or L2")]
    [InlineData("--exit many", "many is no value of --exit: it takes a whole number")]
    [InlineData("foo", "foo is one word too many")]
    public void A_filter_that_is_none_is_refused_with_the_reason_and_changes_nothing(string words, string says)
    {
        Browser browser = Start();
        Filter(browser, words);
        string[] screen = Screen(browser);
        Assert.StartsWith(says, screen[^1], StringComparison.Ordinal);
        Assert.EndsWith(" of 3553", screen[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_filter_is_typed_on_the_last_line_and_can_be_given_up()
    {
        Browser browser = Start();
        Press(browser, "/level L1q");
        Assert.Equal("/level L1q_", Screen(browser)[^1]);
        browser.Press(new Key(KeyKind.Backspace));
        Assert.Equal("/level L1_", Screen(browser)[^1]);
        browser.Press(new Key(KeyKind.Escape));
        Assert.False(browser.HasQuit);
        Assert.EndsWith(" of 3553", Screen(browser)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_matches_nothing_says_so()
    {
        Browser browser = Start();
        Filter(browser, "--rip 1");
        Assert.Contains(Screen(browser), line => line == "  no exit matches; c shows all");
        Press(browser, "n");
        Assert.Contains("no finding behind this exit in what the filter lets through", Screen(browser)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void An_exit_is_shown_as_show_shows_it_with_the_rules_the_state_and_the_explanation()
    {
        Browser browser = Start();
        Press(browser, "n");
        browser.Press(new Key(KeyKind.Enter));
        string page = Whole(browser, 300);
        string[] shown = CommandLine.Run("show", Capture, "--exit", "2282").Output.TrimEnd('\n').Split('\n');
        Assert.All(shown, line => Assert.Contains(line.Length > 149 ? line[..100] : line, page, StringComparison.Ordinal));
        Assert.Contains("> diverges    SVM-15.18-VMMCALL-UNINT-UD  APM vol. 2 §15.18, table 15-7", page, StringComparison.Ordinal);
        Assert.Contains("decided by vmmcall_interception in KVM", page, StringComparison.Ordinal);
        Assert.Contains("BUG-003", page, StringComparison.Ordinal);
        Assert.Matches(@"\n  L2 runs +yes +follows from kvm_[a-z_, ]+, exit \d+\n", page);
        Assert.Matches(@"\n  Intercepts, word 4 +0x[0-9a-f]+ +kvm_nested_intercepts, exit \d+\n", page);
        Assert.Matches(@"\n  RIP +0x[0-9a-f]+ +kvm_nested_vmenter, exit \d+\n", page);
    }

    [Fact]
    public void On_a_wide_screen_the_rule_stands_beside_the_exit()
    {
        Browser browser = Start();
        Press(browser, "n");
        browser.Press(new Key(KeyKind.Enter));
        string first = Screen(browser, 200, 50)[2];
        Assert.StartsWith("stream 0 exit 2282  vCPU 0  diverges SVM-15.18-VMMCALL-UNINT-UD (a093e73e0576)", first, StringComparison.Ordinal);
        Assert.Equal("SVM-15.18-VMMCALL-UNINT-UD", first[101..].Trim());
        Assert.DoesNotContain(Screen(browser, 100, 20), line => line.Contains("decided by", StringComparison.Ordinal));
    }

    [Fact]
    public void Tab_goes_through_the_rules_that_spoke()
    {
        Browser browser = Start();
        Press(browser, "n");
        browser.Press(new Key(KeyKind.Enter));
        string[] rules = [.. RuleLine().Matches(Whole(browser, 300)).Select(match => match.Groups[1].Value)];
        Assert.True(rules.Length > 1, "one rule spoke");
        foreach (string rule in rules.Skip(1).Append(rules[0]))
        {
            browser.Press(new Key(KeyKind.Tab));
            Assert.Contains($"\n{rule}\n", Whole(browser, 300), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void From_an_exit_one_goes_to_its_neighbours_and_to_the_next_finding()
    {
        Browser browser = Start();
        Press(browser, "n");
        browser.Press(new Key(KeyKind.Enter));
        browser.Press(new Key(KeyKind.Left));
        Assert.StartsWith("stream 0 exit 2281  vCPU 0  undecided", Screen(browser)[2], StringComparison.Ordinal);
        browser.Press(new Key(KeyKind.Right));
        Press(browser, "n");
        Assert.StartsWith("stream 0 exit 2283  vCPU 0  diverges", Screen(browser)[2], StringComparison.Ordinal);
        browser.Press(new Key(KeyKind.Escape));
        Assert.Equal(2283, Exit(browser));
    }

    [Fact]
    public void Top_counts_every_exit_by_level_and_reason_and_has_the_findings()
    {
        Browser browser = Start();
        Press(browser, "t");
        string page = Whole(browser, 100);
        MatchCollection rows = TopLine().Matches(page);
        Assert.Equal(_run.Figures().Kinds.Count, rows.Count);
        Assert.Equal(3552, rows.Sum(row => int.Parse(row.Groups[3].Value, CultureInfo.InvariantCulture)));
        int shown = CommandLine.Run("show", Capture, "--level", "L2", "--reason", "NPF", "--format", "csv").Output.TrimEnd('\n').Split('\n').Length - 1;
        Assert.Contains(rows, row => row.Groups[1].Value == "L2" && row.Groups[2].Value.Trim() == "NPF" && row.Groups[3].Value == $"{shown}");
        Assert.Matches(@"\n +1029  SVM-15\.18-VMMCALL-UNINT-UD  a093e73e0576  no exception raised; entry at the same rip", page);
    }

    [Fact]
    public void The_report_is_that_of_check()
    {
        Browser browser = Start();
        Press(browser, "f");
        string[] report = CommandLine.Run("check", Capture).Output.Replace(Capture, "trace.dat", StringComparison.Ordinal).TrimEnd('\n').Split('\n');
        string[] screen = Screen(browser, 400, report.Length + 3);
        Assert.Equal(report.Select(line => line.TrimEnd()), screen[2..^1]);
    }

    [Fact]
    public void While_it_is_read_the_list_grows_and_what_needs_the_end_says_so()
    {
        BrowsedRun part = Load(Capture, out _, exits: 700, isStream: true);
        Browser browser = Start(part);
        string[] screen = Screen(browser);
        Assert.Equal("trace.dat  a pipe that is read; s ends it", screen[0]);
        Assert.StartsWith("700 exits: ", screen[1], StringComparison.Ordinal);
        Press(browser, "f");
        Assert.StartsWith("the report comes when the recording has ended", Screen(browser)[^1], StringComparison.Ordinal);
        Press(browser, "s");
        Assert.Equal(["end"], _asked);
        Press(browser, "t");
        Assert.Contains(Screen(browser), line => line.EndsWith(" now/s", StringComparison.Ordinal));
        Assert.Contains("No findings so far", Screen(browser));
        part.Dispose();
    }

    [Fact]
    public void A_recording_that_is_read_anew_starts_over_with_the_same_filter()
    {
        BrowsedRun part = Load(Capture, out _, exits: 700, isStream: true);
        Browser browser = Start(part);
        Filter(browser, "--level L2");
        browser.Look(_run);
        while (browser.GoOn())
        {
        }

        Assert.Contains("filter --level L2: ", Screen(browser)[1], StringComparison.Ordinal);
        Assert.StartsWith("filter --level L2: 1047 match; 3553 exits", Screen(browser)[1], StringComparison.Ordinal);
        part.Dispose();
    }

    [Fact]
    public void A_recording_that_is_read_anew_and_ended_at_once_is_drawn_although_the_screen_was_still()
    {
        Browser browser = Start();
        Assert.True(browser.IsStill);
        Assert.False(browser.Look(_run));
        using BrowsedRun again = Load(Capture, out _);
        Assert.True(browser.Look(again));
        Assert.True(browser.IsStill);
        Assert.False(browser.Look(again));
    }

    [Fact]
    public void A_recording_whose_end_is_known_now_is_drawn()
    {
        using BrowsedRun run = Load(Capture, out DiffResult result, exits: 700, isStream: true);
        Browser browser = Start(run);
        Assert.False(browser.Look(run));
        run.End(result);
        Assert.True(browser.Look(run));
        Assert.False(browser.Look(run));
    }

    [Fact]
    public void What_does_not_stand_at_the_end_is_undecided()
    {
        using BrowsedRun run = Load(Capture, out DiffResult result, exits: 2400);
        Assert.Equal(Verdict.Diverges, run.VerdictOf(2282));
        ulong undecided = run.Figures().Of(Verdict.Undecided), diverges = run.Figures().Of(Verdict.Diverges);
        run.End(result with { Divergences = [], Likely = result.Divergences });
        Assert.Equal((Verdict.Likely, 2282), (run.VerdictOf(2282), run.FindingFrom(0, 1)));
        run.End(result with { Divergences = [] });
        Assert.Equal((Verdict.Undecided, -1), (run.VerdictOf(2282), run.FindingFrom(0, 1)));
        Assert.Equal((undecided + diverges, 0UL), (run.Figures().Of(Verdict.Undecided), run.Figures().Of(Verdict.Diverges)));
        Assert.Empty(run.Figures().Findings);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(200, 50)]
    [InlineData(40, 10)]
    [InlineData(20, 6)]
    [InlineData(5, 3)]
    public void Every_page_fills_the_screen_and_no_more(int width, int height)
    {
        Browser browser = Start();
        foreach (string keys in (string[])["", "n", "\r", "t", "f", "?", "/reason NPF"])
        {
            foreach (char key in keys)
            {
                browser.Press(key == '\r' ? new Key(KeyKind.Enter) : Key.Of(key));
            }

            IReadOnlyList<Line> lines = browser.Draw(width, height);
            Assert.Equal(height, lines.Count);
            Assert.All(lines, line => Assert.InRange(line.Rendered(width, Differ.Diff.Writing.Ink.None).Replace("\u001b[7m", "", StringComparison.Ordinal).Replace("\u001b[0m", "", StringComparison.Ordinal).Length, 0, width));
        }
    }

    [Fact]
    public void Every_key_that_the_help_names_means_something()
    {
        Browser browser = Start();
        Press(browser, "?");
        string[] screen = Screen(browser, 100, 40);
        Assert.All((string[])["n p ", "t ", "f ", "s ", "r ", "c ", "q ", "/ ", "Enter ", "Tab "], key => Assert.Contains(screen, line => line.StartsWith($"  {key}", StringComparison.Ordinal)));
        Press(browser, "r");
        Assert.Equal(["again"], _asked);
        Press(browser, "q");
        Assert.True(browser.HasQuit);
        Assert.False(browser.IsInterrupted);
        browser.Press(new Key(KeyKind.Interrupt));
        Assert.True(browser.IsInterrupted);
    }

    [Theory]
    [InlineData("browse")]
    [InlineData("browse", "-")]
    [InlineData("browse", "trace.dat", "--color", "never")]
    public void Without_a_terminal_one_line_says_what_to_do(params string[] words)
    {
        CommandResult result = CommandLine.Run(words);
        Assert.Equal((64, "", "differ: browse needs a terminal; differ show prints the exits where there is none\n"), (result.Status, result.Output, result.Errors));
    }

    private Browser Start(BrowsedRun? run = null)
    {
        BrowserNeeds needs = new(
            "trace.dat", BrowseVerb.ReadFilter, static (run, row, place) => Task.FromResult(ExitStory.Of(run, row, place, cpu: null, CancellationToken.None)), SymbolTables.None,
            () => _asked.Add("end"), () => _asked.Add("again"), static () => TimeSpan.FromSeconds(5));
        var browser = new Browser(needs);
        browser.Look(run ?? _run);
        return browser;
    }

    private static void Press(Browser browser, string letters)
    {
        foreach (char letter in letters)
        {
            browser.Draw(Width, Height);
            browser.Press(Key.Of(letter));
        }
    }

    private static void Filter(Browser browser, string words)
    {
        Press(browser, $"/{words}");
        browser.Press(new Key(KeyKind.Enter));
        while (browser.GoOn())
        {
        }
    }

    private static string[] Screen(Browser browser, int width = Width, int height = Height) => [.. browser.Draw(width, height).Select(line => line.Text.TrimEnd())];

    private static string Whole(Browser browser, int height) => string.Join('\n', Screen(browser, 149, height));

    private static int Exit(Browser browser) =>
        int.Parse(ListLine().Match(Assert.Single(Screen(browser), line => line.StartsWith('>'))).Groups[1].Value, CultureInfo.InvariantCulture);

    // As it is read; only so many exits of it, where it is not read to its end.
    private static BrowsedRun Load(string path, out DiffResult result, int? exits = null, bool isStream = false)
    {
        var nowhere = new Terminal(TextWriter.Null, TextWriter.Null, Stream.Null, Stream.Null, outputIsTerminal: false, errorIsTerminal: false);
        using RunInput input = RunInput.Open(path, nowhere);
        BrowsedRun? run = null;
        result = CheckVerb.Check(input, Policy.Default, cpu: null, CancellationToken.None, exits: header =>
        {
            run = new BrowsedRun(header, input.Texts, DiskFile.OpenTemporary(), isStream);
            return exits is { } most ? new First(run, most) : run;
        });
        if (exits is null)
        {
            run!.End(result);
        }

        return run!;
    }

    [GeneratedRegex(@"^> \w+ +(\d+)  L")]
    private static partial Regex ListLine();

    [GeneratedRegex(@"^     +\d+  L\d  ")]
    private static partial Regex AroundLine();

    [GeneratedRegex(@"\n[> ] (?:conforms|undecided|likely|diverges) +(SVM-\S+)  APM")]
    private static partial Regex RuleLine();

    [GeneratedRegex(@"\n(L[12?]) +(\S.{0,20}?) +(\d+) +\d+\.\d % +\S+")]
    private static partial Regex TopLine();

    private sealed class First(BrowsedRun run, int most) : IJudgedSink
    {
        public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure)
        {
            if (run.Count < most)
            {
                run.Take(recorded, verdict, departure);
            }
        }
    }
}
