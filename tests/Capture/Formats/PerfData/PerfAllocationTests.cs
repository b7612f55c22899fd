using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Tracepoints;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

public sealed class PerfAllocationTests
{
    private static readonly PerfEvent Exit = new(PerfTracepoint.Exit, 50);
    private static readonly PerfEvent Twice = Exit with { Id = 51 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_memory_is_taken_per_event(bool byId)
    {
        const int Few = 2_000, More = 20_000;
        byte[] few = File(Few, byId), many = File(Few + More, byId);
        Allocated(many);
        long difference = Allocated(many) - Allocated(few);
        Assert.True(difference < More, $"{difference} bytes for {More} events");
    }

    private static long Allocated(byte[] file)
    {
        using var source = new MemorySource(file);
        using ITraceReader reader = TraceFormats.Of(source).Open(source);
        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.Read(new Nowhere(), new CaptureNotes(), null, CancellationToken.None);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    // Two CPUs, a round every hundred events.
    private static byte[] File(int events, bool byId)
    {
        PerfDataBuilder builder = new PerfDataBuilder().Event(Exit);
        builder = byId ? builder.Event(Twice) : builder;
        for (int i = 0; i < events; i += 100)
        {
            for (int n = 0; n < 100; n++)
            {
                builder.Exit(byId && n % 3 == 0 ? Twice : Exit, (ulong)(i + (n % 50 * 2) + (n / 50)), cpu: n / 50);
            }

            builder.FinishedRound();
        }

        return builder.File;
    }

    private sealed class Nowhere : IEventSink
    {
        public bool WantsEverything => true;

        public void Take(in RawEvent raw)
        {
            // Reading alone is measured.
        }

        public void Lost(in LossMark mark)
        {
            // Nothing is lost here.
        }
    }
}
