using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Differ.Fuzz;

/// <summary>Changes a file the way damage and malice do. The same numbers make the same changes.</summary>
/// <param name="random">Where the choices come from.</param>
/// <param name="shape">Finds the records of a file.</param>
internal sealed class Mutator(Random random, Func<byte[], List<Piece>> shape)
{
    private const int MostBytes = 1 << 21;

    // Numbers at which lengths, counts and offsets go wrong.
    private static readonly ulong[] Edges =
        [0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xfff8, 0xffff, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, ulong.MaxValue];

    // The same in descriptions and in text, and what readers of text trip over.
    private static readonly string[] Words =
    [
        "0", "1", "-1", "64", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807", "18446744073709551615", "18446744073709551616",
        "99999999999999999999999999", "0x", "0xffffffffffffffff", "1e9", "0.0", "-0.000001", "", " ", "\t", "\0", "\n", "\r\n", "[", "]", "{", "}", "(", ":", ";", ",", "=", "\"", "<", "> ", "/*", "*/", "\u001b[31m", "ä", "%s",
    ];

    /// <summary>A changed copy.</summary>
    /// <param name="original">The file.</param>
    /// <param name="other">A file to take parts of.</param>
    public byte[] Mutate(byte[] original, byte[] other)
    {
        byte[] bytes = [.. original];
        for (int changes = 1 + random.Next(random.Next(4) == 0 ? 6 : 2); changes > 0 && bytes.Length > 16; changes--)
        {
            bytes = random.Next(3) == 0 ? Anywhere(bytes, other) : InShape(bytes, shape(bytes), other);
        }

        return bytes.Length > MostBytes ? bytes[..MostBytes] : bytes;
    }

    // Knows where a record begins and ends.
    private byte[] InShape(byte[] bytes, List<Piece> pieces, byte[] other)
    {
        if (pieces.Count == 0)
        {
            return Anywhere(bytes, other);
        }

        Piece piece = pieces[random.Next(pieces.Count)], second = pieces[random.Next(pieces.Count)];
        switch (random.Next(14))
        {
            case 0:
                return Replace(bytes, piece, []);
            case 1:
                return Replace(bytes, piece with { Length = 0 }, Many(piece.Of(bytes), random.Next(8) == 0 ? random.Next(300) : 1 + random.Next(3)));
            case 2:
                return Replace(bytes, piece, second.Of(bytes).ToArray());
            case 3:
                List<Piece> foreign = shape(other);
                byte[] taken = foreign.Count == 0 ? [] : foreign[random.Next(foreign.Count)].Of(other).ToArray();
                return Replace(bytes, random.Next(2) == 0 ? piece : piece with { Length = 0 }, taken);
            case 4:
                return Replace(bytes, new Piece(piece.Start + random.Next(piece.Length), 0), new byte[random.Next(64)]);
            case 5:
                int from = random.Next(piece.Length);
                return Replace(bytes, new Piece(piece.Start + from, random.Next(piece.Length - from)), []);
            case 6 when char.IsAscii((char)bytes[piece.Start]):
                return Word(bytes, piece.Start + random.Next(piece.Length));
            default:
                Number(piece.Of(bytes), aligned: true);
                return bytes;
        }
    }

    private byte[] Anywhere(byte[] bytes, byte[] other)
    {
        int at = Place(bytes.Length), length = Math.Min(bytes.Length - at, 1 + random.Next(1 << random.Next(13)));
        switch (random.Next(11))
        {
            case 0:
                return bytes[..random.Next(bytes.Length)];
            case 1:
                return Replace(bytes, new Piece(at, length), []);
            case 2:
                return Replace(bytes, new Piece(at, 0), bytes.AsSpan(at, length));
            case 3:
                bytes.AsSpan(random.Next(bytes.Length - length + 1), length).ToArray().CopyTo(bytes, at);
                return bytes;
            case 4:
                Number(bytes.AsSpan(at), aligned: false);
                return bytes;
            case 5:
                return Digit(bytes, at);
            case 6:
                return Word(bytes, at);
            case 7:
                return Swap(bytes, at, Place(bytes.Length));
            case 8:
                int cut = random.Next(other.Length + 1);
                return Replace(bytes, new Piece(at, bytes.Length - at), other.AsSpan(Math.Min(cut, other.Length)));
            default:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
        }
    }

