using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Formats.PerfData;
using Differ.Capture.Order;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

/// <summary>What perf writes into a pipe is read once, front to back.</summary>
public sealed class PerfPipeTests
{
    private static readonly PerfEvent Exit = new(PerfTracepoint.Exit, 50);

    [Fact]
    public void A_loss_is_told_before_later_events_of_other_CPUs_where_its_CPU_goes_on()
    {
        (CollectingSink seen, CaptureNotes notes) = Read(Pipe().Exit(Exit, 10).Exit(Exit, 20, cpu: 1).FinishedRound()
            .Exit(Exit, 40, cpu: 1).FinishedRound().Lost(50, 5, 49, cpu: 0).Exit(Exit, 50).Exit(Exit, 60, cpu: 1).FinishedRound());
        Assert.Equal(["10", "0:5(10-50)", "20", "40", "50", "60"], seen.Order);
        Assert.Equal(["DIF0120"], notes.ToList().Select(note => note.Code));
    }

    [Fact]
    public void A_loss_of_a_CPU_that_fell_idle_comes_late_and_is_said_to()
    {
        PerfDataBuilder builder = Pipe().Exit(Exit, 10);
        for (ulong round = 2; round < 9; round++)
        {
            builder.FinishedRound().Exit(Exit, round * 10, cpu: 1);
        }

        (CollectingSink seen, CaptureNotes notes) = Read(builder.FinishedRound().Lost(50, 5, 99, cpu: 0).Exit(Exit, 100));
        Assert.Contains("0:5(10-100)", seen.Order);
        Assert.Equal(["DIF0120", "DIF0302"], notes.ToList().Select(note => note.Code));
    }

    [Fact]
    public void A_pipe_that_ends_inside_a_record_gives_what_came_before()
    {
        (CollectingSink seen, CaptureNotes notes) = Read(Pipe().Exit(Exit, 10).Bytes(9, 0, 0, 0, 0, 0, 64, 0, 1));
        Assert.Equal(["10"], seen.Order);
        Assert.Equal(["DIF0303"], notes.ToList().Select(note => note.Code));
    }

    [Fact]
    public void Names_of_threads_are_found_along_the_way() => Assert.Equal("vcpu", Names(Pipe().Exit(Exit, 10).Comm(7, "vcpu"))[7]);

    [Fact]
    public void What_is_due_in_a_silence_is_what_the_first_ring_of_the_round_had()
    {
        var sorter = new RoundSorter(held: 2);
        foreach ((ulong time, ushort cpu) in new (ulong, ushort)[] { (10, 0), (30, 0), (20, 1), (35, 1) })
        {
            sorter.Add(new WaitingEvent(time, 0, 0, 0, 0, 0, cpu, 0, 0));
        }

        Assert.Empty(sorter.Certain().ToArray());
        Assert.Empty(sorter.EndRound().ToArray());
        Assert.Equal([10UL, 20UL, 30UL], sorter.Certain().ToArray().Select(one => one.Time));
    }

    private static PerfDataBuilder Pipe() => new PerfDataBuilder { Pipe = true }.Event(Exit);

    private static (CollectingSink Sink, CaptureNotes Notes) Read(PerfDataBuilder builder)
    {
        using ITraceReader reader = Open(builder);
        var sink = new CollectingSink();
        var notes = new CaptureNotes();
        reader.Read(sink, notes, null, CancellationToken.None);
        return (sink, notes);
    }

    private static IReadOnlyDictionary<int, string> Names(PerfDataBuilder builder)
    {
        using ITraceReader reader = Open(builder);
        reader.Read(new CollectingSink(), new CaptureNotes(), null, CancellationToken.None);
        return reader.ThreadNames;
    }

    // All in one look, and in small pieces behind it.
    private static ITraceReader Open(PerfDataBuilder builder)
    {
        byte[] file = builder.File;
        return new PerfDataFormat().Open(new KeptPipe(file.AsMemory(0, 100), new MemoryStream(file[100..]), null));
    }
}
