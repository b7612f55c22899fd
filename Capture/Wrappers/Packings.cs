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
    public static IReadOnlyList<Packing> All { get; } =
    [
        new("gzip", [0x1f, 0x8b, 0x08], GzipMembers.Create),
        new("zstd", [0x28, 0xb5, 0x2f, 0xfd], static () => ZstdStream.Create(0)),

        // What pzstd writes first: a frame to be skipped.
        new("zstd", [0x50, 0x2a, 0x4d, 0x18], static () => ZstdStream.Create(0)),
        new("xz", [0xfd, .. "7zXZ\0"u8], XzStream.Create),
        new("bzip2", [.. "BZh"u8], Bzip2Stream.Create),
        new("lz4", [0x04, 0x22, 0x4d, 0x18], Lz4Stream.Create),

        // Known, to say what to do.
        new("lz4 (legacy)", [0x02, 0x21, 0x4c, 0x18], Command: "lz4 -d"),
        new("lzip", [.. "LZIP"u8], Command: "lzip -d"),
        new("zip", [.. "PK\u0003\u0004"u8], Command: "unzip"),
        new("7z", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], Command: "7z x"),
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
        PeekStream outermost = pipe as PeekStream ?? new PeekStream(pipe);
        PeekStream stream = outermost;
        try
        {
            for (int layer = 0; Find(stream.Peek(SniffLength)) is { } packing; layer++)
            {
                if (layer == MostLayers)
                {
                    CaptureFormatException.ThrowTooDeep(MostLayers);
                }

                stream = new PeekStream(new UnpackedStream(packing.Unwrap(stream), outermost, packing.Name));
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

    private static Packing? Find(ReadOnlySpan<byte> start)
    {
        foreach (Packing packing in All)
        {
            if (start.StartsWith(packing.Magic))
            {
                return packing;
            }
        }

        return null;
    }
}

/// <summary>A packing that can be around any capture.</summary>
/// <param name="Name">The name in <c>--help</c>.</param>
/// <param name="Magic">What a file that is packed so starts with.</param>
/// <param name="Start">Starts to unpack one; null where it is known only to say what to do.</param>
/// <param name="Command">What unpacks it then.</param>
internal sealed record Packing(string Name, byte[] Magic, Func<StreamUnpacker>? Start = null, string Command = "")
{
    /// <summary>Whether it is unpacked here.</summary>
    public bool Unpacks => Start is not null;

    /// <summary>The capture inside.</summary>
    /// <exception cref="CaptureFormatException">DIF0390: it is not unpacked here. DIF0107: the library is not installed.</exception>
    public Stream Unwrap(Stream packed) =>
        Start is null ? CaptureFormatException.ThrowPackedWith<Stream>(Name, Command) : new UnpackingStream(packed, Start());
}
