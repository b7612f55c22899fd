using System.Text;
using Differ.Capture;
using Differ.Capture.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Diagnostics;

public sealed class CaptureFormatTests
{
    /// <summary>Small files that cannot be used, by the number and part of what is said.</summary>
    public static IReadOnlyDictionary<(string Code, string Says), Func<byte[]>> Files { get; } = new Dictionary<(string, string), Func<byte[]>>
    {
        [("DIF0101", "cut short")] = static () => Small(new TraceDatBuilder())[..60],
        [("DIF0101", "page of CPU 0")] = static () => CutCpu(1000),
        [("DIF0101", "data of CPU 0")] = static () => Small(new TraceDatBuilder { Version = 6 })[..^1],
        [("DIF0102", "the file is empty")] = static () => [],
        [("DIF0102", "known are: ")] = static () => [0x7f, .. "ELF is no recording"u8],
        [("DIF0104", "endianness cannot be 7")] = static () => Patched(12, 7),
        [("DIF0104", "page size cannot be 0")] = static () => Patched(14, 0, 0, 0, 0),
        [("DIF0104", "header_page cannot be")] = static () => Renamed("header_page", "headerXpage"),
        [("DIF0105", "the zlib block")] = static () => Squeezed("zlib"),
        [("DIF0105", "the zstd block")] = static () => Squeezed("zstd"),
        [("DIF0106", "compression \"lzma\" is not known")] = static () => Small(new TraceDatBuilder { Compression = "lzma" }),
        [("DIF0106", "compression \"\\u001b[31m\" is not known")] = static () => Small(new TraceDatBuilder { Compression = "\u001b[31m" }),
        [("DIF0108", "version \"8\" is not known")] = static () => Patched(10, (byte)'8'),
        [("DIF0108", "latency trace")] = static () => Small(new TraceDatBuilder { Version = 6, DataTag = "latency  " }),
        [("DIF0108", "no event data here")] = static () => Small(new TraceDatBuilder { Version = 6, DataTag = "something" }),
        [("DIF0108", "header_page has no known form")] = static () => Small(new TraceDatBuilder { HeaderPage = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\n" }),
        [("DIF0109", "tracepoint kvm_exit has no field guest_rip")] = static () => new TraceDatBuilder()
            .Describe("kvm", KernelLayouts.Of("6.12")["kvm_exit"].TextWithout("guest_rip")).Cpu(0).Event(1, Mark.Of(1)).File,
        [("DIF0110", "isa 1, not 2 (SVM)")] = static () => Intel(),
    };

    public static TheoryData<string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach ((string code, string says) in Files.Keys)
            {
                rows.Add(code, says);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_file_that_cannot_be_used_is_refused_in_one_line(string code, string says)
    {
        byte[] file = Files[(code, says)]();
        CaptureFormatException refused = Assert.Throws<CaptureFormatException>(() => Recording.Of(file));
        Assert.Equal(code, refused.Code);
        CommandResult result = CommandLine.RunWith(file, "check", "-");
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Matches($"^differ: (standard input: )?{code} at byte 0x[0-9a-f]+: .*{System.Text.RegularExpressions.Regex.Escape(says)}[^\n]*\n$", result.Errors);
    }

    [Fact]
    public void A_capture_that_cannot_be_used_leaves_no_run_behind()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            string capture = Path.Combine(folder, "trace.dat");
            File.WriteAllBytes(capture, Files[("DIF0110", "isa 1, not 2 (SVM)")]());
            Assert.Equal(2, CommandLine.Run("convert", capture, "-o", Path.Combine(folder, "run.difr")).Status);
            Assert.Equal([capture], Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_file_on_disk_is_read_like_a_pipe()
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] file = Stories.Vmmcall("6.12", right: true, new TraceDatBuilder { Compression = "zstd" });
            File.WriteAllBytes(path, file);
            using CaptureSession session = CaptureSession.Open(path);
            var sink = new KeepingSink();
            Assert.Equal(Recording.Of(file).Summary.Exits, session.ReadExits(sink).Exits);
            Assert.Equal((Path.GetFileName(path), (ulong)file.Length), (session.Header.Capture, session.Header.CaptureSize));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Small(TraceDatBuilder builder)
    {
        Mark.Describe(builder).Cpu(0).Event(1, Mark.Of(1)).Event(2, Mark.Of(2));
        return builder.File;
    }

    private static byte[] Patched(int at, params byte[] bytes)
    {
        byte[] file = Small(new TraceDatBuilder());
        bytes.CopyTo(file, at);
        return file;
    }

    private static byte[] Renamed(string name, string other)
    {
        byte[] file = Small(new TraceDatBuilder());
        Encoding.ASCII.GetBytes(other).CopyTo(file, file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name)));
        return file;
    }

    // The first block's bytes behind its two sizes.
    private static byte[] Squeezed(string compression)
    {
        byte[] file = Small(new TraceDatBuilder { Compression = compression });
        int section = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[16, 0, 1, 0, 0, 0, 0, 0]);
        file.AsSpan(section + 28, 12).Clear();
        return file;
    }

    // The table of CPUs of version 6 claims less than a page.
    private static byte[] CutCpu(int size)
    {
        byte[] file = Small(new TraceDatBuilder { Version = 6 });
        int table = file.AsSpan().IndexOf("flyrecord\0"u8) + 10;
        BitConverter.TryWriteBytes(file.AsSpan(table + 8), (long)size);
        return file;
    }

    private static byte[] Intel()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder trace = KvmStory.Capture(layouts);
        new KvmStory(trace.Top, layouts).Entry(1).Exit(48, 1, isa: 1);
        return trace.File;
    }
}
