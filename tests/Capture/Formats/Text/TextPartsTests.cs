using Differ.Capture.Formats.Text;
using Differ.Schemas.Run;

namespace Differ.Tests.Capture.Formats.Text;

/// <summary>People put texts of several recordings together, and each may have had other tracepoints on.</summary>
public sealed class TextPartsTests
{
    private const int Qemu = 10, Other = 11, Third = 12, Idle = 0;

    private static readonly TracepointSet A = new(1), B = new(2), C = new(4);

    [Fact]
    public void Threads_whose_lines_stand_between_each_other_were_recorded_together()
    {
        TextParts parts = Of((Qemu, A), (Other, B), (Qemu, A));
        Assert.Equal((A | B, A | B), (parts.HeardOf(Qemu), parts.HeardOf(Other)));
    }

    [Fact]
    public void A_thread_that_comes_when_another_has_ended_may_be_of_another_recording()
    {
        TextParts parts = Of((Qemu, A), (Qemu, B), (Other, C));
        Assert.Equal((A | B, C), (parts.HeardOf(Qemu), parts.HeardOf(Other)));
    }

    [Fact]
    public void What_holds_two_threads_together_may_be_a_third()
    {
        TextParts parts = Of((Third, A), (Qemu, B), (Other, C), (Third, A));
        Assert.Equal((A | B | C, A | B | C), (parts.HeardOf(Qemu), parts.HeardOf(Other)));
    }

    [Fact]
    public void The_idle_thread_holds_nothing_together()
    {
        TextParts parts = Of((Idle, A), (Qemu, B), (Idle, A), (Other, C), (Idle, A));
        Assert.Equal((B, C), (parts.HeardOf(Qemu), parts.HeardOf(Other)));
    }

    [Fact]
    public void Of_a_thread_that_starts_anew_only_what_both_parts_show_was_on_in_both()
    {
        var parts = new TextParts(static _ => 0);
        parts.Take(Qemu, isApart: false, A);
        parts.Take(Qemu, isApart: false, B);
        parts.Take(Qemu, isApart: true, B);
        Assert.Equal(B, parts.HeardOf(Qemu));
    }

    [Fact]
    public void Hosts_whose_lines_stand_between_each_other_are_recordings_of_their_own()
    {
        var parts = new TextParts(static thread => thread == Other ? 1 : 0);
        parts.Take(Qemu, isApart: false, A);
        parts.Take(Other, isApart: false, B);
        parts.Take(Qemu, isApart: false, A);
        Assert.Equal((A, B), (parts.HeardOf(Qemu), parts.HeardOf(Other)));
    }

    [Fact]
    public void Of_a_thread_with_too_many_excerpts_nothing_is_known()
    {
        var parts = new TextParts(static _ => 0);
        for (int i = 0; i <= 1 << 18; i++)
        {
            parts.Take(Qemu, isApart: i > 0, A);
        }

        Assert.True(parts.HeardOf(Qemu).IsEmpty);
    }

    [Fact]
    public void Lines_of_no_guest_count_at_the_edges_of_a_text_and_not_between()
    {
        TextParts parts = Of((1, A), (Qemu, TracepointSet.Exit), (2, B), (Other, TracepointSet.Entry), (3, C));
        Assert.Equal((A | TracepointSet.Exit, C | TracepointSet.Entry), (parts.HeardOf(Qemu), parts.HeardOf(Other)));
    }

    private static TextParts Of(params (int Thread, TracepointSet Kind)[] events)
    {
        var parts = new TextParts(static _ => 0);
        foreach ((int thread, TracepointSet kind) in events)
        {
            parts.Take(thread, isApart: false, kind);
        }

        return parts;
    }
}
