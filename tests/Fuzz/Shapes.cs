using System.Buffers.Binary;

namespace Differ.Fuzz;

/// <summary>A part of a file that belongs together: a record, a page, a line.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct Piece(int Start, int Length)
{
    /// <summary>The byte behind it.</summary>
    public int End => Start + Length;

    /// <summary>Its bytes.</summary>
    public Span<byte> Of(byte[] file) => file.AsSpan(Start, Length);
}

/// <summary>Finds the pieces of files. What a damaged file does not let find is left out: the rest is still found.</summary>
internal static class Shapes
{
    private const int ShortestLine = 4;

    /// <summary>None but the lines of descriptions.</summary>
    public static List<Piece> Lines(byte[] file)
    {
        var lines = new List<Piece>();
        for (int start = 0, i = 0; i < file.Length; i++)
        {
            if (file[i] == '\n' && i - start >= ShortestLine)
            {
                lines.Add(new Piece(start, i + 1 - start));
            }

            // A line has no bytes that are not text.
            start = file[i] is (byte)'\t' or >= (byte)' ' and < 0x7f ? start : i + 1;
        }

        return lines;
    }

    /// <summary>Sections and pages of trace-cmd, and lines of descriptions.</summary>
    public static List<Piece> TraceDat(byte[] file)
    {
        List<Piece> pieces = Lines(file);
        const int Versioned = 10;
        if (file.Length < 64)
        {
            return pieces;
        }

        bool big = file[Versioned + 2] == 1;
        int page = (int)Math.Clamp(U32(file, Versioned + 4, big), 64, 1 << 16);
        for (int at = page; at + page <= file.Length; at += page)
        {
            pieces.Add(new Piece(at, page));
        }

        if (file[Versioned] == '7')
        {
            Sections(file, AfterText(file, AfterText(file, Versioned + 8)) + 8, big, pieces);
        }

        return pieces;
    }

    /// <summary>Records of perf, in a file or a pipe.</summary>
    public static List<Piece> Perf(byte[] file)
    {
        List<Piece> pieces = Lines(file);
        const int FileHeader = 104, PipeHeader = 16;
        if (file.Length < FileHeader)
        {
            return pieces;
        }

        bool big = file[0] == '2', pipe = U64(file, 8, big) == PipeHeader;
        ulong start = pipe ? PipeHeader : U64(file, 40, big), length = pipe ? (ulong)file.Length : U64(file, 48, big);
        pieces.Add(new Piece(0, pipe ? PipeHeader : FileHeader));
        long end = (long)Math.Min((ulong)file.Length, start > (ulong)file.Length ? 0 : start + Math.Min(length, (ulong)file.Length));
        for (int at = (int)Math.Min(start, (ulong)file.Length); at + 8 <= end;)
        {
            int size = big ? BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 6)) : BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at + 6));
            if (size < 8 || at + size > end)
            {
                break;
            }

            const int TracingData = 66;
            pieces.Add(new Piece(at, size));
            at += size + (U32(file, at, big) == TracingData && size >= 12 ? (int)Math.Min(U32(file, at + 8, big), (uint)(end - at - size)) : 0);
        }

        return pieces;
    }

    /// <summary>Blocks of a .nettrace file.</summary>
    public static List<Piece> NetTrace(byte[] file)
    {
        const int Header = 20;
        if (file.AsSpan().StartsWith("Nettrace\u0014"u8))
        {
            // Begin of an object and of its type.
            return Between(file, [5, 5, 1]);
        }

        var pieces = new List<Piece>();
        for (int at = Header; at + 4 <= file.Length;)
        {
            int size = 4 + (int)(U32(file, at, false) & 0xff_ffff);
            if (at + size > file.Length)
            {
                break;
            }

            pieces.Add(new Piece(at, size));
            at += size;
        }

        return pieces;
    }

    /// <summary>Of a file that says in its first bytes what it is; lines of any other.</summary>
    public static List<Piece> Any(byte[] file) => file switch
    {
        [0x17, 0x08, 0x44, ..] => TraceDat(file),
        [(byte)'P', (byte)'E', (byte)'R', (byte)'F', ..] or [(byte)'2', (byte)'E', (byte)'L', (byte)'I', ..] => Perf(file),
        [0x89, (byte)'D', ..] => Run(file),
        _ => Lines(file),
    };

    /// <summary>Packets of CTF, and lines of its description.</summary>
    public static List<Piece> Ctf(byte[] file) => [.. Between(file, [0xc1, 0x1f, 0xfc, 0xc1]), .. Between(file, [0xc1, 0xfc, 0x1f, 0xc1]), .. Lines(file)];

    /// <summary>Blocks of a run file.</summary>
    public static List<Piece> Run(byte[] file) => Between(file, [0x89, .. "DIFR"u8]);

    /// <summary>Blocks of a tar archive.</summary>
    public static List<Piece> Tar(byte[] file) =>
        Checksums.IsTar(file) ? [.. Enumerable.Range(0, file.Length / Checksums.TarBlock).Select(i => new Piece(i * Checksums.TarBlock, Checksums.TarBlock))] : [];

    // From each place where a mark stands to the next.
    private static List<Piece> Between(byte[] file, ReadOnlySpan<byte> mark)
    {
        var pieces = new List<Piece>();
        for (int start = file.AsSpan().IndexOf(mark); start >= 0;)
        {
            int next = file.AsSpan(start + 1).IndexOf(mark);
            pieces.Add(new Piece(start, next < 0 ? file.Length - start : next + 1));
            start = next < 0 ? -1 : start + 1 + next;
        }

        return pieces;
    }

    private static void Sections(byte[] file, int at, bool big, List<Piece> pieces)
    {
        const int SectionHeader = 16;
        while (at + SectionHeader <= file.Length)
        {
            ulong size = U64(file, at + 8, big);
            if (size > (ulong)(file.Length - at - SectionHeader))
            {
                return;
            }

            pieces.Add(new Piece(at, SectionHeader + (int)size));
            at += SectionHeader + (int)size;
        }
    }

    private static int AfterText(byte[] file, int at)
    {
        int length = at < file.Length ? file.AsSpan(at).IndexOf((byte)0) : -1;
        return length < 0 ? file.Length : at + length + 1;
    }

    private static uint U32(byte[] file, int at, bool big) =>
        big ? BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at)) : BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private static ulong U64(byte[] file, int at, bool big) =>
        big ? BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan(at)) : BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
}
