using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Formats.PerfData;
using Differ.Capture.Order;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

public sealed class PerfOrderTests
{
    private static readonly PerfEvent Exit = new(PerfTracepoint.Exit, 50);

    [Fact]
    public void A_round_is_due_when_the_round_after_it_ends()
    {
        var sorter = new RoundSorter();
        Assert.Equal([], Round(sorter, 1, 3, 2));
        Assert.Equal([1UL, 2UL, 3UL], Round(sorter, 4, 6, 5));
        Assert.Equal([4UL, 5UL, 6UL], Round(sorter, 8, 7, 9));
        Assert.Equal([7UL, 8UL, 9UL], sorter.All().ToArray().Select(one => one.Time));
    }

    [Fact]
    public void Any_order_is_sorted_and_events_of_one_time_stay_in_the_order_of_the_file()
    {
        var random = new Random(1);
        for (int length = 0; length < 200; length++)
        {
            var sorter = new RoundSorter();
            (ulong Time, int Start)[] events = [.. Enumerable.Range(0, length).Select(i => ((ulong)random.Next(length / 2 + 1), i))];
            foreach ((ulong time, int start) in events)
            {
                sorter.Add(new WaitingEvent(time, 0, start, 0, 0, 0, 0, 0, 0));
            }

            Assert.Equal(events.OrderBy(one => one.Time), sorter.All().ToArray().Select(one => (one.Time, one.Start)));
        }
    }

    [Fact]
    public void What_is_not_due_stays_and_is_sorted_with_what_comes()
    {
        var sorter = new RoundSorter();
        Add(sorter, 5, 1, 9);
        Assert.Equal([1UL, 5UL, 9UL], sorter.All().ToArray().Select(one => one.Time));
        sorter.Drop(1);
        Add(sorter, 7, 2);
        Assert.Equal([2UL, 5UL, 7UL, 9UL], sorter.All().ToArray().Select(one => one.Time));
    }

    [Fact]
    public void Events_of_two_CPUs_come_in_the_order_of_time() => Assert.Equal(
        ["10", "20", "30", "40", "50", "60"],
        CollectingSink.Read(new PerfDataBuilder().Event(Exit).Exit(Exit, 10).Exit(Exit, 30).Exit(Exit, 20, cpu: 1).FinishedRound()
            .Exit(Exit, 50).Exit(Exit, 40, cpu: 1).FinishedRound().FinishedRound().Exit(Exit, 60).File).Order);

    [Fact]
    public void A_file_without_rounds_is_sorted_too() => Assert.Equal(
        ["10", "20", "30"], CollectingSink.Read(new PerfDataBuilder().Event(Exit).Exit(Exit, 30).Exit(Exit, 10).Exit(Exit, 20).File).Order);

    [Fact]
    public void An_event_that_comes_too_late_is_noted_and_limits_what_is_claimed()
    {
        CollectingSink seen = CollectingSink.Read(new PerfDataBuilder().Event(Exit).Exit(Exit, 10).Exit(Exit, 20).FinishedRound().FinishedRound().Exit(Exit, 15, cpu: 1).File);
        Assert.Equal(["10", "20", "1:0(15-20)", "15"], seen.Order);
        Assert.Equal(["DIF0301"], seen.Notes.Select(note => note.Code));
    }

    [Fact]
    public void A_round_beyond_the_window_is_put_in_order_piecemeal_and_said_to_be()
    {
        PerfDataBuilder builder = new PerfDataBuilder().Event(Exit);
        const ulong Events = 12_000;
        for (ulong i = 0; i < Events; i++)
        {
            builder.Exit(Exit, i, cpu: 0);
        }

        byte[] file = builder.File;
        using var source = new MemorySource(file);
        PerfHeader header = PerfHeader.Read(source);
        PerfContent content = PerfFile.Read(source, header);
        using ITraceReader reader = TraceFormats.Of(source).Open(source);
        content.Attributes.Settle(0);
        PerfLosses losses = PerfLosses.Find(
            () => new PerfRecords(source, header.Data, bigEndian: false), content.Attributes, false, _ => { }, CancellationToken.None);
        var types = new Differ.Capture.Tracepoints.TraceEventType?[PerfTracepoint.Exit.Number + 1];
        types[^1] = reader.Types[0];
        using var records = new PerfRecords(source, header.Data, bigEndian: false);
        var sink = new CollectingSink();
        var notes = new CaptureNotes();
        new PerfPass(records, content.Attributes, types, new(0, 2, 4, false), losses, sink, notes)
        {
            EnteredBy = (_, _) => { },
            Progress = _ => { },
            Cancel = CancellationToken.None,
            ChunkLimit = 3,
        }.Run();
        Assert.Equal(Events, (ulong)sink.Events.Count);
        Assert.Contains(notes.ToList(), note => note.Code == "DIF0300");
        Assert.True(records.Chunks.Live <= 4, $"{records.Chunks.Live} pieces were held");
    }

    private static ulong[] Round(RoundSorter sorter, params ulong[] times)
    {
        Add(sorter, times);
        WaitingEvent[] due = sorter.EndRound().ToArray();
        sorter.Drop(due.Length);
        return [.. due.Select(one => one.Time)];
    }

    private static void Add(RoundSorter sorter, params ulong[] times)
    {
        foreach (ulong time in times)
        {
            sorter.Add(new WaitingEvent(time, 0, 0, 0, 0, 0, 0, 0, 0));
        }
    }
}
