using System.Buffers;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TracingData;
using Differ.Capture.Order;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>The events of one CPU in one buffer, block by block and page by page.</summary>
internal sealed class CpuEvents : PageEvents
{
    // Uncompressed pages are read this many bytes at a time.
    private const int ReadAhead = 1 << 16;
    private const int LargestBlock = 1 << 26;

    private readonly ByteSource _source;
    private readonly CpuData _data;
    private readonly bool _bigEndian;
    private readonly int _pageSize;
    private readonly Unpacker? _unpacker;
    private readonly PageRoom _room;

    private long _next;
    private uint _blocksLeft;
    private byte[] _block = [];
    private int _blockLength;
    private int _pageAt;
    private long _blockOffset;

    public CpuEvents(
        ByteSource source, TraceDatBuffer buffer, int instance, CpuData data, TraceDatHeader header, PageLayout layout, TimeScale scale, Unpacker? unpacker, PageRoom room)
        : base(data.Cpu, instance, layout, header.BigEndian, scale)
    {
        _source = source;
        _data = data;
        _bigEndian = header.BigEndian;
        _pageSize = buffer.PageSize;
        _unpacker = unpacker;
        _room = room;
        _next = data.Offset;
        if (data.Size > source.Length || data.Offset > source.Length - data.Size)
        {
            CaptureFormatException.ThrowTruncated($"data of CPU {data.Cpu}", data.Offset, data.Size, Math.Max(0, source.Length - data.Offset));
        }

        room.Claim(data);
        if (unpacker is not null)
        {
            _blocksLeft = Read32("number of blocks");
        }
    }

    /// <inheritdoc/>
    public override long FileOffset => _blockOffset;

    /// <inheritdoc/>
    public override long Consumed => _next - _data.Offset;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _room.Take(-_block.Length, _blockOffset);
        GiveBack();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override bool NextPage()
    {
        if (_pageAt >= _blockLength && !(_unpacker is null ? NextPlainBlock() : NextPackedBlock(_unpacker)))
        {
            return false;
        }

        Page.Load(_block, _pageAt, _pageSize, _unpacker is null ? _blockOffset + _pageAt : _blockOffset);
        _pageAt += _pageSize;
        return true;
    }

    private bool NextPlainBlock()
    {
        long left = _data.Offset + _data.Size - _next;
        if (left <= 0)
        {
            return false;
        }

        if (left < _pageSize)
        {
            CaptureFormatException.ThrowTruncated($"page of CPU {_data.Cpu}", _next, _pageSize, left);
        }

        long length = Math.Min(left / _pageSize, Math.Max(1, ReadAhead / _pageSize)) * _pageSize;
        Fill((int)length);
        _source.ReadExactly(_next, _block.AsSpan(0, (int)length), "page");
        _blockOffset = _next;
        _next += length;
        return true;
    }

    private bool NextPackedBlock(Unpacker unpacker)
    {
        if (_blocksLeft == 0)
        {
            return false;
        }

        _blocksLeft--;
        _blockOffset = _next;
        uint packedLength = Read32("compressed size of a block");
        uint length = Read32("size of a block");
        if (length == 0 || length > LargestBlock || length % (uint)_pageSize != 0 || packedLength > LargestBlock)
        {
            CaptureFormatException.ThrowImpossible("size of a block", _blockOffset, $"{length} with pages of {_pageSize} bytes");
        }

        byte[] packed = ArrayPool<byte>.Shared.Rent((int)packedLength);
        try
        {
            Span<byte> bytes = packed.AsSpan(0, (int)packedLength);
            _source.ReadExactly(_next, bytes, "block");
            _next += packedLength;
            Fill((int)length);
            unpacker.Unpack(bytes, _block.AsSpan(0, (int)length), _blockOffset);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }

        return true;
    }

    private void Fill(int length)
    {
        if (_block.Length < length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(length);
            _room.Take(larger.Length - _block.Length, _blockOffset);
            GiveBack();
            _block = larger;
        }

        _blockLength = length;
        _pageAt = 0;
    }

    private void GiveBack()
    {
        if (_block.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_block);
            _block = [];
        }
    }

    private uint Read32(string field)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        _source.ReadExactly(_next, bytes, field);
        uint value = new ByteCursor(bytes, _next, _bigEndian).U32(field);
        _next += sizeof(uint);
        return value;
    }
}
