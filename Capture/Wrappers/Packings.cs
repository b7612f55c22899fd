using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Schemas.Files;

namespace Differ.Capture.Wrappers;

/// <summary>Every packing. A new one is a line here, and a class where it needs one.</summary>
internal static class Packings
{
    private const int MostLayers = 4;

    /// <summary>Bytes that tell every packing.</summary>
    public const int SniffLength = 8;

    /// <summary>In no particular order: their first bytes differ.</summary>
    public static IReadOnlyList<IWrapper> All { get; } =
    [
        new Packing("gzip", [0x1f, 0x8b, 0x08], static packed => new UnpackingStream(packed, GzipMembers.Create())),
        new Packing("zstd", [0x28, 0xb5, 0x2f, 0xfd], static packed => new UnpackingStream(packed, ZstdStream.Create(0))),

        // What pzstd writes first: a frame to be skipped.
        new Packing("zstd", [0x50, 0x2a, 0x4d, 0x18], static packed => new UnpackingStream(packed, ZstdStream.Create(0))),
        new Packing("xz", [0xfd, .. "7zXZ\0"u8], static packed => new UnpackingStream(packed, XzStream.Create())),
        new Packing("bzip2", [.. "BZh"u8], static packed => new UnpackingStream(packed, Bzip2Stream.Create())),
        new Packing("lz4", [0x04, 0x22, 0x4d, 0x18], static packed => new UnpackingStream(packed, Lz4Stream.Create())),

        // Known, to say what to do.
        new Packing("lz4 (legacy)", [0x02, 0x21, 0x4c, 0x18], "lz4 -d"),
        new Packing("lzip", [.. "LZIP"u8], "lzip -d"),
        new Packing("zip", [.. "PK\u0003\u0004"u8], "unzip"),
        new Packing("7z", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "7z x"),
    ];

    /// <summary>Whether bytes are the start of something packed.</summary>
    public static bool Sniff(ReadOnlySpan<byte> start) => Find(start) is not null;

    /// <summary>Whether what starts with these bytes can be unpacked.</summary>
    public static bool CanUnpack(ReadOnlySpan<byte> start) => Find(start) is { Unpacks: true };

    /// <summary>Takes every packing off a pipe.</summary>
    /// <param name="pipe">The pipe.</param>
    /// <returns>What is inside; its first bytes have been looked at, not read.</returns>
    /// <exception cref="CaptureFormatException">DIF0390, DIF0391: it cannot be unpacked.</exception>
    public static PeekStream Unwrap(Stream pipe)
    {
        var outermost = new PeekStream(pipe);
        PeekStream stream = outermost;
        try
        {
            for (int layer = 0; Find(stream.Peek(SniffLength)) is { } wrapper; layer++)
            {
                if (layer == MostLayers)
                {
                    CaptureFormatException.ThrowTooDeep(MostLayers);
                }

                stream = new PeekStream(new UnpackedStream(wrapper.Unwrap(stream), stream, outermost, wrapper.Name));
            }

            return stream;
        }
        catch
        {
            // What a system library holds is not the collector's.
            stream.Dispose();
            throw;
        }
    }

    private static IWrapper? Find(ReadOnlySpan<byte> start)
    {
        foreach (IWrapper wrapper in All)
        {
            if (wrapper.Sniff(start))
            {
                return wrapper;
            }
        }

        return null;
    }

    private sealed class Packing(string name, byte[] magic, Func<Stream, Stream> unwrap) : IWrapper
    {
        public Packing(string name, byte[] magic, string command)
            : this(name, magic, _ => CaptureFormatException.ThrowPackedWith<Stream>(name, command)) => Unpacks = false;

        public string Name => name;

        public bool Unpacks { get; } = true;

        public bool Sniff(ReadOnlySpan<byte> start) => start.StartsWith(magic);

        public Stream Unwrap(Stream packed) => unwrap(packed);
    }
}
