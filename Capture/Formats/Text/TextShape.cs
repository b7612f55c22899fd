using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Differ.Capture.Formats.Text;

/// <summary>
/// What a line looks like whose every letter is known but for the digits of its numbers. A line of the same shape is the same
/// event with other numbers, and they stand at known places: it needs not be taken apart.
/// </summary>
internal sealed class TextShape
{
    /// <summary>Longest line that has a shape, in bytes with its end.</summary>
    public const int LongestLine = 12 * BlockSize;

    /// <summary>So much before the text tells most events apart.</summary>
    public const int NameLength = sizeof(ulong);

    private const int BlockSize = 32;

    private readonly Block[] _blocks;
    private readonly TextPlace[] _places;
    private readonly byte[] _record;
    private readonly TextPlace _seconds, _fraction;
    private readonly ulong _unit, _name;
    private readonly int _nameAt;

    /// <summary>Keeps the shape of a line.</summary>
    /// <param name="line">The line, with its end; of an event that is not read, what stands before its text.</param>
    /// <param name="facts">What it is.</param>
    /// <param name="seconds">The time, or the part of it before the point.</param>
    /// <param name="fraction">The part behind it.</param>
    /// <param name="text">Where the event's text starts, <see cref="NameLength"/> bytes or more behind the time.</param>
    /// <param name="places">Its numbers.</param>
    /// <param name="record">The record of a line of zeros; empty for an event that is not read.</param>
    public TextShape(
        ReadOnlySpan<byte> line, in TextShapeFacts facts, TextPlace seconds, TextPlace fraction, int text,
        ReadOnlySpan<TextPlace> places, ReadOnlySpan<byte> record)
    {
        Facts = facts;
        Length = line.Length;
        (_seconds, _fraction) = (seconds, fraction);
        _places = [.. places];
        _record = record.ToArray();
        _unit = TextLine.UnitOf(fraction.Digits);
        _nameAt = text - NameLength;
        _name = BinaryPrimitives.ReadUInt64LittleEndian(line[_nameAt..]);
        _blocks = Blocks(line, [seconds, fraction, .. places]);
    }

    /// <summary>What a line of this shape is.</summary>
    public TextShapeFacts Facts { get; }

    /// <summary>How much of a line the shape is of, in bytes.</summary>
    public int Length { get; }

    /// <summary>Whether a text starts with a line of this shape; false also where too little of the text is at hand.</summary>
    public bool IsOf(ReadOnlySpan<byte> text)
    {
        Block[] blocks = _blocks;
        if (text.Length < blocks.Length * BlockSize || BinaryPrimitives.ReadUInt64LittleEndian(text[_nameAt..]) != _name)
        {
            return false;
        }

        ReadOnlySpan<Vector256<byte>> parts = MemoryMarshal.Cast<byte, Vector256<byte>>(text[..(blocks.Length * BlockSize)]);
        Vector256<byte> wrong = Vector256<byte>.Zero;
        for (int i = 0; i < blocks.Length && i < parts.Length; i++)
        {
            ref readonly Block block = ref blocks[i];
            Vector256<byte> letters = parts[i];
            Vector256<byte> noDecimal = ~TextLetters.AreDecimal(letters), noDigit = ~TextLetters.AreHexadecimal(letters);
            wrong |= ((letters ^ block.Letters) & block.Fixed) | (noDecimal & block.Decimal) | (noDigit & block.Hexadecimal);
        }

        return wrong == Vector256<byte>.Zero;
    }

    /// <summary>The time of a line of this shape, in nanoseconds or ticks.</summary>
    public ulong TimeOf(ReadOnlySpan<byte> line) =>
        _fraction.Digits == 0 ? _seconds.Read(line) : (_seconds.Read(line) * 1_000_000_000) + (_fraction.Read(line) * _unit);

    /// <summary>Makes the record of a line of this shape.</summary>
    /// <returns>Its length.</returns>
    public int Fill(ReadOnlySpan<byte> line, Span<byte> record)
    {
        _record.CopyTo(record);
        foreach (ref readonly TextPlace place in _places.AsSpan())
        {
            place.Put(line, record);
        }

        return _record.Length;
    }

    private static Block[] Blocks(ReadOnlySpan<byte> line, ReadOnlySpan<TextPlace> places)
    {
        int size = (line.Length + BlockSize - 1) / BlockSize * BlockSize;
        Span<byte> letters = new byte[size], kept = new byte[size], decimals = new byte[size], hexadecimals = new byte[size];
        line.CopyTo(letters);
        kept[..line.Length].Fill(byte.MaxValue);
        foreach (TextPlace place in places)
        {
            kept.Slice(place.Start, place.Digits).Clear();
            (place.IsHexadecimal ? hexadecimals : decimals).Slice(place.Start, place.Digits).Fill(byte.MaxValue);
        }

        var blocks = new Block[size / BlockSize];
        for (int i = 0; i < blocks.Length; i++)
        {
            int at = i * BlockSize;
            blocks[i] = new Block(
                Vector256.Create<byte>(letters[at..]), Vector256.Create<byte>(kept[at..]),
                Vector256.Create<byte>(decimals[at..]), Vector256.Create<byte>(hexadecimals[at..]));
        }

        return blocks;
    }

    // A part of the line, and which of its bytes have to be the same, a decimal digit, or a hexadecimal one.
    private readonly record struct Block(Vector256<byte> Letters, Vector256<byte> Fixed, Vector256<byte> Decimal, Vector256<byte> Hexadecimal);
}

/// <summary>What every line of a shape is.</summary>
/// <param name="Event">The event.</param>
/// <param name="Form">The form of its text; null for an event that is not read.</param>
/// <param name="Cpu">The host CPU.</param>
/// <param name="Thread">The thread.</param>
/// <param name="Comm">Where the thread's name stands.</param>
internal readonly record struct TextShapeFacts(TextEvent Event, TextForm? Form, int Cpu, int Thread, Range Comm);
