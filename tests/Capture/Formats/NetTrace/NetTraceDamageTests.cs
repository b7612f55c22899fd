using Differ.Capture.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.NetTrace;

public sealed class NetTraceDamageTests
{
    private const int Flips = 400;

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    public void A_file_that_is_cut_anywhere_is_refused(int version)
    {
        byte[] file = Sample(version);
        for (int length = 0; length < file.Length; length++)
        {
            Assert.False(ReadOrRefuse(file[..length]), $"{length} of {file.Length} bytes");
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    public void Damaged_bytes_end_in_a_result_or_a_refusal(int version)
    {
        int refusals = Mutations.Flips(Sample(version), Flips).Concat(Mutations.Moves(Sample(version), Flips)).Count(damaged => !ReadOrRefuse(damaged));
        Assert.InRange(refusals, 1, (Flips * 2) - 1);
    }

    [Fact]
    public void A_damaged_file_says_how_far_it_was_read()
    {
        byte[] file = Sample(6);
        CaptureFormatException refusal = Assert.Throws<CaptureFormatException>(() => EventList.Of(file[..^1]));
        Assert.Equal(("DIF0101", file.Length - 4L), (refusal.Code, refusal.FileOffset));
    }

    [Fact]
    public void A_block_of_events_that_ends_in_its_own_header_is_refused()
    {
        byte[] file = new NetTraceBuilder().Block(2, [0xff, 0x7f, 0, 0]).File;
        CaptureFormatException refusal = Assert.Throws<CaptureFormatException>(() => EventList.Of(file));
        Assert.Equal("DIF0101", refusal.Code);
    }

    [Fact]
    public void A_block_that_claims_more_than_any_recorder_writes_is_refused()
    {
        byte[] file = [.. new NetTraceBuilder { Version = 4 }.EndEvents().File[..^1], 5, 5, 1, 2, 0, 0, 0, 2, 0, 0, 0, 10, 0, 0, 0, .. "EventBlock"u8, 6, 0xff, 0xff, 0xff, 0x7f];
        CaptureFormatException refusal = Assert.Throws<CaptureFormatException>(() => EventList.Of(file));
        Assert.Equal("DIF0104", refusal.Code);
    }

    private static bool ReadOrRefuse(byte[] file)
    {
        try
        {
            EventList.Of(file);
            return true;
        }
        catch (CaptureFormatException refusal)
        {
            Assert.StartsWith("DIF0", refusal.Code, StringComparison.Ordinal);
            return false;
        }
    }

    internal static byte[] Sample(int version)
    {
        var kernel = KernelLayouts.Of("6.12");
        var builder = new NetTraceBuilder { Version = version };
        builder.Describe("kvm", kernel["kvm_exit"]).Describe("kvm", kernel["kvm_entry"]).Thread(9, 5, 9);
        for (ulong time = 1; time < 5; time++)
        {
            builder.Event(time * 2, 0, 9, kernel["kvm_entry"].Id, kernel["kvm_entry"].Record(9).ToBytes(false))
                .Event((time * 2) + 1, 1, 9, kernel["kvm_exit"].Id, kernel["kvm_exit"].Record(9).With("isa", 2).ToBytes(false));
        }

        return builder.SequencePoint(20, (0, 8)).File;
    }
}
