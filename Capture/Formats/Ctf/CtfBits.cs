using System.Buffers.Binary;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Ctf;

/// <summary>Reads the bits of a packet through a window.</summary>
/// <remarks>
/// Positions are bits from the start of the packet. In little-endian order the first bit of a byte is its lowest one, in big-endian
/// order its highest one. Example: the bytes 0xe1 0x07 hold, little-endian, a number of 5 bits, 1, and behind it one of 11 bits, 0x3f.
/// </remarks>
/// <param name="name">Name of the file, for messages.</param>
internal sealed class CtfBits(string name)
{
    /// <summary>The longest event in bytes. Those of KVM have less than 256.</summary>
    public const int LongestEvent = 1 << 16;

    private const int WindowSize = 1 << 17;
    private const int Slack = 16;

    private readonly byte[] _window = new byte[WindowSize + Slack];
    private ByteSource? _source;
    private long _offset;
    private long _limit;
    private long _start;
    private int _length;
    private long _readable;

    /// <summary>The file.</summary>
    public string Name => name;

    /// <summary>Where the next read starts.</summary>
    public long Position { get; private set; }

    /// <summary>Where that is in the file, in bytes.</summary>
    public long FileOffset => _offset + (Position >> 3);

    /// <summary>Whether all of the packet is read.</summary>
    public bool AtEnd => Position >= _limit;

    /// <summary>Goes to a packet.</summary>
    /// <param name="source">The file.</param>
    /// <param name="offset">Where the packet starts.</param>
    /// <param name="limit">Its bits.</param>
    public void Start(ByteSource source, long offset, long limit)
    {
        _source = source;
        _offset = offset;
        _start = 0;
        _length = 0;
        Position = 0;
        _limit = limit;
        Fill();
    }

    /// <summary>Says how long the packet is, once that is known.</summary>
    public void Limit(long limit)
    {
        _limit = limit;
        _readable = Math.Min(_readable, limit);
    }

    /// <summary>Makes sure that a whole event can be read.</summary>
    public void Fill()
    {
        long at = Position >> 3, end = (_limit + 7) >> 3;
        if (_start + _length < Math.Min(at + LongestEvent, end))
        {
            _start = at;
            _length = _source!.Read(_offset + at, _window.AsSpan(0, (int)Math.Min(WindowSize, end - at)));
        }

        _readable = Math.Min(_limit, Math.Min(_start + _length, at + LongestEvent) * 8);
    }

    /// <summary>Goes to the next multiple of an alignment.</summary>
    /// <param name="mask">The alignment less one.</param>
    public void Align(long mask) => Position = (Position + mask) & ~mask;

    /// <summary>Reads a number of 1 to 64 bits.</summary>
    public ulong Read(int bits, bool bigEndian)
    {
        long position = Position;
        if (position + bits > _readable)
        {
            Refuse();
        }

        Position = position + bits;
        int shift = (int)(position & 7);
        ReadOnlySpan<byte> bytes = _window.AsSpan((int)((position >> 3) - _start));
        if (bigEndian)
        {
            ulong high = BinaryPrimitives.ReadUInt64BigEndian(bytes) << shift;
            return (shift + bits > 64 ? high | ((uint)bytes[8] >> (8 - shift)) : high) >> (64 - bits);
        }

        ulong low = BinaryPrimitives.ReadUInt64LittleEndian(bytes) >> shift;
        low = shift + bits > 64 ? low | ((ulong)bytes[8] << (64 - shift)) : low;
        return bits == 64 ? low : low & ((1UL << bits) - 1);
    }

    /// <summary>Reads bytes; the position is a multiple of 8.</summary>
    public ReadOnlySpan<byte> Read(ulong length)
    {
        if (length > (ulong)Math.Max(0, _readable - Position) / 8)
        {
            Refuse();
        }

        ReadOnlySpan<byte> bytes = _window.AsSpan((int)((Position >> 3) - _start), (int)length);
        Position += (long)length * 8;
        return bytes;
    }

    /// <summary>Reads bytes up to a zero, which is passed over; the position is a multiple of 8.</summary>
    public ReadOnlySpan<byte> ReadText()
    {
        int left = (int)Math.Max(0, (_readable - Position) >> 3);
        int length = left == 0 ? -1 : _window.AsSpan((int)((Position >> 3) - _start), left).IndexOf((byte)0);
        if (length < 0)
        {
            Position = _readable;
            Refuse();
        }

        return Read((ulong)length + 1)[..length];
    }

    private void Refuse() => CaptureFormatException.ThrowLongEvent(name, FileOffset, _readable < _limit, LongestEvent);
}
