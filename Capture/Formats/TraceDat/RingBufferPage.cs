using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TracingData;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>One sub-buffer of the kernel's ring buffer, read event by event.</summary>
/// <remarks>
/// <code>
/// u64 time | long commit | event | event | ...        commit: bits 26:0 length of the data,
///                                                     bit 31 events were lost before this page,
/// event: u32 header, 5 bits type_len, 27 bits delta   bit 30 their number stands behind the data
///   type_len 1..28   data of type_len * 4 bytes
///            0       u32 length with itself, data, rounded up to 4
///            29      padding: delta 0 ends the page, else u32 length to skip
///            30      time extend: u32, bits 58:27 of the delta
///            31      absolute time: u32, bits 58:27 of the time; bits 63:59 stay as they were
/// </code>
/// Every delta adds to the time, also that of padding. The low bits of the header are type_len on little-endian
/// machines, the high bits on big-endian ones. Source: Linux kernel/trace/ring_buffer.c, include/linux/ring_buffer.h.
/// </remarks>
internal sealed class RingBufferPage(PageLayout layout, bool bigEndian)
{
    private const uint LengthMask = (1u << 27) - 1;
    private const uint LostBit = 1u << 31;
    private const uint LostCountBit = 1u << 30;
    private const int DeltaBits = 27;
    private const int HeaderSize = sizeof(uint);
    private const uint LongestShort = 28;
    private const uint Padding = 29, TimeExtend = 30, TimeStamp = 31;
    private const ulong TopTimeBits = 0xf800_0000_0000_0000;

    private byte[] _buffer = [];
    private long _fileOffset;
    private int _start;
    private int _at;
    private int _end;

    /// <summary>Events were lost before this page.</summary>
    public bool Lost { get; private set; }

    /// <summary>How many, 0 when the page does not say.</summary>
    public ulong LostEvents { get; private set; }

    /// <summary>Time of the current event.</summary>
    public ulong Time { get; private set; }

    /// <summary>Record of the current event.</summary>
    public ReadOnlySpan<byte> Payload
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _buffer.AsSpan(PayloadStart, PayloadLength);
    }

    private int PayloadStart { get; set; }

    private int PayloadLength { get; set; }

    /// <summary>Starts to read a page.</summary>
    /// <param name="buffer">Holds the page; not copied.</param>
    /// <param name="start">Where the page starts in it.</param>
    /// <param name="size">Bytes of the page.</param>
    /// <param name="fileOffset">Where the page, or the block it was packed in, stands in the file.</param>
    /// <exception cref="CaptureFormatException">DIF0104: the page claims more data than it has.</exception>
    public void Load(byte[] buffer, int start, int size, long fileOffset)
    {
        _buffer = buffer;
        _start = start;
        _fileOffset = fileOffset;
        var header = new ByteCursor(buffer.AsSpan(start, size), fileOffset, bigEndian);
        Time = header.U64("page.time_stamp");
        uint commit = (uint)(header.Unsigned(layout.CommitSize, "page.commit") & uint.MaxValue);
        uint length = commit & LengthMask;
        if (layout.DataOffset > size || length > (uint)(size - layout.DataOffset))
        {
            CaptureFormatException.ThrowImpossible("page.commit", fileOffset, $"{length} in a page of {size} bytes");
        }

        _at = start + layout.DataOffset;
        _end = _at + (int)length;
        Lost = (commit & LostBit) != 0;
        LostEvents = 0;
        if (Lost && (commit & LostCountBit) != 0 && start + size - _end >= layout.CommitSize)
        {
            LostEvents = new ByteCursor(buffer.AsSpan(_end, layout.CommitSize), fileOffset, bigEndian).Unsigned(layout.CommitSize, "page.missed_events");
        }
    }

    /// <summary>Goes to the next event that carries data.</summary>
    /// <returns>False at the end of the page.</returns>
    public bool MoveNext()
    {
        while (_at < _end)
        {
            // Nearly every event is short data; it is read without a cursor (benchmark DecodeBenchmarks.Walk).
            ReadOnlySpan<byte> rest = _buffer.AsSpan(_at, _end - _at);
            if (rest.Length < HeaderSize)
            {
                CaptureFormatException.ThrowTruncated("event.header", _fileOffset + (_at - _start), HeaderSize, rest.Length);
            }

            uint header = bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(rest) : BinaryPrimitives.ReadUInt32LittleEndian(rest);
            uint typeLength = bigEndian ? header >> DeltaBits : header & 31;
            uint delta = bigEndian ? header & LengthMask : header >> 5;
            int length = (int)typeLength * 4;
            if (typeLength is >= 1 and <= LongestShort && length <= rest.Length - HeaderSize)
            {
                Time = unchecked(Time + delta);
                PayloadStart = _at + HeaderSize;
                PayloadLength = length;
                _at = PayloadStart + length;
                return true;
            }

            if (MoveSlowly(typeLength, delta))
            {
                return true;
            }
        }

        return false;
    }

    private bool MoveSlowly(uint typeLength, uint delta)
    {
        int body = _at + HeaderSize;
        var cursor = new ByteCursor(_buffer.AsSpan(body, _end - body), _fileOffset + (body - _start), bigEndian);
        switch (typeLength)
        {
            case TimeExtend:
                Time = unchecked(Time + (((ulong)cursor.U32("event.time_extend") << DeltaBits) + delta));
                _at = _end - cursor.Left;
                return false;
            case TimeStamp:
                Time = (Time & TopTimeBits) | (((ulong)cursor.U32("event.time_stamp") << DeltaBits) + delta);
                _at = _end - cursor.Left;
                return false;
            case Padding when delta == 0:
                _at = _end;
                return false;
            case Padding:
                Time = unchecked(Time + delta);
                SkipPadding(ref cursor);
                return false;
            default:
                Time = unchecked(Time + delta);
                TakeData(ref cursor, typeLength);
                return true;
        }
    }

    private void SkipPadding(ref ByteCursor cursor)
    {
        // The length counts from behind the event's header, so the word it stands in is part of it.
        ulong length = cursor.U32("event.padding");
        cursor.Take((int)Math.Min(length < 4 ? 0 : length - 4, int.MaxValue), "event.padding");
        _at = _end - cursor.Left;
    }

    private void TakeData(ref ByteCursor cursor, uint typeLength)
    {
        int length = (int)typeLength * 4;
        if (typeLength == 0)
        {
            long at = cursor.FileOffset;
            uint withItself = cursor.U32("event.length");
            if (withItself is < 4 or > LengthMask)
            {
                CaptureFormatException.ThrowImpossible("event.length", at, $"{withItself}");
            }

            length = (int)((withItself - 4 + 3) & ~3u);
        }

        PayloadStart = _end - cursor.Left;
        PayloadLength = length;
        cursor.Take(length, "event.data");
        _at = _end - cursor.Left;
    }
}
