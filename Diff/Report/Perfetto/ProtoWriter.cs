using System.Buffers.Binary;
using System.Text;

namespace Differ.Diff.Report.Perfetto;

/// <summary>Writes protobuf's wire format as it comes, without objects for the messages.</summary>
/// <remarks>
/// Generated classes would need an object for each of some hundred bytes of every exit, and Google.Protobuf's CodedOutputStream the length of
/// a message before its content. Here a message starts with one byte of room for its length, which moves what follows where that is too small:
/// nearly all messages of a trace are shorter than 128 bytes.
/// </remarks>
/// <param name="output">Where the bytes go.</param>
internal sealed class ProtoWriter(Stream output)
{
    private const int FlushAt = 1 << 16;
    private const int MostVarint = 10;

    private readonly int[] _starts = new int[8];
    private byte[] _bytes = new byte[2 * FlushAt];
    private int _depth;
    private int _length;

    private enum WireType : uint
    {
        Varint = 0,
        Fixed64 = 1,
        Delimited = 2,
    }

    /// <summary>Starts a message; what is written next is in it.</summary>
    public void Begin(int field)
    {
        Tag(field, WireType.Delimited);
        _starts[_depth++] = _length;
        _length++;
    }

    /// <summary>Ends the message that was started last. After an outermost one, bytes may go out.</summary>
    public void End()
    {
        int start = _starts[--_depth];
        int length = _length - start - 1;
        int more = VarintSize((ulong)length) - 1;
        if (more > 0)
        {
            Reserve(more);
            _bytes.AsSpan(start + 1, length).CopyTo(_bytes.AsSpan(start + 1 + more));
            _length += more;
        }

        PutVarint(start, (ulong)length);
        if (_depth == 0 && _length >= FlushAt)
        {
            Flush();
        }
    }

    /// <summary>An integer, a boolean or an enumeration.</summary>
    public void Number(int field, ulong value)
    {
        Tag(field, WireType.Varint);
        Reserve(MostVarint);
        _length = PutVarint(_length, value);
    }

    /// <summary>An integer of eight bytes.</summary>
    public void Fixed64(int field, ulong value)
    {
        Tag(field, WireType.Fixed64);
        Reserve(sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(_length), value);
        _length += sizeof(ulong);
    }

    /// <summary>A text. What is no text in UTF-16 becomes U+FFFD.</summary>
    public void Text(int field, string value)
    {
        Tag(field, WireType.Delimited);
        int size = Encoding.UTF8.GetByteCount(value);
        Reserve(MostVarint + size);
        _length = PutVarint(_length, (ulong)size);
        _length += Encoding.UTF8.GetBytes(value, _bytes.AsSpan(_length));
    }

    /// <summary>Hands on everything that is complete.</summary>
    public void Flush()
    {
        output.Write(_bytes, 0, _length);
        _length = 0;
    }

    private void Tag(int field, WireType type)
    {
        Reserve(MostVarint);
        _length = PutVarint(_length, ((ulong)field << 3) | (uint)type);
    }

    private void Reserve(int size)
    {
        if (_bytes.Length - _length < size)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, _length + size));
        }
    }

    private int PutVarint(int at, ulong value)
    {
        while (value >= 0x80)
        {
            _bytes[at++] = (byte)(0x80 | (value & 0x7f));
            value >>= 7;
        }

        _bytes[at++] = (byte)value;
        return at;
    }

    private static int VarintSize(ulong value)
    {
        int size = 1;
        for (; value >= 0x80; value >>= 7)
        {
            size++;
        }

        return size;
    }
}
