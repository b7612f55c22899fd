using Differ.Capture.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

public sealed class PerfSampleTests
{
    private const ulong Least = PerfEvent.Time | PerfEvent.Raw;

    public static TheoryData<ulong> Layouts =>
    [
        Least, Least | PerfEvent.Tid, Least | PerfEvent.Cpu | PerfEvent.Tid, PerfEvent.Usual, PerfEvent.Usual & ~PerfEvent.Identifier,
        (PerfEvent.Usual & ~PerfEvent.Identifier) | PerfEvent.IdBit, PerfEvent.Usual | PerfEvent.IdBit | PerfEvent.StreamId | PerfEvent.Address,
    ];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_sample_is_read_whatever_it_holds_besides(ulong sampleType)
    {
        var exit = new PerfEvent(PerfTracepoint.Exit, 50) { SampleType = sampleType };
        SeenEvent seen = Assert.Single(CollectingSink.Read(new PerfDataBuilder().Event(exit).Exit(exit, 1000, cpu: 5, thread: 7).File).Events);
        Assert.Equal((1000UL, (sampleType & PerfEvent.Cpu) != 0 ? 5 : 0, 7), (seen.Time, seen.Cpu, seen.Thread));
    }

    [Theory]
    [InlineData(0, new ulong[] { 1 })]
    [InlineData(1 | 2, new ulong[] { 1, 2, 3 })]
    [InlineData(4 | 16, new ulong[] { 1, 2, 3 })]
    [InlineData(1 | 2 | 4 | 16, new ulong[] { 1, 2, 3, 4, 5 })]
    [InlineData(8, new ulong[] { 2, 10, 20 })]
    [InlineData(8 | 1, new ulong[] { 2, 99, 10, 20 })]
    [InlineData(8 | 1 | 2 | 4 | 16, new ulong[] { 1, 98, 99, 10, 11, 12 })]
    public void A_counter_before_the_raw_data_is_as_long_as_its_format_says(ulong readFormat, ulong[] words)
    {
        var builder = new PerfDataBuilder();
        var exit = new PerfEvent(PerfTracepoint.Exit, 50) { SampleType = PerfEvent.Usual | PerfEvent.Read, ReadFormat = readFormat };
        byte[] raw = PerfTracepoint.Exit.Record(false, 7, ("guest_rip", 0x77));
        CollectingSink seen = CollectingSink.Read(builder.Event(exit).Sample(exit, 1, 0, 7, raw, [.. words.SelectMany(builder.U64)]).File);
        Assert.StartsWith(Convert.ToHexStringLower(raw), Assert.Single(seen.Events).Payload, StringComparison.Ordinal);
    }

    [Fact]
    public void A_call_chain_before_and_a_branch_stack_behind_the_raw_data_are_passed_over()
    {
        var builder = new PerfDataBuilder();
        var exit = new PerfEvent(PerfTracepoint.Exit, 50) { SampleType = PerfEvent.Usual | PerfEvent.CallChain | PerfEvent.BranchStack };
        byte[] raw = PerfTracepoint.Exit.Record(false, 7);
        byte[] chain = [.. builder.U64(3), .. builder.U64(1), .. builder.U64(2), .. builder.U64(3)];
        byte[] branches = [.. builder.U64(1), .. new byte[24]];
        Assert.StartsWith(
            Convert.ToHexStringLower(raw),
            Assert.Single(CollectingSink.Read(builder.Event(exit).Sample(exit, 1, 0, 7, raw, chain, branches).File).Events).Payload, StringComparison.Ordinal);
    }

