using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.NetTrace;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.NetTrace;

public sealed class NetTraceLimitsTests
{
    [Fact]
    public void Descriptions_have_a_limit()
    {
        (string, int)[] fields = [.. Enumerable.Range(0, 2_000).Select(i => ($"field_{i:d10}", 8))];
        var builder = new NetTraceBuilder { Version = 5 };
        for (int i = 1; i <= 80; i++)
        {
            builder.Describe("kvm", $"kvm_{i}", i, fields);
        }

        CaptureFormatException many = Assert.Throws<CaptureFormatException>(() => Recording.Of(builder.File));
        Assert.Equal("DIF0104", many.Code);
        Assert.Contains("descriptions of all events", many.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Threads_are_told_apart_up_to_a_limit()
    {
        var drops = new NetTraceDrops(version: 6) { Start = 5 };
        for (ulong thread = 0; thread < NetTraceDrops.MostThreads; thread++)
        {
            drops.TakeEvent(thread, 1);
        }

        drops.TakeEvent(0, 2);
        CaptureFormatException refused = Assert.Throws<CaptureFormatException>(() => drops.TakeEvent(NetTraceDrops.MostThreads, 1));
        Assert.Equal(("DIF0104", 5L), (refused.Code, refused.FileOffset));
    }
}