    // Damage near the start reaches headers and descriptions, which are a small part of a file.
    private int Place(int length) => random.Next(3) > 0 ? random.Next(length) : random.Next(Math.Min(length, 1 << (4 + random.Next(14))));

    // Another number in the place of one: at an edge, or near what it was.
    private void Number(Span<byte> place, bool aligned)
    {
        int size = Math.Min(1 << random.Next(4), place.Length);
        size = size is 3 or > 4 and < 8 ? 1 : size;
        int at = random.Next(place.Length - size + 1);
        at -= aligned ? at % size : 0;
        Span<byte> number = stackalloc byte[8];
        number.Clear();
        place.Slice(at, size).CopyTo(number);
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(number);
        value = random.Next(3) switch
        {
            0 => unchecked(value + (ulong)(long)(random.Next(33) - 16)),
            1 => Edges[random.Next(Edges.Length)],
            _ => (ulong)random.NextInt64() >> random.Next(64),
        };
        BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        number[..size].CopyTo(place[at..]);
        if (random.Next(4) == 0)
        {
            place.Slice(at, size).Reverse();
        }
    }

    // Descriptions are text: another digit changes an offset or a size and still parses.
    private byte[] Digit(byte[] bytes, int at)
    {
        for (int tries = 0; tries < 4096 && at < bytes.Length; tries++, at++)
        {
            if (char.IsAsciiDigit((char)bytes[at]))
            {
                bytes[at] = (byte)('0' + random.Next(10));
                break;
            }
        }

        return bytes;
    }

    // Descriptions are made of words: one in the place of another still parses, and means something else.
    private byte[] Word(byte[] bytes, int at)
    {
        Piece word = WordAt(bytes, at), other = WordAt(bytes, Place(bytes.Length));
        return Replace(bytes, word, random.Next(6) switch
        {
            0 or 1 => other.Of(bytes).ToArray(),
            2 => Many(word.Of(bytes), 1 + random.Next(1 << random.Next(12))),
            3 => Encoding.UTF8.GetBytes(random.NextInt64().ToString(random.Next(2) == 0 ? "x" : "d", CultureInfo.InvariantCulture)),
            _ => Encoding.UTF8.GetBytes(Words[random.Next(Words.Length)]),
        });
    }

    private byte[] Swap(byte[] bytes, int at, int other)
    {
        int length = Math.Min(1 + random.Next(256), bytes.Length - Math.Max(at, other));
        byte[] kept = bytes[at..(at + length)];
        bytes.AsSpan(other, length).CopyTo(bytes.AsSpan(at));
        kept.CopyTo(bytes, other);
        return bytes;
    }

    private static byte[] Many(ReadOnlySpan<byte> bytes, int times)
    {
        times = Math.Clamp(times, 1, Math.Max(1, MostBytes / 2 / Math.Max(1, bytes.Length)));
        byte[] many = new byte[bytes.Length * times];
        for (int i = 0; i < times; i++)
        {
            bytes.CopyTo(many.AsSpan(i * bytes.Length));
        }

        return many;
    }

    private static byte[] Replace(byte[] bytes, Piece place, ReadOnlySpan<byte> by) => [.. bytes.AsSpan(0, place.Start), .. by, .. bytes.AsSpan(place.End)];

    private static Piece WordAt(byte[] bytes, int at)
    {
        int start = at, end = at;
        for (; start > 0 && at - start < 64 && IsWord(bytes[start - 1]); start--)
        {
        }

        for (; end < bytes.Length && end - at < 64 && IsWord(bytes[end]); end++)
        {
        }

        return new Piece(start, end - start);
    }

    private static bool IsWord(byte letter) => char.IsAsciiLetterOrDigit((char)letter) || letter == '_';
}
