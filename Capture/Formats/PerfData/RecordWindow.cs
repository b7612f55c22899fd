using System.Buffers.Binary;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.PerfData;

/// <summary>Cuts a flow of bytes into records. What is left of a record at the end of a chunk goes on in the next.</summary>
/// <param name="chunks">Where chunks come from.</param>
/// <param name="bigEndian">Byte order.</param>
/// <remarks><code>struct perf_event_header { u32 type; u16 misc, size; };</code> The size counts the header.</remarks>
internal sealed class RecordWindow(RecordChunks chunks, bool bigEndian)
{
    /// <summary>Bytes of the header of a record.</summary>
    public const int HeaderSize = 8;

    /// <summary>More than a record can be, whose size has 16 bits.</summary>
    public const int LongestRecord = 1 << 16;

    private RecordChunk? _chunk;
    private int _at;
    private int _end;

    /// <summary>The chunk that is being read.</summary>
    public RecordChunk Chunk => _chunk!;

    /// <summary>Bytes that are there and belong to no record yet.</summary>
    public int Left => _end - _at;

    /// <summary>Where the next record starts in the chunk.</summary>
    public int At => _at;

    /// <summary>Where in the file the next bytes must stand to go on in this chunk.</summary>
    public long EndOffset => _chunk?.OffsetOf(_end) ?? -1;

    /// <summary>Where the next bytes go.</summary>
    public ArraySegment<byte> Free => _chunk is null ? [] : new(_chunk.Buffer, _end, RecordChunks.Size - _end);

    /// <summary>Type of the current record.</summary>
    public uint Type { get; private set; }

    /// <summary>Where the current record starts in the chunk.</summary>
    public int Start { get; private set; }

    /// <summary>Bytes of the current record.</summary>
    public int Size { get; private set; }

    /// <summary>The current record behind its header.</summary>
    public ReadOnlySpan<byte> Body => _chunk!.Buffer.AsSpan(Start + HeaderSize, Size - HeaderSize);

    /// <summary>Goes on in a new chunk.</summary>
    /// <param name="fileOffset">Where the bytes to come, or the record they are unpacked from, stand in the file.</param>
    /// <param name="unpacked">Whether they are unpacked.</param>
    public void Renew(long fileOffset, bool unpacked)
    {
        int left = Left;
        RecordChunk next = chunks.Rent(unpacked ? fileOffset : fileOffset - left, unpacked);
        if (_chunk is { } last)
        {
            last.Buffer.AsSpan(_at, left).CopyTo(next.Buffer);
            chunks.Release(last);
        }

        _chunk = next;
        _at = 0;
        _end = left;
    }

    /// <summary>Says how many bytes were put into <see cref="Free"/>.</summary>
    public void Filled(int length) => _end += length;

    /// <summary>Passes over bytes that are there.</summary>
    public void Skip(int length) => _at += length;

    /// <summary>Goes to the next record.</summary>
    /// <returns>False when its bytes are not all there.</returns>
    /// <exception cref="CaptureFormatException">DIF0104: its size is smaller than its header.</exception>
    public bool MoveNext()
    {
        if (Left < HeaderSize)
        {
            return false;
        }

        ulong header = HeaderAhead;
        int size = SizeOf(header);
        if (size < HeaderSize)
        {
            CaptureFormatException.ThrowImpossible("record.size", _chunk!.OffsetOf(_at), $"{size}");
        }

        if (size > Left)
        {
            return false;
        }

        Type = (uint)(bigEndian ? header >> 32 : header & uint.MaxValue);
        Start = _at;
        Size = size;
        _at += size;
        return true;
    }

    /// <summary>Ends the flow.</summary>
    /// <exception cref="CaptureFormatException">DIF0101: inside a record.</exception>
    public void End()
    {
        if (Left > 0)
        {
            CaptureFormatException.ThrowTruncated("record", Chunk.OffsetOf(_at), Left < HeaderSize ? HeaderSize : SizeOf(HeaderAhead), Left);
        }
    }

    private ulong HeaderAhead
    {
        get
        {
            ReadOnlySpan<byte> header = _chunk!.Buffer.AsSpan(_at, HeaderSize);
            return bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(header) : BinaryPrimitives.ReadUInt64LittleEndian(header);
        }
    }

    private int SizeOf(ulong header) => (int)(bigEndian ? header & ushort.MaxValue : header >> 48);
}
