using Differ.Capture.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

public sealed class PerfDamageTests
{
    private const int Flips = 4000;

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_file_that_is_cut_anywhere_ends_in_a_result_or_a_refusal(bool pipe, bool packed)
    {
        byte[] file = Sample(pipe, packed);
        int results = 0;
        for (int length = 0; length <= file.Length; length++)
        {
            results += ReadOrRefuse(file[..length]) ? 1 : 0;
        }

        // A pipe may end after any record.
        Assert.InRange(results, 1, pipe ? 8 : 1);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Damaged_bytes_end_in_a_result_or_a_refusal(bool pipe, bool packed)
    {
        byte[] file = Sample(pipe, packed);
        var random = new Random(20);
        int refusals = 0;
        for (int i = 0; i < Flips; i++)
        {
            byte[] damaged = [.. file];
            for (int n = random.Next(1, 4); n > 0; n--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            refusals += ReadOrRefuse(damaged) ? 0 : 1;
        }

        Assert.InRange(refusals, 1, Flips - 1);
    }

    private static bool ReadOrRefuse(byte[] file)
    {
        try
        {
            CollectingSink.Read(file);
            return true;
        }
        catch (CaptureFormatException refusal)
        {
            Assert.StartsWith("DIF0", refusal.Code, StringComparison.Ordinal);
            return false;
        }
    }

    private static byte[] Sample(bool pipe, bool packed)
    {
        var builder = new PerfDataBuilder { Pipe = pipe };
        var exit = new PerfEvent(PerfTracepoint.Exit, 50) { SampleType = PerfEvent.Usual | PerfEvent.Read | PerfEvent.CallChain, ReadFormat = 8 | 4 };
        var entry = new PerfEvent(PerfTracepoint.Entry, 51);
        byte[] between = [.. builder.U64(1), .. builder.U64(2), .. builder.U64(3), .. builder.U64(1), .. builder.U64(4)];
        void Events(PerfDataBuilder to) => to.Sample(exit, 2, 0, 7, PerfTracepoint.Exit.Record(false, 7), between).Lost(50, 3, 4, 0).Entry(entry, 5).FinishedRound();
        builder.Event(exit).Event(entry).Feature(4, "6.1").IdIndex((50, 0), (51, 1)).Comm(7, "qemu").LostSamples(51, 9, 0, 0);
        return (packed ? builder.Packed(Events, 60) : Apply(builder, Events)).File;
    }

    private static PerfDataBuilder Apply(PerfDataBuilder builder, Action<PerfDataBuilder> events)
    {
        events(builder);
        return builder;
    }
}
