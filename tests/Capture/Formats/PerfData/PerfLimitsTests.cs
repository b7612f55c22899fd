using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.PerfData;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

/// <summary>What a file of perf names more of than any recording has.</summary>
public sealed class PerfLimitsTests
{
    private static PerfAttribute Attribute { get; } = PerfAttribute.Read([2, 0, 0, 0, 128, 0, 0, 0, .. new byte[120]], 0, bigEndian: false);

    [Fact]
    public void Attributes_have_a_limit()
    {
        var attributes = new PerfAttributes();
        for (int i = 0; i < 16_384; i++)
        {
            attributes.Add(Attribute, 1);
        }

        Refused("number of attributes cannot be more than 16384", () => attributes.Add(Attribute, 5));
    }

    [Fact]
    public void Ids_have_a_limit()
    {
        var attributes = new PerfAttributes();
        for (ulong id = 0; id < 1 << 20; id++)
        {
            attributes.AddId(id, Attribute, 1);
        }

        Refused("number of ids cannot be more than 1048576", () => attributes.AddId(1 << 20, Attribute, 5));
    }

    [Fact]
    public void A_text_has_a_limit()
    {
        PerfDataBuilder builder = new PerfDataBuilder().Event(new PerfEvent(PerfTracepoint.Exit, 50));
        builder.Feature(HostName, [.. builder.U32((1 << 16) + 1), .. new byte[1 << 17]]);
        Refused("text cannot be", () => Recording.Of(builder.Exit(new PerfEvent(PerfTracepoint.Exit, 50), 1).File));
    }

    // perf.data's feature of the host's name.
    private const int HostName = 3;

    private static void Refused(string says, Action act)
    {
        CaptureFormatException refused = Assert.Throws<CaptureFormatException>(act);
        Assert.Equal("DIF0104", refused.Code);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }
}
