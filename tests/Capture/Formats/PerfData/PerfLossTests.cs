using Differ.Capture.Bytes;
using Differ.Capture.Formats.PerfData;
using Differ.Capture.Tracepoints;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

public sealed class PerfLossTests
{
    private static readonly PerfEvent Exit = new(PerfTracepoint.Exit, 50);

    [Fact]
    public void A_loss_lies_between_the_events_of_its_CPU_around_the_record() => Gives(
        ["10", "0:5(10-30)", "20", "30"],
        new PerfDataBuilder().Event(Exit).Exit(Exit, 10).Exit(Exit, 20, cpu: 1).Lost(50, 5, 29, cpu: 0).Exit(Exit, 30));

    [Fact]
    public void A_loss_is_told_before_later_events_of_other_CPUs_even_when_it_is_recorded_rounds_after_them() => Gives(
        ["10", "0:5(10-90)", "20", "30", "40", "90"],
        new PerfDataBuilder().Event(Exit).Exit(Exit, 10).Exit(Exit, 20, cpu: 1).FinishedRound().Exit(Exit, 30, cpu: 1).FinishedRound()
            .Exit(Exit, 40, cpu: 1).FinishedRound().FinishedRound().Lost(50, 5, 89, cpu: 0).Exit(Exit, 90));

    [Fact]
    public void A_loss_without_a_later_event_of_its_CPU_lasts_to_the_end() => Gives(
        ["10", "0:5(10-end)", "20"], new PerfDataBuilder().Event(Exit).Exit(Exit, 10).Lost(50, 5, 15, cpu: 0).Exit(Exit, 20, cpu: 1));

    [Fact]
    public void A_loss_before_the_first_event_of_its_CPU_starts_with_the_recording() => Gives(
        ["2:5(0-30)", "10", "30"], new PerfDataBuilder().Event(Exit).Exit(Exit, 10).Lost(50, 5, 29, cpu: 2).Exit(Exit, 30, cpu: 2));

    [Fact]
    public void What_perf_counts_when_it_ends_is_lost_at_the_end_of_its_CPU_as_far_as_no_record_marks_it() => Gives(
        ["10", "1:3(10-20)", "20", "1:4(20-end)"],
        new PerfDataBuilder().Event(Exit).IdIndex((50, 1)).Exit(Exit, 10, cpu: 1).Lost(50, 3, 19, cpu: 1).Exit(Exit, 20, cpu: 1)
            .LostSamples(50, 7, time: 0, cpu: 0));

    [Fact]
    public void What_perf_counts_and_records_mark_is_not_counted_twice() => Gives(
        ["10", "0:7(10-20)", "20"],
        new PerfDataBuilder().Event(Exit).Exit(Exit, 10).Lost(50, 7, 19, cpu: 0).Exit(Exit, 20).LostSamples(50, 7, time: 0, cpu: 0));

    [Fact]
    public void Samples_that_the_kernel_reports_lost_are_lost_where_the_record_stands() => Gives(
        ["10", "0:2(10-30)", "30"], new PerfDataBuilder().Event(Exit).Exit(Exit, 10).LostSamples(50, 2, time: 20, cpu: 0).Exit(Exit, 30));

    [Fact]
    public void An_event_that_was_stopped_for_coming_too_often_is_missing_until_the_first_event_after_it_goes_on()
    {
        var builder = new PerfDataBuilder();
        byte[] Body(ulong time) => [.. builder.U64(time), .. builder.U64(50), .. builder.U64(0), .. new byte[32]];
        Gives(
            ["10", "30", "0:0(30-50)", "50"],
            builder.Event(Exit).Exit(Exit, 10).Record(5, Body(20)).Exit(Exit, 30).Record(6, Body(40)).Exit(Exit, 50));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_CPU_of_a_loss_is_read_in_either_byte_order(bool bigEndian) => Assert.Equal(3, Assert.Single(CollectingSink.Read(
        new PerfDataBuilder { BigEndian = bigEndian }.Event(Exit).Exit(Exit, 1, cpu: 3).Lost(50, 5, 2, cpu: 3).Exit(Exit, 3, cpu: 3).File).Losses).Cpu);

    [Fact]
    public void Losses_are_noted_with_where_they_end()
    {
        CollectingSink seen = CollectingSink.Read(new PerfDataBuilder().Event(Exit).Exit(Exit, 10).Lost(50, 5, 29, cpu: 0).Exit(Exit, 30).File);
        Assert.Equal([("DIF0120", 1UL, "CPU 0, before time 30")], seen.Notes.Select(note => (note.Code, note.Count, note.First)));
    }

    [Fact]
    public void Losses_beyond_what_is_kept_become_fewer_and_longer_and_none_is_forgotten()
    {
        PerfDataBuilder builder = new PerfDataBuilder().Event(Exit);
        for (ulong i = 0; i < 20; i++)
        {
            builder.Exit(Exit, (10 * i) + 1).Lost(50, 3, (10 * i) + 8, cpu: 0);
        }

        using var source = new MemorySource(builder.Exit(Exit, 201).File);
        PerfHeader header = PerfHeader.Read(source);
        PerfContent content = PerfFile.Read(source, header);
        content.Attributes.Settle(0);
        IReadOnlyList<LossMark> marks = PerfLosses.Find(
            () => new PerfRecords(source, header.Data, bigEndian: false), content.Attributes, false, _ => { }, CancellationToken.None, mostMarks: 4).Marks;
        Assert.InRange(marks.Count, 1, 4);
        Assert.Equal(60, marks.Sum(mark => (long)mark.Events));
        Assert.Equal((1UL, 201UL), (marks[0].After.Value, marks[^1].Before.Value));
        Assert.Equal(marks.Skip(1).Select(mark => mark.After), marks.SkipLast(1).Select(mark => mark.Before));
    }

    private static void Gives(string[] order, PerfDataBuilder builder) => Assert.Equal(order, CollectingSink.Read(builder.File).Order);
}
