using System.Text;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Text;

/// <summary>What a text does not show proves something only where something of the same tracepoint shows that it was on.</summary>
public sealed class TextSilenceTests
{
    // Its entries do not show where they go: that no exception was raised, only silence tells.
    private const string Kernel = "5.8";
    private const string Silent = "kvm_inj_exception";

    public static TheoryData<string> Tracepoints => [.. Names(Clean())];

    [Fact]
    public void The_silence_of_a_tracepoint_that_occurs_is_evidence() =>
        Assert.Contains("1. SVM-15.18-VMMCALL-UNINT-UD", TextTrace.Check(Departing()).Output, StringComparison.Ordinal);

    [Fact]
    public void The_silence_of_a_tracepoint_that_never_occurs_is_none()
    {
        CommandResult result = TextTrace.Check(Without(Departing(), Silent));
        Assert.Equal(4, result.Status);
        Assert.Contains($", {Silent}", result.Output, StringComparison.Ordinal);
        Assert.Contains("DIF0338 (1): ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void However_many_other_tracepoints_occur()
    {
        string others = string.Concat(Enumerable.Range(0, 60).Select(i => $"           qemu-99    [000]     0.000000002: kvm_other_{i}: x\n"));
        Assert.Equal(4, TextTrace.Check(others + Without(Departing(), Silent)).Status);
    }

    [Theory]
    [InlineData("I see no kvm_inj_exception: why?")]
    [InlineData("kvm_inj_exception: never")]
    [InlineData("> grep -v kvm_inj_exception: trace")]
    [InlineData("           qemu-99    [000]     0.000000001: sched_switch: prev_comm=kvm_inj_exception: x")]
    public void Words_about_a_tracepoint_are_no_event_of_it(string line)
    {
        CommandResult result = TextTrace.Check(line + "\n" + Without(Departing(), Silent));
        Assert.Equal(4, result.Status);
        Assert.Contains($", {Silent}", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Tracepoints))]
    public void A_reader_who_takes_a_tracepoint_out_of_a_text_is_told_of_no_departure(string name) =>
        Assert.Contains("0 diverge", TextTrace.Check(Without(Clean(), name)).Output, StringComparison.Ordinal);

    [Theory]
    [InlineData(200)]
    [InlineData(99)]
    public void What_one_recording_shows_says_nothing_of_another_in_the_same_text(int thread)
    {
        // Threads of two recordings, one after the other; where they are the same, time goes back.
        string all = Clean().Replace("-100 ", $"-{thread} ", StringComparison.Ordinal);
        Assert.Contains(Silent, all, StringComparison.Ordinal);
        Assert.Equal(4, TextTrace.Check(all + Without(Departing(), Silent)).Status);
        Assert.Equal(1, TextTrace.Check(Departing() + Without(all, Silent)).Status);
    }

    [Fact]
    public void L1_that_goes_on_behind_its_VMRUN_was_left_to_whatever_lines_a_reader_took_out()
    {
        string text = Encoding.ASCII.GetString(StoryFiles.Text("6.12", static story =>
        {
            Stories.EnterL2(story.Entry(Stories.L1Rip)).ExitFromL2(0x60, Stories.L2Rip).Inject(0x60).Entry(Stories.L1Rip + 3);
            Stories.EnterL2(story).ExitFromL2(0x60, Stories.L2Rip).Inject(0x60).Entry(Stories.L1Rip + 3);
            Stories.EnterL2(story).ExitFromL2(0x60, Stories.L2Rip).Inject(0x60).Entry(Stories.L1Rip + 3);
        }));
        string[] shown = [.. Lines(text).Where(line => line.Contains(": kvm_nested_vmexit_inject: ", StringComparison.Ordinal))];
        Assert.Contains("0 diverge", TextTrace.Check(text).Output, StringComparison.Ordinal);
        Assert.Contains("0 diverge", TextTrace.Check(text.Replace(shown[1] + "\n", "", StringComparison.Ordinal)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Nor_one_who_leaves_the_nested_tracepoints_only()
    {
        string nested = string.Concat(Lines(Clean()).Where(line => line.Contains(": kvm_nested_", StringComparison.Ordinal)).Select(line => line + "\n"));
        CommandResult result = TextTrace.Check(nested + nested.Replace("0.00", "1.00", StringComparison.Ordinal));
        Assert.Contains("0 conform", result.Output, StringComparison.Ordinal);
        Assert.Contains("0 diverge", result.Output, StringComparison.Ordinal);
    }

    private static string Departing() => Encoding.ASCII.GetString(StoryFiles.Text(Kernel, story => Stories.Vmmcall(story, right: false)));

    private static string Clean() => Encoding.ASCII.GetString(StoryFiles.Text(Kernel, static story =>
    {
        Stories.Vmmcall(story, right: true);
        story.ExitFromL2(0x60, Stories.L2Rip).Inject(0x60).Entry(Stories.L1Rip + 3);
        Stories.EnterL2(story).ExitFromL2(0x60, Stories.L2Rip).Inject(0x60).Entry(Stories.L1Rip + 3);
    }));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Without(string text, string name) =>
        string.Concat(Lines(text).Where(line => !line.Contains($": {name}: ", StringComparison.Ordinal)).Select(line => line + "\n"));

    private static IEnumerable<string> Names(string text) =>
        Lines(text).Select(line => line.Split(": ")[1]).Where(name => name.StartsWith("kvm_", StringComparison.Ordinal)).Distinct();
}
