using System.Text;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TraceDat;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats;

/// <summary>Small files that ask for much: parts that are pointed to again and again.</summary>
public sealed class TraceDatLimitsTests
{
    [Fact]
    public void A_chain_of_options_that_comes_back_to_its_start_is_refused_before_it_fills_the_memory()
    {
        TraceDatBuilder trace = Mark.Describe(new TraceDatBuilder()).Option(77, new byte[40_000]).Cpu(0).Event(1, Mark.Of(1)).Trace;
        byte[] file = trace.File;

        // Behind magic, version, order of bytes, size of long and page, compression and its version stands where the options are.
        int header = 10 + 2 + 1 + 1 + 4;
        int next = AfterText(file, AfterText(file, header));
        long options = BitConverter.ToInt64(file, next), size = BitConverter.ToInt64(file, (int)options + 8);
        BitConverter.TryWriteBytes(file.AsSpan((int)(options + 16 + size) - 8), options);
        Refused("description of the recording cannot be longer than 64 MiB", file);
    }

    [Fact]
    public void Formats_that_many_options_point_to_are_read_only_so_often()
    {
        TraceDatBuilder trace = Mark.Describe(new TraceDatBuilder());
        for (int i = 0; i < 300; i++)
        {
            trace.Describe("test", Mark.Format.Text + new string(' ', 1000));
        }

        byte[] file = trace.Cpu(0).Event(1, Mark.Of(1)).File;
        const int EventFormats = 18;
        int at = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[EventFormats, 0, 8, 0, 0, 0]);
        byte[] pointer = file[(at + 6)..(at + 14)];
        TraceDatBuilder again = Mark.Describe(new TraceDatBuilder());
        for (int i = 0; i < 300; i++)
        {
            again.Describe("test", Mark.Format.Text + new string(' ', 1000)).Option(EventFormats, pointer);
        }

        Refused("description of the recording cannot be", again.Cpu(0).Event(1, Mark.Of(1)).File);
    }

    [Fact]
    public void CPUs_that_claim_the_same_data_are_refused()
    {
        byte[] file = Mark.Describe(new TraceDatBuilder { Version = 6 }).Cpu(0).Event(1, Mark.Of(1)).Cpu(1).Event(2, Mark.Of(2)).File;
        int table = file.AsSpan().IndexOf("flyrecord\0"u8) + 10;
        for (int cpu = 0; cpu < 2; cpu++)
        {
            BitConverter.TryWriteBytes(file.AsSpan(table + (16 * cpu)), 0L);
            BitConverter.TryWriteBytes(file.AsSpan(table + (16 * cpu) + 8), (long)file.Length);
        }

        Refused("data of all CPUs cannot be", file);
    }

    [Fact]
    public void Pages_that_are_held_at_once_have_a_limit()
    {
        var room = new PageRoom(fileLength: 100);
        room.Take(1 << 30, 7);
        room.Take(-(1 << 20), 7);
        room.Take(1 << 20, 7);
        Assert.Equal(("DIF0104", 7L), Refusal(() => room.Take(1, 7)));
    }

    [Fact]
    public void Buffers_have_a_limit()
    {
        var content = new TraceDatContent();
        TraceDatBuffer buffer = new("", "", 4096, Compressed: false, []);
        for (int i = 0; i < 1024; i++)
        {
            content.AddBuffer(buffer, 1);
        }

        Assert.Equal(("DIF0104", 9L), Refusal(() => content.AddBuffer(buffer, 9)));
    }

    [Theory]
    [InlineData("header_page\0", 0, 8, (1 << 24) + 1, "header_page cannot be")]
    [InlineData("header_event\0", 0, 8, (1 << 24) + 1, "header_event cannot be")]
    [InlineData("kvm\0", -8, 4, (1 << 14) + 1, "number of event groups cannot be 16385")]
    [InlineData("kvm\0", 0, 4, (1 << 16) + 1, "number of events cannot be 65537")]
    [InlineData("kvm\0", 4, 8, (1 << 24) + 1, "event format cannot be")]
    [InlineData("options  \0", -14, 4, (1 << 16) + 1, "number of CPUs cannot be 65537")]
    [InlineData("options  \0", 2, 4, (1 << 24) + 1, "option cannot be")]
    public void A_count_or_a_length_beyond_its_limit_is_refused_before_anything_is_read_for_it(string behind, int distance, int size, long number, string says)
    {
        byte[] file = Mark.Describe(new TraceDatBuilder { Version = 6 }).Option(77, [1, 2, 3, 4]).Cpu(0).Event(1, Mark.Of(1)).File;
        int at = file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(behind)) + behind.Length + distance;
        BitConverter.GetBytes(number).AsSpan(0, size).CopyTo(file.AsSpan(at));
        Refused(says, file);
    }

    [Fact]
    public void A_name_without_end_is_refused()
    {
        byte[] file = Mark.Describe(new TraceDatBuilder { Version = 6 }).Cpu(0).Event(1, Mark.Of(1)).File;
        int name = file.AsSpan().IndexOf("kvm\0"u8);
        Refused("name of an event group cannot be", [.. file[..name], .. Enumerable.Repeat((byte)'t', 300), .. file[name..]]);
    }

    // The largest number that a place in a file can be: to read there must not come out at its start.
    [Fact]
    public void Options_that_stand_behind_every_file_are_missing()
    {
        byte[] file = [0x17, 0x08, 0x44, .. "tracing7\0"u8, 0, 8, 0, 0x10, 0, 0, .. "none\0\0"u8, .. BitConverter.GetBytes(long.MaxValue)];
        CaptureFormatException refused = Assert.Throws<CaptureFormatException>(() => Recording.Of(file));
        Assert.Equal(("DIF0101", long.MaxValue), (refused.Code, refused.FileOffset));
        Assert.All((string[])["check", "convert", "show", "stats", "selftest", "bisect"], verb => Assert.InRange(CommandLine.RunWith(file, verb, "-").Status, 1, 125));
    }

    private static int AfterText(byte[] file, int at) => at + file.AsSpan(at).IndexOf((byte)0) + 1;

    private static (string Code, long FileOffset) Refusal(Action act)
    {
        CaptureFormatException refused = Assert.Throws<CaptureFormatException>(act);
        return (refused.Code, refused.FileOffset);
    }

    private static void Refused(string says, byte[] file)
    {
        CaptureFormatException refused = Assert.Throws<CaptureFormatException>(() => Recording.Of(file));
        Assert.Equal("DIF0104", refused.Code);
        Assert.Contains(says, refused.Message, StringComparison.Ordinal);
    }
}
