using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats;

/// <summary>From bytes to records: a recording ten times as long takes no more memory. perf.data has a test of its own, because it sorts.</summary>
public sealed class AllocationTests
{
    private const string Kernel = "6.12";
    private const int Few = 1_000, More = 10_000;

    public static TheoryData<string> Formats => [.. Made.Keys];

    private static Dictionary<string, Func<Action<KvmStory>, Files>> Made { get; } = new(StringComparer.Ordinal)
    {
        ["trace.dat version 6"] = static tell => new(StoryFiles.TraceDat(Kernel, tell, version: 6)),
        ["trace.dat version 7"] = static tell => new(StoryFiles.TraceDat(Kernel, tell)),
        ["CTF"] = static tell => new(CtfStories.Perf(StoryFiles.TraceDat(Kernel, tell), KernelLayouts.Of(Kernel))),
        [".nettrace"] = static tell => new(NetTraceBuilder.Like(StoryFiles.TraceDat(Kernel, tell), KernelLayouts.Of(Kernel), new NetTraceBuilder())),
        ["text"] = static tell => new(StoryFiles.Text(Kernel, tell)),
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void No_memory_is_taken_per_event(string format)
    {
        Files few = Made[format](static story => Tell(story, Few)), many = Made[format](static story => Tell(story, Few + More));
        Allocated(many);
        long difference = Allocated(many) - Allocated(few);
        Assert.True(difference < More, $"{difference} bytes for {More} exits and as many entries");
    }

    private static void Tell(KvmStory story, int exits)
    {
        for (ulong i = 0; i < (ulong)exits; i++)
        {
            story.Entry(0x1000 + i).Exit(0x78, 0x1000 + i);
        }
    }

    private static long Allocated(Files files)
    {
        using CaptureSession session = files.Folder is null ? CaptureSession.Of(new MemorySource(files.File), "", 0) : CtfBuilder.Open(files.Folder);
        var sink = new CountingExits();
        long before = GC.GetAllocatedBytesForCurrentThread();
        session.ReadExits(sink);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(sink.Count, Few, int.MaxValue);
        return allocated;
    }

    private sealed record Files(byte[] File, Dictionary<string, byte[]>? Folder = null)
    {
        public Files(Dictionary<string, byte[]> folder)
            : this([], folder)
        {
        }
    }

    private sealed class CountingExits : IExitSink
    {
        public int Count { get; private set; }

        public void Take(in ExitRecord record) => Count++;
    }
}
