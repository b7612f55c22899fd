using System.IO.Compression;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Wrappers;

public sealed class PackingsTests
{
    public static TheoryData<string> Packed => [.. PackedTexts.All.Keys];

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
            Assert.Contains($"\nfile      {Path.GetFileName(file)}, ", CommandLine.Run("check", file).Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    // The head of the run is damaged, the packing is cut, and what is packed is no capture.
    public static TheoryData<string> Damaged => ["a run with another head", "a run, cut", "a run with a flipped byte", "no capture, cut"];

    [Theory]
    [MemberData(nameof(Damaged))]
    public void What_is_packed_and_damaged_ends_in_a_pipe_as_in_a_file(string what)
    {
        byte[] run = Gzip(Recording.Of(Capture).ToRun()), random = new byte[1 << 18];
        new Random(1).NextBytes(random);
        byte[] head = Recording.Of(Capture).ToRun();
        head[20] ^= 0xff;
        byte[] packed = what switch
        {
            "a run with another head" => [.. Gzip(head)[..^2], 0, 0],
            "a run, cut" => run[..(run.Length / 3)],
            "a run with a flipped byte" => [.. run[..40], (byte)(run[40] ^ 0x10), .. run[41..]],
            _ => Gzip(random)[..^4],
        };
        using var scratch = new Scratch();
        scratch.Write("packed", packed);
        CommandResult file = CommandLine.Run("check", scratch["packed"]), pipe = CommandLine.RunWith(packed, "check", "-");
        Assert.Equal(2, file.Status);
        Assert.Equal((file.Status, ReportText.WithoutName(file.Errors)), (pipe.Status, ReportText.WithoutName(pipe.Errors)));
    }

    [Theory]
    [InlineData("02 21 4c 18", "lz4 -d")]
    [InlineData("4c 5a 49 50 01", "lzip -d")]
    [InlineData("50 4b 03 04", "unzip")]
    [InlineData("37 7a bc af 27 1c", "7z x")]
    public void A_packing_that_Differ_does_not_call_is_named_with_its_command(string start, string command)
    {
        CommandResult result = CommandLine.RunWith([.. Convert.FromHexString(start.Replace(" ", "", StringComparison.Ordinal)), .. new byte[64]], "check", "-");
        Assert.Equal(2, result.Status);
        Assert.Contains("DIF0390", result.Errors, StringComparison.Ordinal);
        Assert.Contains(command, result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Packed))]
    public void A_text_that_a_system_library_unpacks_is_read_as_the_text(string packing)
    {
        byte[] packed = PackedTexts.All[packing];
        Assert.Equal("kvm_entry\t1\nkvm_fpu\t1\n", CommandLine.RunWith(packed, "show", "--counts", "-").Output);

        // Packed one behind the other, they are one text, in which the events stand twice.
        Assert.Contains("DIF0344 (2): ", CommandLine.RunWith([.. packed, .. packed], "check", "-").Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Packed))]
    public void A_packed_text_that_is_cut_short_says_where(string packing)
    {
        byte[] packed = PackedTexts.All[packing];
        CommandResult result = CommandLine.RunWith(packed[..^2], "check", "-");
        Assert.Equal(2, result.Status);
        Assert.StartsWith($"differ: standard input: DIF0394 at byte 0x{packed.Length - 2:x}: ", result.Errors, StringComparison.Ordinal);
        Assert.All(Mutations.Truncations(packed).Skip(8), cut => Assert.Equal(2, CommandLine.RunWith(cut, "check", "-").Status));
    }

    [Theory]
    [MemberData(nameof(Packed))]
    public void A_packed_text_that_is_damaged_is_read_or_refused(string packing) => Assert.All(Mutations.Flips(PackedTexts.All[packing], 300), damaged =>
    {
        CommandResult result = CommandLine.RunWith(damaged, "check", "-");
        Assert.Contains(result.Status, new[] { 0, 1, 2, 4 });
        Assert.InRange(result.Errors.Count(letter => letter == '\n'), 0, 1);
    });

    [Fact]
    public void A_packed_capture_with_other_bytes_behind_it_says_where() => Refused("DIF0316", [.. PackedTexts.All["xz"], .. "not packed at all"u8]);

    [Fact]
    public void A_packed_capture_that_asks_for_too_much_memory_is_refused() => Refused("DIF0393", PackedTexts.XzOfHalfAGigabyte);

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
        using var endless = new Differ.Capture.Wrappers.UnpackedStream(new Endless(), Stream.Null, "gzip");
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

    // Twenty gigabytes would fill a disk; the first block of them says that they are none.
    [Fact]
    public void What_is_no_capture_is_refused_on_its_first_bytes_however_often_it_is_packed()
    {
        using var scratch = new Scratch();
        string file = scratch.Write("zeros", Gzip(Gzip(Gzip(new byte[1 << 26]))));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("DIF0102", CommandLine.Run("check", file).Errors, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 25);
        Refused("DIF0102", File.ReadAllBytes(file));
    }

    [Fact]
    public void What_unpacks_to_a_thousand_times_its_size_is_refused_when_it_is_large()
    {
        using var bomb = new Differ.Capture.Wrappers.UnpackedStream(new Zeros(), new MemoryStream(new byte[1000]) { Position = 1000 }, "gzip");
        byte[] buffer = new byte[1 << 20];
        long read = 0;
        Differ.Capture.Diagnostics.CaptureFormatException fault = Assert.Throws<Differ.Capture.Diagnostics.CaptureFormatException>(() =>
        {
            for (int length = bomb.Read(buffer); length > 0; length = bomb.Read(buffer))
            {
                read += length;
            }
        });
        Assert.Contains("DIF0392 at byte 0x10100000: the gzip file unpacks to more than 1024 times its size", fault.Message, StringComparison.Ordinal);
        Assert.Equal(256 << 20, read);
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

    internal static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest))
        {
            stream.Write(bytes);
        }

        return packed.ToArray();
    }

    private sealed class Zeros : MemoryStream
    {
        public override int Read(Span<byte> buffer) => buffer.Length;
    }

    // Counts what it would give without making it.
    private sealed class Endless : MemoryStream
    {
        public override int Read(Span<byte> buffer) => int.MaxValue;
    }
}
