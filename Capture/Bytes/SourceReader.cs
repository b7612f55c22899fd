using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Differ.Capture.Diagnostics;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Bytes;

/// <summary>Reads a source from front to back through a window; for the parts of a file that describe it, not for its events.</summary>
/// <param name="source">Where the bytes are.</param>
/// <param name="position">Where to start.</param>
/// <param name="bigEndian">Byte order of the writer.</param>
internal sealed class SourceReader(ByteSource source, long position, bool bigEndian)
{
    private const int WindowSize = 1 << 15;

    private readonly byte[] _window = new byte[WindowSize];
    private long _windowStart;
    private int _windowLength;

    /// <summary>Where the next read starts.</summary>
    public long Position { get; set; } = position;

    /// <summary>Bytes left in the source.</summary>
    public long Left => source.Length - Position;

    public byte U8(string field) => Peek(1, field)[0];

    public ushort U16(string field)
    {
        ReadOnlySpan<byte> bytes = Peek(sizeof(ushort), field);
        return bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public uint U32(string field)
    {
        ReadOnlySpan<byte> bytes = Peek(sizeof(uint), field);
        return bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public ulong U64(string field)
    {
        ReadOnlySpan<byte> bytes = Peek(sizeof(ulong), field);
        return bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>A position in the file.</summary>
    public long Offset(string field) => Bounded(U64(field), long.MaxValue, field);

    /// <summary>A text that ends with a zero byte.</summary>
    public string CString(int limit, string field)
    {
        long start = Position;
        var text = new List<byte>();
        for (byte next = U8(field); next != 0; next = U8(field))
        {
            if (text.Count >= limit)
            {
                CaptureFormatException.ThrowImpossible(field, start, $"a text without end in {limit} bytes");
            }

            text.Add(next);
        }

        return Utf8Text.Decode(CollectionsMarshal.AsSpan(text));
    }

    /// <summary>A number of bytes, as a length that stands before them says.</summary>
    public byte[] Bytes(ulong length, int limit, string field)
    {
        long start = Position;
        int size = (int)Bounded(length, limit, field);
        if (size > Left)
        {
            CaptureFormatException.ThrowTruncated(field, start, size, Left);
        }

        byte[] bytes = new byte[size];
        Read(bytes, field);
        return bytes;
    }

    /// <summary>Fills a span.</summary>
    public void Read(Span<byte> bytes, string field)
    {
        if (bytes.Length > Left)
        {
            CaptureFormatException.ThrowTruncated(field, Position, bytes.Length, Left);
        }

        long into = Position - _windowStart;
        int there = into >= 0 && into < _windowLength ? (int)Math.Min(bytes.Length, _windowLength - into) : 0;
        _window.AsSpan(there > 0 ? (int)into : 0, there).CopyTo(bytes);
        source.ReadExactly(Position + there, bytes[there..], field);
        Position += bytes.Length;
    }

    /// <summary>The same as text.</summary>
    public string Text(ulong length, int limit, string field) => Utf8Text.Decode(Bytes(length, limit, field));

    /// <summary>Passes over bytes that are not needed.</summary>
    public void Skip(ulong length, string field)
    {
        long size = Bounded(length, long.MaxValue, field);
        if (size > Left)
        {
            CaptureFormatException.ThrowTruncated(field, Position, size, Left);
        }

        Position += size;
    }

    private long Bounded(ulong value, long limit, string field)
    {
        if (value > (ulong)limit)
        {
            CaptureFormatException.ThrowImpossible(field, Position, $"{value}, the limit is {limit}");
        }

        return (long)value;
    }

    private ReadOnlySpan<byte> Peek(int length, string field)
    {
        long into = Position - _windowStart;
        if (into < 0 || into > _windowLength - length)
        {
            _windowStart = Position;
            _windowLength = 0;
            into = 0;
            for (int read = 1; read > 0 && _windowLength < length; _windowLength += read)
            {
                read = source.ReadSome(Position + _windowLength, _window.AsSpan(_windowLength));
            }

            if (_windowLength < length)
            {
                CaptureFormatException.ThrowTruncated(field, Position, length, _windowLength);
            }
        }

        Position += length;
        return _window.AsSpan((int)into, length);
    }
}
