using Differ.Capture;
using Differ.Capture.Recording;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Capture;

public sealed class LiveRecordingTests
{
    private const int Page = 4096, Cpus = 3;

    private static KernelLayouts Layouts => KernelLayouts.Of("6.12");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Pages_that_come_in_any_order_of_the_CPUs_are_read_as_the_file_is(int seed)
    {
        TraceDatBuilder file = Recorded();
        using var recording = new LiveRecording(KvmStory.Capture(Layouts, new TraceDatBuilder { Version = 6 }).File);
        Task<List<string>> live = Task.Run(() => Exits(recording.Session));
        Feed(recording, file, new Random(seed));
        using var stored = CaptureSession.Open(new MemoryStream(file.File));
        List<string> expected = Exits(stored);
        Assert.True(expected.Count > 100);
        Assert.Equal(expected, await live);
        Assert.False(recording.IsBehind);
    }

    [Fact]
    public void Who_falls_behind_reads_the_start_of_the_recording()
    {
        using var recording = new LiveRecording(KvmStory.Capture(Layouts, new TraceDatBuilder { Version = 6 }).File);
        byte[] page = Recorded().Top.Pages(0)[..Page];
        for (int i = 0; i <= (64 << 20) / Page; i++)
        {
            recording.Take(0, page);
        }

        Assert.False(recording.IsBehind);
        recording.EndRound(isWhole: true);
        Assert.True(recording.IsBehind);

        // Nothing is kept any more.
        recording.Take(0, page);
        recording.EndRound(isWhole: true);
        recording.End();
    }

    // A CPU gives all it has but in rounds that are not whole, in which some give nothing.
    private static void Feed(LiveRecording recording, TraceDatBuilder file, Random random)
    {
        byte[][] pages = [.. Enumerable.Range(0, Cpus).Select(file.Top.Pages)];
        int[] given = new int[Cpus];
        ulong now = 0;
        while (Enumerable.Range(0, Cpus).Any(cpu => given[cpu] < pages[cpu].Length))
        {
            now += 40_000;
            bool isWhole = true;
            foreach (int cpu in Enumerable.Range(0, Cpus).OrderBy(_ => random.Next()))
            {
                if (random.Next(3) == 0)
                {
                    isWhole = false;
                    continue;
                }

                for (; given[cpu] < pages[cpu].Length && BitConverter.ToUInt64(pages[cpu], given[cpu]) < now; given[cpu] += Page)
                {
                    recording.Take(cpu, pages[cpu].AsSpan(given[cpu], Page));
                }
            }

            recording.EndRound(isWhole);
        }

        recording.End();
    }

    // A vCPU that moves between CPUs, whose pages end at different times.
    private static TraceDatBuilder Recorded()
    {
        TraceDatBuilder file = KvmStory.Capture(Layouts, new TraceDatBuilder { Version = 6 });
        var story = new KvmStory(file.Top, Layouts);
        for (int i = 0; i < 200; i++)
        {
            story.Cpu = i / 7 % Cpus;
            story.Entry((ulong)i).Exit(0x72, (ulong)i);
            if (i % (5 + story.Cpu) == 0)
            {
                file.Cpu(story.Cpu).NewPage();
            }
        }

        story.Entry(200);
        return file;
    }

    private static List<string> Exits(CaptureSession session)
    {
        var exits = new Collected();
        session.ReadExits(exits);
        return exits.All;
    }

    private sealed class Collected : IExitSink
    {
        public List<string> All { get; } = [];

        public void Take(in ExitRecord record) =>
            All.Add($"{record.Stream.Value} {record.Index} {record.Level} {record.Flags} {record.Exit.Time.Value} {record.Exit.HostCpu} {record.Exit.Rip} {record.Entry.Time.Value} {record.Entry.Rip}");
    }
}
