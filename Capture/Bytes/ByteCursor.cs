using System.Buffers.Binary;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>Reads the fields of one record, in the byte order of the machine that wrote it.</summary>
/// <remarks>
/// Every read names the field it reads, so that a truncated file is reported as "sample.raw_size at byte 0x1f40",
/// never as an index out of range.
/// </remarks>
internal ref struct ByteCursor
{
    private readonly ReadOnlySpan<byte> _record;
    private readonly long _fileOffset;
    private readonly bool _bigEndian;
    private int _at;

    public ByteCursor(ReadOnlySpan<byte> record, long fileOffset, bool bigEndian)
    {
        _record = record;
        _fileOffset = fileOffset;
        _bigEndian = bigEndian;
    }

    /// <summary>Where the next read starts, in bytes from the start of the file.</summary>
    public readonly long FileOffset => _fileOffset + _at;

    /// <summary>Bytes that are left.</summary>
    public readonly int Left => _record.Length - _at;

    public byte U8(string field) => (uint)_at < (uint)_record.Length ? _record[_at++] : Take(sizeof(byte), field)[0];

    public ushort U16(string field)
    {
        ReadOnlySpan<byte> bytes = Take(sizeof(ushort), field);
        return _bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public uint U32(string field)
    {
        ReadOnlySpan<byte> bytes = Take(sizeof(uint), field);
        return _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public ulong U64(string field)
    {
        ReadOnlySpan<byte> bytes = Take(sizeof(ulong), field);
        return _bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>An unsigned number of 1, 2, 4 or 8 bytes.</summary>
    public ulong Unsigned(int size, string field) => size switch
    {
        1 => U8(field),
        2 => U16(field),
        4 => U32(field),
        _ => U64(field),
    };

    public ReadOnlySpan<byte> Take(int length, string field)
    {
        if (length < 0 || length > Left)
        {
            CaptureFormatException.ThrowTruncated(field, FileOffset, length, Left);
        }

        ReadOnlySpan<byte> taken = _record.Slice(_at, length);
        _at += length;
        return taken;
    }
}
