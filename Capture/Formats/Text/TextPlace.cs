using System.Buffers.Binary;

namespace Differ.Capture.Formats.Text;

/// <summary>Where a number stands in a line, and where it goes.</summary>
/// <param name="Start">Where its digits start.</param>
/// <param name="Digits">How many there are, up to <see cref="MostDigits"/>.</param>
/// <param name="IsHexadecimal">Whether they are hexadecimal.</param>
/// <param name="IsNegated">Whether what is meant is the negated number.</param>
/// <param name="Offset">Where it goes in the record; 0 to nowhere.</param>
/// <param name="IsByte">Whether it is one byte of the record.</param>
internal readonly record struct TextPlace(int Start, int Digits, bool IsHexadecimal = false, bool IsNegated = false, int Offset = 0, bool IsByte = false)
{
    /// <summary>So many digits fit into 64 bits whatever they are.</summary>
    public const int MostDigits = 16;

    // Digits are taken eight at a time, the last of them first: what a word holds before the digits does not count.
    private const int Word = sizeof(ulong);

    /// <summary>Where the digits end.</summary>
    public int End => Start + Digits;

    /// <summary>Whether the number can be read by its place.</summary>
    public bool CanRead => Digits is > 0 and <= MostDigits && End >= MostDigits;

    /// <summary>The number in a line that has digits here.</summary>
    public ulong Read(ReadOnlySpan<byte> line)
    {
        ulong last = BinaryPrimitives.ReadUInt64LittleEndian(line[(End - Word)..]);
        if (Digits <= Word)
        {
            return Signed(IsHexadecimal ? TextNumber.FromHexadecimal(Kept(last, Digits)) : TextNumber.FromDecimal(Kept(last, Digits)));
        }

        ulong first = Kept(BinaryPrimitives.ReadUInt64LittleEndian(line[(End - (2 * Word))..]), Digits - Word);
        return Signed(IsHexadecimal
            ? (TextNumber.FromHexadecimal(first) << 32) | TextNumber.FromHexadecimal(last)
            : (TextNumber.FromDecimal(first) * 100_000_000) + TextNumber.FromDecimal(last));
    }

    /// <summary>Puts the number of a line into the line's record, to what is there.</summary>
    public void Put(ReadOnlySpan<byte> line, Span<byte> record)
    {
        if (IsByte)
        {
            record[Offset] = (byte)Read(line);
        }
        else if (Offset > 0)
        {
            Span<byte> field = record[Offset..];
            BinaryPrimitives.WriteUInt64LittleEndian(field, BinaryPrimitives.ReadUInt64LittleEndian(field) | Read(line));
        }
    }

    private static ulong Kept(ulong word, int digits) => word & (ulong.MaxValue << (8 * (Word - digits)));

    private ulong Signed(ulong number) => IsNegated ? unchecked(0 - number) : number;
}
