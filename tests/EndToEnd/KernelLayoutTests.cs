using Differ.Tests.EndToEnd.BugHistory;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

public sealed class KernelLayoutTests
{
    private const string Rule = "SVM-15.18-VMMCALL-UNINT-UD";

    public static TheoryData<string> Kernels => [.. KernelLayouts.Kernels];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void The_layouts_of_every_kernel_lead_to_the_same_departure(string kernel)
    {
        foreach (byte[] capture in Captures(kernel, right: false))
        {
            CommandResult result = Check(capture);
            Assert.Equal(1, result.Status);
            Assert.Contains("1 diverge, in 1 class", result.Output, StringComparison.Ordinal);
            Assert.Contains($"1. {Rule} ", result.Output, StringComparison.Ordinal);
            Assert.Contains("expected exception raised #UD", result.Output, StringComparison.Ordinal);
            Assert.Contains("2  L2  VMMCALL          rip 0x10000", result.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void The_layouts_of_every_kernel_lead_to_no_departure_where_there_is_none(string kernel)
    {
        foreach (byte[] capture in Captures(kernel, right: true))
        {
            CommandResult result = Check(capture);
            Assert.Contains(result.Status, new[] { 0, 4 });
            Assert.Equal("", result.Errors);
            Assert.Contains(", 0 diverge", result.Output, StringComparison.Ordinal);
            Assert.Contains("4 exits", result.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void The_tracepoints_of_every_kernel_tell_enough_to_call_a_recording_good(string kernel)
    {
        CommandResult result = Check(StoryFiles.TraceDat(kernel, static story => story.OtherRuns()));
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.StartsWith("conforms: no divergence found; ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_layout_belongs_to_a_kernel_that_is_tried() =>
        Assert.DoesNotContain(KernelLayouts.Rows, row => !KernelLayouts.Kernels.Any(row.IsOf));

    [Fact]
    public void No_kernel_has_two_layouts_of_one_tracepoint() =>
        Assert.All(KernelLayouts.Kernels, kernel => Assert.Distinct(KernelLayouts.Rows.Where(row => row.IsOf(kernel)).Select(row => row.Event)));

    private static CommandResult Check(byte[] capture) => CommandLine.RunWith(capture, "check", "-");

    private static byte[][] Captures(string kernel, bool right)
    {
        void Tell(KvmStory story) => Stories.Vmmcall(story, right);
        return [StoryFiles.TraceDat(kernel, Tell), StoryFiles.Perf(kernel, Tell), StoryFiles.Text(kernel, Tell)];
    }
}
