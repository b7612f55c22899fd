using System.Text;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>A pipe whose writer goes on: what departs is told before it ends.</summary>
public sealed class LiveTests
{
    private const string Kernel = "6.12";

    public static TheoryData<string> Formats => ["perf", "text"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_departure_is_told_while_the_writer_is_silent_and_the_report_comes_when_it_ends(string format)
    {
        using var live = new LiveRun("check", "-");
        live.Write(Capture(format));
        live.WaitFor("KVM diverges");
        Assert.Equal("", live.Output);
        live.End();
        Assert.Contains("1 diverge, in 1 class", live.Output, StringComparison.Ordinal);
        Assert.Equal(1, live.Status);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_departure_is_told_while_the_writer_never_falls_silent(string format)
    {
        using var live = new LiveRun("check", "-");
        foreach (byte[] piece in Capture(format).Chunk(1).Concat(Enumerable.Repeat(format == "perf" ? Rounds : "#\n"u8.ToArray(), 300)).TakeWhile(_ => live.Errors.Length == 0))
        {
            live.Write(piece);
            Thread.Sleep(piece.Length > 1 ? 100 : 0);
        }

        Assert.Contains("KVM diverges", live.Errors, StringComparison.Ordinal);
        live.End();
        Assert.Equal(1, live.Status);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void An_interruption_ends_a_silent_pipe_and_the_report_comes(string format)
    {
        using var live = new LiveRun("check", "-");
        live.Write(Capture(format));
        live.WaitFor("KVM diverges");
        live.Interrupt();
        Assert.Contains("1 diverge, in 1 class", live.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interruption_inside_a_record_costs_that_record_and_no_more()
    {
        using var live = new LiveRun("check", "-");
        live.Write([.. Capture("perf"), 9, 0, 0]);
        live.WaitFor("KVM diverges");
        live.Interrupt();
        Assert.Equal(1, live.Status);
        Assert.Contains("DIF0303", live.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_occurs_only_later_is_evidence_for_what_came_before()
    {
        // L2 has run for a while before the first exception is raised in it: until then, that none was raised proves nothing.
        string text = Encoding.ASCII.GetString(StoryFiles.Text("5.8", Tell));
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string proof = Assert.Single(lines, line => line.Contains(": kvm_inj_exception: ", StringComparison.Ordinal));
        using var live = new LiveRun("check", "-");
        live.Write(Encoding.ASCII.GetBytes(text.Replace(proof + "\n", "", StringComparison.Ordinal)));
        Thread.Sleep(TimeSpan.FromSeconds(3));
        Assert.Equal("", live.Errors);
        live.Write(Encoding.ASCII.GetBytes(proof.Replace("0.000000002", "9.000000002", StringComparison.Ordinal) + "\n"));
        live.WaitFor("KVM diverges");
        live.End();
        Assert.Contains("1 diverge, in 1 class", live.Output, StringComparison.Ordinal);
    }

    // PERF_RECORD_FINISHED_ROUND, which says nothing.
    private static byte[] Rounds => [68, 0, 0, 0, 0, 0, 8, 0];

    private static byte[] Capture(string format) => format == "perf" ? StoryFiles.Perf(Kernel, Tell, pipe: true) : StoryFiles.Text(Kernel, Tell);

    private static void Tell(KvmStory story)
    {
        Stories.Vmmcall(story, right: false);
        story.ExitFromL2(Differ.Schemas.Vocabulary.SvmExitCode.Intr.Value, Stories.L2Rip + 0x40).Entry(Stories.L2Rip + 0x40);
    }
}
