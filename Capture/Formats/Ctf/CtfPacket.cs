using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Ctf;

/// <summary>What a packet says of itself.</summary>
/// <param name="Stream">The kind of stream it is of.</param>
/// <param name="Instance">Which stream of that kind; null where it does not say.</param>
/// <param name="Bits">Its bits, without what fills it.</param>
/// <param name="Size">Its bytes in the file.</param>
/// <param name="Begin">The clock where it begins; null where it does not say.</param>
/// <param name="End">The clock where it ends; null where it does not say.</param>
/// <param name="Discarded">How many events of its stream were lost up to its end; null where it does not say.</param>
/// <param name="DiscardedBits">Bits of that number.</param>
/// <param name="Sequence">Its number in the stream; null where it does not say.</param>
/// <param name="Cpu">The host CPU; null where it does not say.</param>
/// <remarks>
/// <code>
/// u32 magic, u8 uuid[16], u32 stream_id, …                the packet header
/// timestamp_begin, timestamp_end, content_size, packet_size, packet_seq_num, events_discarded, cpu_id      the packet context
/// event, event, …                                         up to content_size; filling up to packet_size
/// </code>
/// All are fields that the metadata describes, and each may be missing. Source: the Common Trace Format, version 1.8.3, section 5.
/// </remarks>
internal readonly record struct CtfPacket(
    CtfStreamKind Stream, ulong? Instance, long Bits, long Size, ulong? Begin, ulong? End, ulong? Discarded, int DiscardedBits, ulong? Sequence, int? Cpu)
{
    /// <summary>What a packet starts with, if it starts with anything.</summary>
    public const uint Magic = 0xc1fc_1fc1;

    private const int MostCpus = 1 << 16;

    /// <summary>Whether a file can be a stream: it is not empty, and starts as a packet does.</summary>
    public static bool Sniff(CtfSchema schema, ByteSource source)
    {
        Span<byte> start = stackalloc byte[sizeof(uint)];
        return source.Length > 0 && (schema.Description.PacketHeader is not { Fields: [{ Name: "magic" }, ..] }
            || (source.Read(0, start) == start.Length && new ByteCursor(start, 0, schema.Description.BigEndian).U32("magic") == Magic));
    }

    /// <summary>Reads a packet up to its first event.</summary>
    /// <param name="schema">The description.</param>
    /// <param name="source">The file.</param>
    /// <param name="offset">Where the packet starts.</param>
    /// <param name="bits">Goes to the packet.</param>
    /// <param name="decoder">Reads it.</param>
    /// <exception cref="CaptureFormatException">It cannot be such a packet.</exception>
    public static CtfPacket Read(CtfSchema schema, ByteSource source, long offset, CtfBits bits, CtfDecoder decoder)
    {
        long left = source.Length - offset;
        bits.Start(source, offset, Math.Min(left, CtfBits.LongestEvent) * 8);
        decoder.Begin(schema.PacketHeaderLayout.FixedSize);
        decoder.Run(schema.PacketHeader);
        CheckHeader(schema, decoder, bits.Name, offset);
        ulong id = Value(schema.PacketHeaderLayout, decoder, "stream_id") ?? (schema.Streams.Count == 1 ? schema.Streams.First().Id : 0);
        ulong? instance = Value(schema.PacketHeaderLayout, decoder, "stream_instance_id");
        if (schema.Find(id) is not { } stream)
        {
            CaptureFormatException.ThrowBadPacket(bits.Name, $"the metadata does not describe stream {id}", offset);
            return default;
        }

        decoder.Begin(stream.ContextLayout.FixedSize);
        decoder.Run(stream.Context);
        CtfLayout context = stream.ContextLayout;
        (long content, long size) = Sizes(context, decoder, left, bits, offset);
        bits.Limit(content);
        return new CtfPacket(
            stream, instance, content, size, Value(context, decoder, "timestamp_begin"), Value(context, decoder, "timestamp_end"),
            Value(context, decoder, "events_discarded"), (context.Find("events_discarded")?.Size ?? 0) * 8, Value(context, decoder, "packet_seq_num"),
            Value(context, decoder, "cpu_id") is { } cpu ? cpu < MostCpus ? (int)cpu : 0 : null);
    }

    private static void CheckHeader(CtfSchema schema, CtfDecoder decoder, string file, long offset)
    {
        if (Value(schema.PacketHeaderLayout, decoder, "magic") is { } magic && magic != Magic)
        {
            CaptureFormatException.ThrowBadPacket(file, $"a packet starts with 0x{magic:x}", offset);
        }

        if (schema.PacketHeaderLayout.Find("uuid") is { IsDynamic: true } uuid && schema.Description.Uuid.Length > 0)
        {
            string found = Convert.ToHexStringLower(decoder.Located(uuid.Offset));
            if (found != schema.Description.Uuid)
            {
                CaptureFormatException.ThrowBadPacket(file, $"a packet of recording {found} stands beside the metadata of {schema.Description.Uuid}", offset);
            }
        }
    }

    private static (long Content, long Size) Sizes(CtfLayout context, CtfDecoder decoder, long left, CtfBits bits, long offset)
    {
        ulong? content = Value(context, decoder, "content_size"), size = Value(context, decoder, "packet_size");
        if (content == ulong.MaxValue || size == ulong.MaxValue)
        {
            CaptureFormatException.ThrowUnfinishedPacket(bits.Name, offset);
        }

        size ??= content is { } known ? (known + 7) / 8 * 8 : (ulong)left * 8;
        content ??= size;
        if (size % 8 != 0 || size == 0 || content > size || content < (ulong)bits.Position)
        {
            CaptureFormatException.ThrowBadPacket(bits.Name, $"a packet has {content} bits of content and {size} in all", offset);
        }

        if (size / 8 > (ulong)left)
        {
            CaptureFormatException.ThrowTruncated($"packet of {bits.Name}", offset, (long)(size.Value / 8), left);
        }

        return ((long)content.Value, (long)(size.Value / 8));
    }

    private static ulong? Value(CtfLayout layout, CtfDecoder decoder, string name) =>
        layout.Find(name) is { IsNumber: true } field ? decoder.Value(field.Offset, field.Size) : null;
}
