using Differ.Diff;
using Differ.Replay;
using Differ.Schemas.Files;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using Google.Protobuf;
using Proto = Differ.Schemas.Proto;

namespace Differ.Tests.Schemas.Files;

/// <summary>A run with right checksums that asks for more of something than any run has.</summary>
public sealed class RunLimitsTests
{
    private const int Events = 1 << 16, Parts = 1 << 17, LongestComputed = 1 << 20;

    [Theory]
    [InlineData(0, Events, true)]
    [InlineData(0, Events + 1, false)]
    [InlineData(StreamId.Most - 1, 1, true)]
    [InlineData(StreamId.Most, 1, false)]
    public void An_exit_has_so_many_events_and_streams_such_a_number(int stream, int events, bool good)
    {
        var exit = new Proto.Exit { Stream = (uint)stream };
        exit.Events.AddRange(Enumerable.Repeat(new Proto.KvmEvent { Cpuid = new Proto.Cpuid() }, events));
        byte[] run = With(BlockKind.Exits, new Proto.Exits { Exits_ = { exit } });
        if (good)
        {
            Assert.Equal(events, Assert.Single(Recording.OfRun(run).Records).Events.Length);
        }
        else
        {
            Assert.Equal("DIF0207", Assert.Throws<RunFormatException>(() => Recording.OfRun(run)).Code);
        }
    }

    [Fact]
    public void A_header_has_so_many_rules_and_a_summary_so_many_streams()
    {
        var header = new Proto.Header();
        header.Rules.AddRange(Enumerable.Repeat(new Proto.Rule(), Parts + 1));
        Assert.Equal("DIF0207", Assert.Throws<RunFormatException>(() => Recording.OfRun(With(BlockKind.Header, header))).Code);
        var summary = new Proto.Summary();
        summary.Streams.AddRange(Enumerable.Repeat(new Proto.Stream(), Parts + 1));
        Assert.Equal("DIF0207", Assert.Throws<RunFormatException>(() => Recording.OfRun(With(BlockKind.Summary, summary))).Code);
    }

    [Fact]
    public void A_computed_exit_is_so_long()
    {
        Recording recorded = Records.Many(2);
        var expectation = new Proto.Expectation();
        expectation.Outcomes.AddRange(Enumerable.Repeat(new Proto.Outcome(), LongestComputed / 2));
        var exits = new Proto.ComputedExits { Exits = { new Proto.ComputedExit { Expectations = { expectation } } } };
        byte[] model = Rebuilt(ComputedRunTests.Computed(recorded, static _ => true), BlockKind.ComputedExits, exits.ToByteArray());
        using ComputedReader reader = ComputedReader.Open(new MemoryStream(model), recorded.Header, static _ => new Nobody());
        Assert.Equal("DIF0207", Assert.Throws<RunFormatException>(() => reader.Take(recorded.Records[0].View)).Code);
    }

    [Fact]
    public void A_stream_of_a_high_number_costs_no_more_than_itself()
    {
        byte[] run = With(BlockKind.Exits, new Proto.Exits { Exits_ = { new Proto.Exit { Stream = StreamId.Most - 1 } } });
        using RunReader reader = RunReader.Open(new MemoryStream(run));
        var comparison = new Comparison(reader.Header, RuleBook.Statements, reader.Texts);
        var replayer = new Replayer(reader.Header, reader.Texts, comparison);
        long before = GC.GetAllocatedBytesForCurrentThread();
        RunSummary summary = reader.ReadExits(replayer);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 8 << 20);
        Assert.Equal(1UL, summary.Exits);
    }

    // Each claims the longest body and stands in that of the one before: to look at all would cost the square of the file.
    [Fact]
    public void Headers_of_blocks_that_are_none_are_not_looked_at_without_end()
    {
        byte[] header = [.. RunFile.Marker, 2, 0, 0, 0, .. BitConverter.GetBytes(RunFile.LargestBody), 1, 2, 3, 4];
        byte[] run = Records.Of(Records.Make(0, default, default)).ToRun();
        byte[] full = [.. run, .. Enumerable.Repeat(header, (RunFile.LargestBody / header.Length) + 100_000).SelectMany(one => one)];
        Assert.Equal("DIF0208", Assert.Throws<RunFormatException>(() => Recording.OfRun(full)).Code);
        Assert.Contains("DIF0208", CommandLine.RunWith(full, "check", "-").Errors, StringComparison.Ordinal);
    }

    // One wrong byte in each of many long blocks: what was hit is lost, and no more; three that follow each other are one part.
    [Fact]
    public void Damage_that_hits_every_second_block_costs_these()
    {
        byte[] run = Records.Of(Records.Make(0, default, default)).ToRun();
        byte[] large = RunFileTests.Block((BlockKind)99, new byte[RunFile.LargestBody]), hit = [.. large];
        hit[^1] ^= 1;
        byte[] summary = RunFileTests.Block(BlockKind.Summary, []);
        using var file = new MemoryStream([.. run, .. hit, .. large, .. hit, .. large, .. hit, .. hit, .. hit, .. large, .. summary]);
        using RunReader reader = RunReader.Open(file);
        Assert.Equal(3UL, Assert.Single(reader.ReadExits(new CollectingExits()).Notes, note => note.Code == "DIF0221").Count);
    }

    private sealed class CollectingExits : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            // Only the remarks are wanted.
        }
    }

    private static byte[] With(BlockKind kind, IMessage message) => Rebuilt(Records.Of(Records.Make(0, default, default)).ToRun(), kind, message.ToByteArray());

    private static byte[] Rebuilt(byte[] run, BlockKind kind, byte[] body) =>
        [.. RunFile.Magic, .. RunFileTests.Blocks(run).SelectMany(block => RunFileTests.Block(block.Kind, block.Kind == kind ? body : block.Body))];

    private sealed class Nobody : IComputedSink
    {
        public void Take(in ExitRecord recorded, in ComputedExit computed)
        {
        }
    }
}