    [Fact]
    public void Events_with_layouts_of_their_own_are_told_apart_by_their_ids()
    {
        var exit = new PerfEvent(PerfTracepoint.Exit, 50);
        PerfEvent entry = new PerfEvent(PerfTracepoint.Entry, 51) with { SampleType = PerfEvent.Usual | PerfEvent.Address | PerfEvent.StreamId };
        PerfEvent cycles = new PerfEvent(PerfTracepoint.Exit, 52) with { Type = 0, SampleType = PerfEvent.Usual & ~PerfEvent.Raw };
        CollectingSink seen = CollectingSink.Read(
            new PerfDataBuilder().Event(exit).Event(entry).Event(cycles).Exit(exit, 1, cpu: 4).Exit(cycles, 2).Entry(entry, 3, cpu: 5).File);
        Assert.Equal([("kvm_exit", 1UL, 4), ("kvm_entry", 3UL, 5)], seen.Events.Select(one => (one.Name, one.Time, one.Cpu)));
    }

    [Fact]
    public void Events_with_layouts_of_their_own_and_without_ids_are_refused()
    {
        var exit = new PerfEvent(PerfTracepoint.Exit, 50) { SampleType = Least };
        var entry = new PerfEvent(PerfTracepoint.Entry, 51) { SampleType = Least | PerfEvent.Tid };
        Assert.Equal("DIF0314", Assert.Throws<CaptureFormatException>(
            () => CollectingSink.Read(new PerfDataBuilder().Event(exit).Event(entry).Exit(exit, 1).File)).Code);
    }

    [Fact]
    public void A_sample_of_an_id_that_the_file_does_not_describe_is_counted_and_left_out()
    {
        var exit = new PerfEvent(PerfTracepoint.Exit, 50);
        PerfEvent twice = exit with { Id = 51 };
        CollectingSink seen = CollectingSink.Read(new PerfDataBuilder().Event(exit).Event(twice).Exit(exit with { Id = 77 }, 1).Exit(exit, 2).File);
        Assert.Equal([2UL], seen.Events.Select(one => one.Time));
        Assert.Equal([("DIF0122", 1UL)], seen.Notes.Select(note => (note.Code, note.Count)));
    }

    [Fact]
    public void A_tracepoint_that_was_recorded_twice_is_of_two_instances()
    {
        var exit = new PerfEvent(PerfTracepoint.Exit, 50);
        PerfEvent twice = exit with { Id = 51 };
        CollectingSink seen = CollectingSink.Read(new PerfDataBuilder().Event(exit).Event(twice).Exit(exit, 1).Exit(twice, 1).File);
        Assert.Equal([0, 1], seen.Events.Select(one => one.Instance));
    }

    [Fact]
    public void A_record_too_short_for_a_number_and_a_thread_is_counted_and_left_out()
    {
        var exit = new PerfEvent(PerfTracepoint.Exit, 50);
        CollectingSink seen = CollectingSink.Read(new PerfDataBuilder().Event(exit).Sample(exit, 1, 0, 7, [0xea, 0x03, 0, 0]).Exit(exit, 2).File);
        Assert.Equal([2UL], seen.Events.Select(one => one.Time));
        Assert.Equal([("DIF0123", 1UL)], seen.Notes.Select(note => (note.Code, note.Count)));
    }

    [Theory]
    [InlineData("raw_size")]
    [InlineData("cpu")]
    [InlineData("callchain")]
    public void A_sample_that_contradicts_itself_is_refused_with_the_field(string field)
    {
        var builder = new PerfDataBuilder();
        var exit = new PerfEvent(PerfTracepoint.Exit, 50) { SampleType = PerfEvent.Usual | (field == "callchain" ? PerfEvent.CallChain : 0) };
        byte[] raw = PerfTracepoint.Exit.Record(false, 7);
        builder.Event(exit);
        _ = field switch
        {
            "raw_size" => builder.Sample(exit with { SampleType = PerfEvent.Usual & ~PerfEvent.Raw }, 1, 0, 7, raw, null, builder.U32(5000)),
            "cpu" => builder.Sample(exit, 1, 70000, 7, raw),
            _ => builder.Sample(exit, 1, 0, 7, raw, builder.U64(ulong.MaxValue / 8)),
        };
        CaptureFormatException refusal = Assert.Throws<CaptureFormatException>(() => CollectingSink.Read(builder.File));
        Assert.Contains($"sample.{field}", refusal.Message, StringComparison.Ordinal);
        Assert.NotEqual(0, refusal.FileOffset);
    }
}
