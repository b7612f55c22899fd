using System.IO.Compression;
using System.Runtime.InteropServices;
using Differ.Capture.Diagnostics;
using Differ.Capture.Wrappers;
using Differ.Schemas.Files;

namespace Differ.Fuzz;

/// <summary>Packs with the libraries that Differ unpacks with.</summary>
internal static partial class Packer
{
    private const int MostUnpacked = 1 << 22;

    /// <summary>By the name of the packing.</summary>
    public static IReadOnlyDictionary<string, Func<byte[], byte[]>> All { get; } = new Dictionary<string, Func<byte[], byte[]>>(StringComparer.Ordinal)
    {
        ["gzip"] = Gzip,
        ["zstd"] = static bytes => Fit(ZSTD_compressBound((nuint)bytes.Length), to => ZSTD_compress(to, (nuint)to.Length, bytes, (nuint)bytes.Length, 1)),
        ["xz"] = static bytes => Fit((nuint)(bytes.Length + (bytes.Length / 8) + 1024), to =>
        {
            nuint written = 0;
            _ = lzma_easy_buffer_encode(0, 4, 0, bytes, (nuint)bytes.Length, to, ref written, (nuint)to.Length);
            return written;
        }),
        ["bzip2"] = static bytes => Fit((nuint)(bytes.Length + (bytes.Length / 50) + 1024), to =>
        {
            uint written = (uint)to.Length;
            _ = BZ2_bzBuffToBuffCompress(to, ref written, bytes, (uint)bytes.Length, 1, 0, 0);
            return written;
        }),
        ["lz4"] = static bytes => Fit(LZ4F_compressFrameBound((nuint)bytes.Length, 0), to => LZ4F_compressFrame(to, (nuint)to.Length, bytes, (nuint)bytes.Length, 0)),
    };

    /// <summary>Packs in any way, now and then twice over.</summary>
    public static byte[] Pack(Random random, byte[] bytes)
    {
        string[] names = [.. All.Keys];
        byte[] packed = All[names[random.Next(names.Length)]](bytes);
        return random.Next(16) == 0 ? Pack(random, packed) : packed;
    }

    /// <summary>What is inside something packed; null where nothing is, or too much.</summary>
    public static byte[]? Unpack(byte[] bytes)
    {
        if (!Packings.CanUnpack(bytes))
        {
            return null;
        }

        try
        {
            using PeekStream bare = Packings.Unwrap(new MemoryStream(bytes, writable: false));
            byte[] inside = new byte[MostUnpacked];
            return inside[..bare.ReadAtLeast(inside, inside.Length, throwOnEndOfStream: false)];
        }
        catch (CaptureFormatException)
        {
            return null;
        }
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Fit(nuint most, Func<byte[], nuint> pack)
    {
        byte[] to = new byte[most];
        return to[..(int)pack(to)];
    }

    [LibraryImport("libzstd.so.1")]
    private static partial nuint ZSTD_compressBound(nuint length);

    [LibraryImport("libzstd.so.1")]
    private static partial nuint ZSTD_compress(byte[] to, nuint capacity, byte[] from, nuint length, int level);

    [LibraryImport("liblzma.so.5")]
    private static partial int lzma_easy_buffer_encode(uint preset, int check, nint allocator, byte[] from, nuint length, byte[] to, ref nuint written, nuint capacity);

    [LibraryImport("libbz2.so.1.0")]
    private static partial int BZ2_bzBuffToBuffCompress(byte[] to, ref uint written, byte[] from, uint length, int blocks, int verbosity, int work);

    [LibraryImport("liblz4.so.1")]
    private static partial nuint LZ4F_compressFrameBound(nuint length, nint preferences);

    [LibraryImport("liblz4.so.1")]
    private static partial nuint LZ4F_compressFrame(byte[] to, nuint capacity, byte[] from, nuint length, nint preferences);
}
