using System.Buffers.Binary;

namespace Differ.Fuzz;

/// <summary>Changes a file the way damage and malice do. The same seed makes the same changes.</summary>
/// <param name="seed">The seed.</param>
internal sealed class Mutator(int seed)
{
    // Numbers at which lengths, counts and offsets go wrong.
    private static readonly ulong[] Edges =
        [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, ulong.MaxValue];

    private readonly Random _random = new(seed);

    /// <summary>A changed copy.</summary>
    public byte[] Mutate(byte[] original)
    {
        byte[] bytes = [.. original];
        int changes = 1 + _random.Next(4);
        for (int i = 0; i < changes && bytes.Length > 16; i++)
        {
            bytes = _random.Next(9) switch
            {
                0 => bytes[.._random.Next(bytes.Length)],
                1 => Cut(bytes),
                2 => Repeat(bytes),
                3 => Swap(bytes),
                4 => Edge(bytes),
                5 => Text(bytes),
                6 => Word(bytes),
                _ => Flip(bytes),
            };
        }

        return bytes;
    }

    /// <summary>Chooses the file to change: one name half of the time, any other as often as the rest.</summary>
    public string Choose(IReadOnlyList<string> names, string often) =>
        names.Contains(often) && _random.Next(2) == 0 ? often : names[_random.Next(names.Count)];

    // Damage near the start reaches headers and descriptions, which are a small part of a file.
    private int Place(int length) => _random.Next(3) == 0 ? _random.Next(length) : _random.Next(Math.Min(length, 1 << (4 + _random.Next(14))));

    private byte[] Flip(byte[] bytes)
    {
        bytes[Place(bytes.Length)] ^= (byte)(1 << _random.Next(8));
        return bytes;
    }

    private byte[] Edge(byte[] bytes)
    {
        int size = 1 << _random.Next(4), at = Place(bytes.Length - 8);
        Span<byte> number = stackalloc byte[8];
        ulong value = Edges[_random.Next(Edges.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        number[..size].CopyTo(bytes.AsSpan(at));
        return bytes;
    }

    private byte[] Cut(byte[] bytes)
    {
        int at = Place(bytes.Length), length = Math.Min(bytes.Length - at, 1 + _random.Next(1 << _random.Next(13)));
        return [.. bytes.AsSpan(0, at), .. bytes.AsSpan(at + length)];
    }

    private byte[] Repeat(byte[] bytes)
    {
        int at = Place(bytes.Length), length = Math.Min(bytes.Length - at, 1 + _random.Next(1 << _random.Next(13)));
        return [.. bytes.AsSpan(0, at + length), .. bytes.AsSpan(at, length), .. bytes.AsSpan(at + length)];
    }

    private byte[] Swap(byte[] bytes)
    {
        int length = 1 + _random.Next(Math.Min(256, bytes.Length / 2));
        int from = _random.Next(bytes.Length - length), to = _random.Next(bytes.Length - length);
        bytes.AsSpan(from, length).ToArray().CopyTo(bytes, to);
        return bytes;
    }

    // Descriptions are text: another digit changes an offset or a size and still parses.
    private byte[] Text(byte[] bytes)
    {
        for (int tries = 0, at = Place(bytes.Length); tries < 4096 && at < bytes.Length; tries++, at++)
        {
            if (char.IsAsciiDigit((char)bytes[at]))
            {
                bytes[at] = (byte)('0' + _random.Next(10));
                break;
            }
        }

        return bytes;
    }

    // Descriptions are made of words: one in the place of another still parses, and means something else.
    private byte[] Word(byte[] bytes)
    {
        (int start, int end) = WordAt(bytes, Place(bytes.Length));
        (int from, int to) = WordAt(bytes, Place(bytes.Length));
        return [.. bytes.AsSpan(0, start), .. bytes.AsSpan(from, to - from), .. bytes.AsSpan(end)];
    }

    private static (int Start, int End) WordAt(byte[] bytes, int at)
    {
        int start = at, end = at;
        for (; start > 0 && at - start < 64 && IsWord(bytes[start - 1]); start--)
        {
        }

        for (; end < bytes.Length && end - at < 64 && IsWord(bytes[end]); end++)
        {
        }

        return (start, end);
    }

    private static bool IsWord(byte letter) => char.IsAsciiLetterOrDigit((char)letter) || letter == '_';
}
