using System.Formats.Tar;
using System.IO.Compression;
using Differ.Capture.Diagnostics;
using Differ.Schemas.Files;
using Differ.Tests.Support;

namespace Differ.Tests.Capture;

/// <summary>A file that holds several recordings is not judged by the first alone.</summary>
public sealed class SoleRecordingTests
{
    private const string Kernel = "6.12";

    private static readonly Dictionary<string, Func<bool, byte[]>> Made = new(StringComparer.Ordinal)
    {
        ["trace.dat version 6"] = static right => StoryFiles.TraceDat(Kernel, story => Stories.Vmmcall(story, right), version: 6),
        ["trace.dat version 7"] = static right => StoryFiles.TraceDat(Kernel, story => Stories.Vmmcall(story, right)),
        ["trace.dat of zstd"] = static right => StoryFiles.TraceDat(Kernel, story => Stories.Vmmcall(story, right), compression: "zstd"),
        ["perf.data"] = static right => StoryFiles.Perf(Kernel, story => Stories.Vmmcall(story, right)),
        ["pipe of perf"] = static right => StoryFiles.Perf(Kernel, story => Stories.Vmmcall(story, right), pipe: true),
    };

    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string> { { "pipe of perf", "pipe of perf" } };
            foreach (string first in Made.Keys.Where(first => first != "pipe of perf"))
            {
                foreach (string second in Made.Keys)
                {
                    pairs.Add(first, second);
                }
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_second_recording_is_told_of_with_the_place_where_it_starts(string first, string second)
    {
        byte[] good = Made[first](true);
        byte[] both = [.. good, .. Made[second](false)];
        CaptureFormatException fault = Assert.Throws<CaptureFormatException>(() => Recording.Of(both));
        Assert.Equal(("DIF0111", good.Length), (fault.Code, fault.FileOffset));
        CommandResult result = CommandLine.RunWith(both, "check", "-");
        Assert.Equal((2, ""), (result.Status, result.Output));
    }

    [Theory]
    [InlineData("trace.dat version 6")]
    [InlineData("trace.dat of zstd")]
    [InlineData("perf.data")]
    public void Zeros_between_them_hide_none(string first)
    {
        byte[] both = [.. Made[first](true), .. new byte[70_000], .. Made[first](false)];
        Assert.Equal("DIF0111", Assert.Throws<CaptureFormatException>(() => Recording.Of(both)).Code);
    }

    [Fact]
    public void Zeros_alone_are_no_recording()
    {
        byte[] good = Made["trace.dat version 7"](true);
        byte[] padded = [.. good, .. new byte[100_000]];
        Assert.Equal(Recording.Of(good).Summary.Exits, Recording.Of(padded).Summary.Exits);
    }

    [Fact]
    public void A_packed_one_behind_a_bare_one_is_told_of()
    {
        byte[] both = [.. Made["trace.dat version 7"](true), .. Gzip(Made["trace.dat version 7"](false))];
        Assert.Equal("DIF0111", Assert.Throws<CaptureFormatException>(() => Recording.Of(both)).Code);
    }

    [Theory]
    [InlineData("few-events")]
    [InlineData("refused-vmrun")]
    [InlineData("two-cpus")]
    public void Where_a_real_recording_ends_is_known_to_the_byte(string fixture)
    {
        byte[] real = File.ReadAllBytes(Fixture.Capture(fixture));
        byte[] both = [.. real, .. Gzip(Made["trace.dat version 7"](false))];
        Assert.Equal(real.Length, Assert.Throws<CaptureFormatException>(() => Recording.Of(both)).FileOffset);
    }

    [Fact]
    public void Two_packed_ones_unpack_to_two()
    {
        byte[] both = [.. Gzip(Made["trace.dat version 7"](true)), .. Gzip(Made["trace.dat version 7"](false))];
        Assert.Contains("DIF0111", CommandLine.RunWith(both, "check", "-").Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_run_is_told_of()
    {
        byte[] both = [.. Recording.Of(Made["trace.dat version 7"](true)).ToRun(), .. Recording.Of(Made["trace.dat version 7"](false)).ToRun()];
        Assert.Equal("DIF0209", Assert.Throws<RunFormatException>(() => Recording.OfRun(both)).Code);
    }

    [Fact]
    public void A_second_archive_is_read_like_the_first()
    {
        byte[] both =
        [
            .. TarBuilder.Of(TarEntryFormat.Pax, ("one", Made["trace.dat version 7"](true))),
            .. TarBuilder.Of(TarEntryFormat.Pax, ("two", Made["trace.dat version 7"](false))),
        ];
        CommandResult result = CommandLine.RunWith(both, "check", "-", "--report", "jsonl");
        Assert.Equal((1, 2), (result.Status, result.Output.Split('\n').Count(line => line.StartsWith("{\"type\":\"capture\"", StringComparison.Ordinal))));
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Compress))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
