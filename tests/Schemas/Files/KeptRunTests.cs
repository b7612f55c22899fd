using Differ.Capture;
using Differ.Capture.Disk;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Schemas.Files;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Schemas.Files;

/// <summary>What is kept of a run while it is read comes back as it was, wherever one looks.</summary>
public sealed class KeptRunTests : IDisposable
{
    private readonly List<KeptExit> _exits = [];
    private readonly ExitPrinter _printer;
    private readonly KeptRun _kept;

    public KeptRunTests()
    {
        using var session = CaptureSession.Open(Fixture.Capture("refused-vmrun"));
        _kept = new KeptRun(DiskFile.OpenTemporary(), session.Texts);
        session.ReadExits(new Both(_kept, _exits));
        _printer = new ExitPrinter(session.Header, session.Texts);
        Assert.True(_exits.Count > 2 * KeptRun.BlockExits, "the fixture fills no block");
    }

    public void Dispose() => _kept.Dispose();

    [Fact]
    public void All_come_back_in_their_order_with_their_events_and_texts() => AssertSame(0, _exits.Count);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(KeptRun.BlockExits - 1, 2)]
    [InlineData(KeptRun.BlockExits, 1)]
    [InlineData(100, 2 * KeptRun.BlockExits)]
    public void A_part_comes_back(int first, int count) => AssertSame(first, count);

    [Fact]
    public void The_last_ones_come_back_before_their_block_is_full() => AssertSame(_exits.Count - 3, 3);

    [Fact]
    public void What_is_not_there_is_left_out()
    {
        Assert.Empty(Read(_exits.Count, 5, out _));
        Assert.Equal(2, Read(_exits.Count - 2, 50, out _).Count);
    }

    [Fact]
    public void Exits_can_be_read_while_others_are_added()
    {
        using var session = CaptureSession.Open(Fixture.Capture("refused-vmrun"));
        using var growing = new KeptRun(DiskFile.OpenTemporary(), session.Texts);
        Task<RunSummary> writer = Task.Run(() => session.ReadExits(growing));
        long seen = 0;
        while (!writer.IsCompleted || seen < growing.Count)
        {
            var read = new List<KeptExit>();
            growing.Read(seen, 1000, new Collector(read), new TextTable());
            Assert.Equal(_exits.Skip((int)seen).Take(read.Count).Select(exit => exit.Exit), read.Select(exit => exit.Exit));
            seen += read.Count;
        }

        Assert.Equal(_exits.Count, seen);
    }

    private void AssertSame(int first, int count)
    {
        List<KeptExit> read = Read(first, count, out TextTable texts);
        var printer = new ExitPrinter(new RunHeader(), texts);
        Assert.Equal(_exits.Skip(first).Take(count).SelectMany(_printer.Lines).Select(Timeless), read.SelectMany(printer.Lines).Select(Timeless));
    }

    private List<KeptExit> Read(long first, long count, out TextTable texts)
    {
        var read = new List<KeptExit>();
        _kept.Read(first, count, new Collector(read), texts = new TextTable());
        return read;
    }

    // The header says how times are written.
    private static string Timeless(string line) => line.TrimStart().Split(' ', 2)[1];

    private sealed class Collector(List<KeptExit> exits) : IExitSink
    {
        public void Take(in ExitRecord record) => exits.Add(KeptExit.Of(record));
    }

    private sealed class Both(KeptRun kept, List<KeptExit> exits) : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            kept.Take(record);
            exits.Add(KeptExit.Of(record));
        }
    }
}
