using System.IO.Compression;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Wrappers;

public sealed class PackingsTests
{
    private static readonly byte[] Capture = File.ReadAllBytes(Path.Combine(Repository.Fixtures, "few-events", "trace.dat"));

    [Fact]
    public void A_capture_packed_with_gzip_is_read_as_the_capture() => Assert.Equal(Check(Capture), Check(Gzip(Capture)));

    [Fact]
    public void A_capture_packed_twice_is_read_too() => Assert.Equal(Check(Capture), Check(Gzip(Gzip(Capture))));

    [Fact]
    public void A_packed_file_keeps_its_name()
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.gz");
        try
        {
            File.WriteAllBytes(file, Gzip(Capture));
            Assert.StartsWith($"capture   {Path.GetFileName(file)}, ", CommandLine.Run("check", file).Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("fd 37 7a 58 5a 00", "xz -d")]
    [InlineData("42 5a 68 39", "bzip2 -d")]
    [InlineData("04 22 4d 18", "lz4 -d")]
    [InlineData("50 4b 03 04", "unzip")]
    public void A_packing_that_Differ_does_not_call_is_named_with_its_command(string start, string command)
    {
        CommandResult result = CommandLine.RunWith([.. Convert.FromHexString(start.Replace(" ", "", StringComparison.Ordinal)), .. new byte[64]], "check", "-");
        Assert.Equal(2, result.Status);
        Assert.Contains("DIF0390", result.Errors, StringComparison.Ordinal);
        Assert.Contains(command, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_capture_packed_more_than_four_times_is_refused()
    {
        byte[] packed = Enumerable.Range(0, 5).Aggregate(Capture, static (bytes, _) => Gzip(bytes));
        Refused("DIF0391", packed);
    }

    [Fact]
    public void A_packed_capture_that_is_cut_short_is_refused()
    {
        byte[] packed = Gzip(Capture);
        Assert.Equal(2, CommandLine.RunWith(packed[..(packed.Length / 2)], "check", "-").Status);
    }

    [Fact]
    public void A_packed_capture_that_is_damaged_is_refused()
    {
        byte[] packed = Gzip(Capture);
        packed[packed.Length / 2] ^= 0xff;
        Assert.Equal(2, CommandLine.RunWith(packed, "check", "-").Status);
    }

    [Fact]
    public void A_stream_that_unpacks_without_end_is_refused()
    {
        using var endless = new Differ.Capture.Wrappers.UnpackedStream(new Endless(), "gzip");
        byte[] buffer = new byte[1 << 20];
        Differ.Capture.Diagnostics.CaptureFormatException fault = Assert.Throws<Differ.Capture.Diagnostics.CaptureFormatException>(() =>
        {
            while (endless.Read(buffer) > 0)
            {
                // It claims a terabyte at a time.
            }
        });
        Assert.Equal("DIF0392", fault.Code);
    }

    [Fact]
    public void An_address_is_refused_and_nothing_is_fetched()
    {
        CommandResult result = CommandLine.Run("check", "https://example.org/trace.dat");
        Assert.Equal(2, result.Status);
        Assert.Contains("curl -O", result.Errors, StringComparison.Ordinal);
    }

    [CorpusFact]
    public void A_stream_tells_of_a_finding_when_it_is_first_seen()
    {
        byte[] text = File.ReadAllBytes(Path.Combine(Repository.Corpus!, "6.1.0-56", "apm-l2_nointercept_vmmcall", "report.txt"));
        CommandResult result = CommandLine.RunWith(text, "check", "-");
        Assert.Equal(1, result.Status);
        Assert.Single(result.Errors.Split('\n'), line => line.StartsWith("differ: SVM-15.18-VMMCALL-UNINT-UD at exit ", StringComparison.Ordinal));
    }

    private static string Check(byte[] input) => CommandLine.RunWith(input, "check", "-").Output;

    private static void Refused(string code, byte[] input)
    {
        CommandResult result = CommandLine.RunWith(input, "check", "-");
        Assert.Equal(2, result.Status);
        Assert.Contains(code, result.Errors, StringComparison.Ordinal);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest))
        {
            stream.Write(bytes);
        }

        return packed.ToArray();
    }

    // Counts what it would give without making it.
    private sealed class Endless : MemoryStream
    {
        public override int Read(Span<byte> buffer) => int.MaxValue;
    }
}
