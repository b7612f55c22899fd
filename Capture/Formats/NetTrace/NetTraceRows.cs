using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>Goes over the rows of a block of events; in versions 4 and 5 descriptions are such rows too.</summary>
/// <remarks>
/// <code>
/// block    u16 size of its header, u16 flags (1: packed), ..., then rows: a head and what it says is in it
/// plain    u32 size, u32 description (uppermost bit: sorted), u32 number, u64 thread, u64 captured by, u32 CPU, u32 stack, u64 time,
///          2 x 16 bytes of activities, from version 6 on u32 labels, u32 length; up to version 5 filled to 4
/// packed   u8 groups, of each group that is there its numbers, else those of the row before:
///          1 description   2 number (added to the last), captured by, CPU   4 thread   8 stack   always: time, added to the last
///          16 activity or labels   32 related activity   64 says: sorted   128 length
/// </code>
/// Source: microsoft/perfview NetTraceFormat.md and NetTraceFormat_v5.md.
/// </remarks>
internal ref struct NetTraceRows
{
    private const ushort PackedFlag = 1;
    private const byte DescriptionBit = 1, CaptureBit = 2, ThreadBit = 4, StackBit = 8, ActivityBit = 16, RelatedBit = 32, SortedBit = 64, LengthBit = 128;
    private const int GuidSize = 16, Alignment = 4;
    private const uint SortedFlag = 1U << 31;

    private readonly bool _plainVersion;
    private readonly bool _packed;
    private readonly int _blockLength;
    private ByteCursor _cursor;
    private uint _length;

    /// <summary>Starts before the first row.</summary>
    /// <param name="block">Content of the block.</param>
    /// <param name="fileOffset">Where that stands in the file.</param>
    /// <param name="version">Version of the format.</param>
    /// <exception cref="CaptureFormatException">The block is cut short.</exception>
    public NetTraceRows(ReadOnlySpan<byte> block, long fileOffset, int version)
    {
        _plainVersion = version >= NetTraceHeader.FirstPlainVersion;
        _blockLength = block.Length;
        _cursor = new ByteCursor(block, fileOffset, bigEndian: false);
        int header = _cursor.U16("size of the header");
        _packed = (_cursor.U16("flags") & PackedFlag) != 0;
        _cursor.Take(header - (2 * sizeof(ushort)), "header");
    }

    /// <summary>Id of the description of the current event.</summary>
    public uint Description { get; private set; }

    /// <summary>Its number among the events of the thread that captured it.</summary>
    public uint Number { get; private set; }

    /// <summary>The thread that captured it.</summary>
    public ulong CapturedBy { get; private set; }

    /// <summary>The thread it happened on: up to version 5 its number in the system, from then on its place among the threads of the file.</summary>
    public ulong Thread { get; private set; }

    public uint Cpu { get; private set; }

    /// <summary>When, in ticks of the file's clock.</summary>
    public ulong Ticks { get; private set; }

    /// <summary>Whether nothing behind it in the file was earlier.</summary>
    public bool IsSorted { get; private set; }

    /// <summary>What the row holds.</summary>
    public ReadOnlySpan<byte> Payload { get; private set; }

    /// <summary>Where that stands in the file.</summary>
    public long PayloadOffset { get; private set; }

    /// <summary>Goes to the next row.</summary>
    /// <returns>False behind the last.</returns>
    /// <exception cref="CaptureFormatException">A row is cut short.</exception>
    public bool MoveNext()
    {
        if (_cursor.Left == 0)
        {
            return false;
        }

        if (_packed)
        {
            Unpack();
        }
        else
        {
            ReadPlain();
        }

        PayloadOffset = _cursor.FileOffset;
        Payload = _cursor.Take((int)Math.Min(_length, int.MaxValue), "content of a row");
        if (!_packed && !_plainVersion)
        {
            int over = (_blockLength - _cursor.Left) & (Alignment - 1);
            _cursor.Take(Math.Min(over == 0 ? 0 : Alignment - over, _cursor.Left), "filling");
        }

        return true;
    }

    private void ReadPlain()
    {
        _cursor.U32("size of a row");
        uint description = _cursor.U32("description");
        IsSorted = (description & SortedFlag) != 0;
        Description = description & ~SortedFlag;
        Number = _cursor.U32("number");
        Thread = _cursor.U64("thread");
        CapturedBy = _cursor.U64("captured by");
        Cpu = _cursor.U32("cpu");
        _cursor.U32("stack");
        Ticks = _cursor.U64("time");
        _cursor.Take(_plainVersion ? sizeof(uint) : 2 * GuidSize, "labels");
        _length = _cursor.U32("length of a row");
    }

    private void Unpack()
    {
        byte groups = _cursor.U8("groups of a head");
        Description = (groups & DescriptionBit) != 0 ? (uint)(NetTraceNumbers.Packed(ref _cursor) & uint.MaxValue) : Description;
        if ((groups & CaptureBit) != 0)
        {
            Number = unchecked(Number + (uint)NetTraceNumbers.Packed(ref _cursor));
            CapturedBy = NetTraceNumbers.Packed(ref _cursor);
            Cpu = (uint)(NetTraceNumbers.Packed(ref _cursor) & uint.MaxValue);
        }

        // Descriptions, which have no description themselves, are not counted.
        Number = Description != 0 || _plainVersion ? unchecked(Number + 1) : Number;
        Thread = (groups & ThreadBit) != 0 ? NetTraceNumbers.Packed(ref _cursor) : Thread;
        Pass(groups, StackBit);
        Ticks = unchecked(Ticks + NetTraceNumbers.Packed(ref _cursor));
        IsSorted = (groups & SortedBit) != 0;
        if (_plainVersion)
        {
            Pass(groups, ActivityBit);
        }
        else
        {
            _cursor.Take(((groups & ActivityBit) != 0 ? GuidSize : 0) + ((groups & RelatedBit) != 0 ? GuidSize : 0), "activities");
        }

        _length = (groups & LengthBit) != 0 ? (uint)(NetTraceNumbers.Packed(ref _cursor) & uint.MaxValue) : _length;
    }

    private void Pass(byte groups, byte group)
    {
        if ((groups & group) != 0)
        {
            NetTraceNumbers.Packed(ref _cursor);
        }
    }
}
