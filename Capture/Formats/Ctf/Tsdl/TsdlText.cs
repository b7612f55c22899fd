using System.Text;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Ctf.Tsdl;

/// <summary>The text of a description, plain or in packets.</summary>
/// <remarks>
/// <code>
/// packet: u32 0x75d11d57, u8 uuid[16], u32 checksum, u32 bits of header and text, u32 bits of all,
///         u8 compression, u8 encryption, u8 checksum scheme, u8 major, u8 minor, text, filling
/// </code>
/// Source: the Common Trace Format, version 1.8.3, section 7.1.
/// </remarks>
internal static class TsdlText
{
    /// <summary>What a packet starts with.</summary>
    public const uint Magic = 0x75d1_1d57;

    /// <summary>What the metadata of CTF 2 starts with: a separator before each JSON text.</summary>
    public const byte Version2 = 0x1e;

    /// <summary>The longest description. That of all tracepoints of a kernel has about 2 MiB.</summary>
    public const int MostBytes = 1 << 25;

    private const int HeaderSize = 37;

    /// <summary>What a plain text starts with.</summary>
    public static ReadOnlySpan<byte> Plain => "/* CTF 1."u8;

    /// <summary>Whether a file that starts so is a description, of whatever version.</summary>
    public static bool Sniff(ReadOnlySpan<byte> start) => start.StartsWith(Plain) || IsVersion2(start) || IsPacket(start, false) || IsPacket(start, true);

    /// <summary>Whether it is one of CTF 2.</summary>
    public static bool IsVersion2(ReadOnlySpan<byte> start) => start.Length > 1 && start[0] == Version2 && start[1] == (byte)'{';

    /// <summary>Reads a description.</summary>
    /// <exception cref="CaptureFormatException">It cannot be used.</exception>
    public static string Read(ByteSource source)
    {
        if (source.Length > MostBytes)
        {
            CaptureFormatException.ThrowMetadataLimit("bytes", MostBytes, 1);
        }

        byte[] bytes = new byte[(int)source.Length];
        source.ReadExactly(0, bytes, "metadata");
        if (IsVersion2(bytes))
        {
            CaptureFormatException.ThrowSecondCtf();
        }

        bool bigEndian = IsPacket(bytes, true);
        return bigEndian || IsPacket(bytes, false) ? Unpack(bytes, bigEndian) : Encoding.UTF8.GetString(bytes);
    }

    private static bool IsPacket(ReadOnlySpan<byte> start, bool bigEndian) =>
        start.Length >= sizeof(uint) && new ByteCursor(start, 0, bigEndian).U32("magic") == Magic;

    private static string Unpack(ReadOnlySpan<byte> bytes, bool bigEndian)
    {
        var text = new StringBuilder(bytes.Length);
        for (int at = 0; at < bytes.Length;)
        {
            var packet = new ByteCursor(bytes[at..], at, bigEndian);
            if (packet.U32("metadata.magic") != Magic)
            {
                CaptureFormatException.ThrowImpossible("metadata.magic", at, "another than that of the first packet");
            }

            packet.Take(20, "metadata.uuid");
            uint content = packet.U32("metadata.content_size") / 8, size = packet.U32("metadata.packet_size") / 8;
            ReadOnlySpan<byte> schemes = packet.Take(5, "metadata.schemes");
            if (schemes[0] != 0 || schemes[1] != 0)
            {
                CaptureFormatException.ThrowUnsupported("the metadata is compressed or encrypted", "convert the recording with babeltrace2 -o ctf", at);
            }

            if (content < HeaderSize || size < content || size > bytes.Length - at)
            {
                CaptureFormatException.ThrowImpossible("metadata.content_size", at + 24, $"{content} of {size} bytes with {bytes.Length - at} left");
            }

            text.Append(Encoding.UTF8.GetString(packet.Take((int)content - HeaderSize, "metadata.text")));
            at += (int)size;
        }

        return text.ToString();
    }
}
