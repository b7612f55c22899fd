using Differ.Capture.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

public sealed class PerfCompressionTests
{
    private static readonly PerfEvent Exit = new(PerfTracepoint.Exit, 50);

    [Theory]
    [InlineData(81, 1)]
    [InlineData(81, 7)]
    [InlineData(81, 100)]
    [InlineData(81, 5000)]
    [InlineData(83, 7)]
    [InlineData(83, 333)]
    public void One_stream_goes_through_all_pieces_and_records_may_end_anywhere(int type, int piece)
    {
        CollectingSink seen = CollectingSink.Read(new PerfDataBuilder().Event(Exit)
            .Packed(inner => inner.Exit(Exit, 1).Exit(Exit, 3).Record(4000, new byte[40]).Exit(Exit, 2), piece, (uint)type)
            .FinishedRound().Packed(inner => inner.Exit(Exit, 4), piece, (uint)type).FinishedRound().Exit(Exit, 5).File);
        Assert.Equal(["1", "2", "3", "4", "5"], seen.Order);
    }

    [Fact]
    public void A_piece_may_hold_more_than_is_unpacked_at_once()
    {
        // A run of one byte makes records of 0x0808 bytes and type 0x08080808 out of a few bytes of input.
        const int Size = 0x0808;
        CollectingSink seen = CollectingSink.Read(new PerfDataBuilder().Event(Exit)
            .Packed(inner => inner.Exit(Exit, 1), 5000)
            .Packed(inner => inner.Bytes([.. Enumerable.Repeat((byte)8, Size * 400)]), 1 << 17)
            .Packed(inner => inner.Exit(Exit, 2), 5000).File);
        Assert.Equal(["1", "2"], seen.Order);
    }

    [Fact]
    public void Losses_inside_compressed_records_count() => Assert.Equal(
        ["1", "0:5(1-3)", "3"],
        CollectingSink.Read(new PerfDataBuilder().Event(Exit).Packed(inner => inner.Exit(Exit, 1).Lost(50, 5, 2, 0).Exit(Exit, 3), 50).File).Order);

    [Fact]
    public void A_pipe_may_be_compressed() => Assert.Equal(
        ["1", "2"], CollectingSink.Read(new PerfDataBuilder { Pipe = true }.Event(Exit).Packed(inner => inner.Exit(Exit, 1).Exit(Exit, 2), 50).File).Order);

    [Fact]
    public void A_damaged_stream_is_refused() => Assert.Equal("DIF0316", Assert.Throws<CaptureFormatException>(
        () => CollectingSink.Read(new PerfDataBuilder().Event(Exit).Record(81, 1, 2, 3, 4, 5, 6, 7, 8).File)).Code);

    [Fact]
    public void A_stream_that_ends_inside_a_record_is_refused() => Assert.Equal("DIF0101", Assert.Throws<CaptureFormatException>(
        () => CollectingSink.Read(new PerfDataBuilder().Event(Exit).Packed(inner => inner.Bytes(9, 0, 0, 0, 0, 0, 100, 0, 1), 50).File)).Code);

    [Fact]
    public void A_piece_longer_than_its_record_is_refused()
    {
        var builder = new PerfDataBuilder();
        Assert.Equal("DIF0104", Assert.Throws<CaptureFormatException>(
            () => CollectingSink.Read(builder.Event(Exit).Record(83, [.. builder.U64(100), .. new byte[16]]).File)).Code);
    }
}
