using System.Text;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Text;

/// <summary>Tools print the events of a thread in the order of time. Where a text has them otherwise, somebody put it together.</summary>
public sealed class TextOrderTests
{
    private const string Kernel = "6.12";

    // VMMCALL of L2 that gets no #UD, from the entry into L2 on.
    private static readonly string[] Departing = Lines(static story => Stories.Vmmcall(story, right: false));
    private static readonly string[] Clean = Lines(static story => Stories.Vmmcall(story, right: true));

    [Fact]
    public void A_reply_that_quotes_a_trace_holds_the_same_events()
    {
        string once = Text(Departing);
        string quoted = once + "\nOn Monday, A wrote:\n" + Text(Departing.Select(line => "> " + line));
        Assert.Equal(TextTrace.Show(once), TextTrace.Show(quoted));
        Notes("DIF0344", Departing.Length, TextTrace.Check(quoted));
        Assert.Equal(TextTrace.Show(once, "--counts"), TextTrace.Show(quoted, "--counts"));
    }

    [Fact]
    public void A_reply_on_top_of_what_it_quotes_adds_nothing_to_it()
    {
        string excerpt = Text(Departing.Skip(13).Take(5).Select(line => "> " + line));
        CommandResult result = TextTrace.Check(excerpt + "Look at this one.\n" + Text(Departing));
        Notes("DIF0344", 5, result);
        Assert.Contains("DIF0343 ", result.Output, StringComparison.Ordinal);
        Assert.Contains("0 diverge", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_quotation_goes_on_with_does_not_follow_what_came_before()
    {
        // The reply leaves out what is between.
        int call = Array.FindIndex(Departing, line => line.Contains("reason hypercall", StringComparison.Ordinal));
        string[] before = Departing[..(call + 2)];
        CommandResult result = TextTrace.Check(Text(before) + Text(before.Select(line => "> " + line)) + Text(Departing[(call + 3)..]));
        Notes("DIF0344", before.Length, result);
        Assert.Contains("0 diverge", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Neighbours_that_changed_places_are_no_departure()
    {
        for (int at = 0; at + 1 < Clean.Length; at++)
        {
            string[] swapped = [.. Clean];
            (swapped[at], swapped[at + 1]) = (swapped[at + 1], swapped[at]);
            CommandResult result = TextTrace.Check(Text(swapped));
            Assert.True(result.Output.Contains("0 diverge", StringComparison.Ordinal), $"{at}: {result.Output}");
        }
    }

    [Fact]
    public void What_changed_places_is_undecided_and_the_rest_is_not()
    {
        string[] swapped = Lines(static story =>
        {
            for (int i = 0; i < 3; i++)
            {
                Stories.Vmmcall(story, right: false);
                Stories.BackToL1(story);
            }

            story.Entry(Stories.L1Rip);
        });
        (swapped[^2], swapped[^1]) = (swapped[^1], swapped[^2]);
        CommandResult result = TextTrace.Check(Text(swapped));
        Notes("DIF0343", 1, result);
        Assert.Contains("3 diverge, in 1 class", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_excerpts_are_read_each_by_itself()
    {
        CommandResult result = TextTrace.Check(Text([.. Later(Departing, 1), .. Clean]));
        Notes("DIF0343", 2, result);
        Assert.Contains("1 diverge, in 1 class", result.Output, StringComparison.Ordinal);
        Assert.Contains("exits     8: ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_stands_there_twice_is_one_event()
    {
        string doubled = Text(Departing.SelectMany(line => (string[])[line, line]));
        Assert.Equal(TextTrace.Show(Text(Departing)), TextTrace.Show(doubled));
    }

    [Fact]
    public void More_lines_than_are_remembered_are_read_all_the_same()
    {
        IEnumerable<string> many = Enumerable.Range(0, 6_000).SelectMany(i => Later(Clean, i));
        Assert.Contains("0 diverge", TextTrace.Check(Text(many) + Text(Clean)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Here it enters L2:")]
    [InlineData("...")]
    [InlineData("[ some lines left out ]")]
    public void Nothing_is_claimed_across_words_between_events(string words)
    {
        int call = Array.FindIndex(Departing, line => line.Contains("kvm_hypercall", StringComparison.Ordinal));
        CommandResult result = TextTrace.Check(Text(Departing[..call]) + words + "\n" + Text(Departing[(call + 1)..]));
        Assert.Contains("0 diverge", result.Output, StringComparison.Ordinal);
        Notes("DIF0342", 1, result);
    }

    [Theory]
    [InlineData("")]
    [InlineData("> ")]
    [InlineData("#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION")]
    [InlineData("       CPU 0/KVM-100   [000]     0.001001500: svm_vcpu_run <-vcpu_enter_guest")]
    [InlineData("       CPU 0/KVM-100   [000]     0.001001500: <stack trace>")]
    [InlineData(" => kvm_arch_vcpu_ioctl_run")]
    public void What_tools_print_between_events_leaves_nothing_out(string line)
    {
        string text = string.Concat(Departing.Select(one => $"{one}\n{line}\n"));
        Assert.Equal(TextTrace.Show(Text(Departing)), TextTrace.Show(text));
    }

    [Theory]
    [InlineData("# tracer: nop")]
    [InlineData("cpus=2")]
    [InlineData("> cpus=2")]
    public void Behind_a_heading_another_text_begins(string heading)
    {
        int call = Array.FindIndex(Departing, line => line.Contains("kvm_hypercall", StringComparison.Ordinal));
        CommandResult result = TextTrace.Check(Text(Departing[..call]) + heading + "\n" + Text(Departing[call..]));
        Assert.Contains("0 diverge", result.Output, StringComparison.Ordinal);
        Notes("DIF0343", 1, result);
        Assert.Contains("1 diverge", TextTrace.Check(heading + "\n" + Text(Departing)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_behind_the_last_event_leave_nothing_out() =>
        Assert.Equal(TextTrace.Show(Text(Departing)), TextTrace.Show(Text(Departing) + "\nRegards\nA.\n"));

    [Fact]
    public void Files_that_are_printed_together_are_of_as_many_hosts()
    {
        string[] host = [.. Departing.Select(line => $" host.dat: {line}")], guest = [.. Departing.Select(line => $"guest.dat: {line}")];
        string text = " host.dat: cpus=1\nguest.dat: cpus=1\n" + Text(host.Zip(guest).SelectMany(pair => (string[])[pair.First, pair.Second]));
        CommandResult result = TextTrace.Check(text);
        Assert.Contains("VM 0, vCPU 0 (thread 100, CPU 0/KVM): 4 exits", result.Output, StringComparison.Ordinal);
        Assert.Contains("VM 1, vCPU 0 (thread 100, CPU 0/KVM): 4 exits", result.Output, StringComparison.Ordinal);
        Assert.Contains("2 diverge, in 1 class", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("DIF0332", result.Output, StringComparison.Ordinal);
    }

    private static void Notes(string code, int count, CommandResult result) => Assert.Contains($"{code} ({count}): ", result.Output, StringComparison.Ordinal);

    private static string[] Lines(Action<KvmStory> tell) =>
        [.. Encoding.ASCII.GetString(StoryFiles.Text(Kernel, tell)).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    private static IEnumerable<string> Later(IEnumerable<string> lines, int seconds) =>
        lines.Select(line => line.Replace("     0.0", $"     {seconds}.0", StringComparison.Ordinal));

    private static string Text(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));
}
