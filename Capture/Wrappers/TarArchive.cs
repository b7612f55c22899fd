using System.Globalization;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Wrappers;

/// <summary>The files in a tar archive: v7, ustar, pax and GNU.</summary>
/// <remarks>
/// <code>
/// a header of 512 bytes, the bytes of the file up to the next multiple of 512, again and again; zeros at the end
///     0 name[100]   124 size[12], octal, or binary behind 0x80   148 checksum[8]   156 type   257 "ustar"   345 prefix[155]
/// type 'x': lines "length key=value" about the next file, of which path and size count;  'L': the name of the next file
/// </code>
/// Nothing is extracted, so that a name can do no harm. System.Formats.Tar does not serve: it takes a header whatever its checksum, reserves
/// what an extension claims to be long, ends at the first zeros, and refuses an archive for a time or an owner that is no number, for a key that
/// is given twice and for a sparse file. Source: POSIX.1-2017, pax; GNU tar's src/tar.h.
/// </remarks>
internal static class TarArchive
{
    /// <summary>Most headers that are read.</summary>
    public const int MostMembers = 1 << 16;

    /// <summary>Bytes that <see cref="Sniff"/> needs.</summary>
    public const int BlockSize = 512;

    private const int NameSize = 100, SizeAt = 124, SizeSize = 12, ChecksumAt = 148, ChecksumSize = 8, TypeAt = 156, MagicAt = 257, PrefixAt = 345, PrefixSize = 155;
    private const int LongestText = 1 << 16, LongestName = 1 << 10;

    /// <summary>Whether bytes are the first header of an archive: its checksum is right.</summary>
    public static bool Sniff(ReadOnlySpan<byte> start) => start.Length >= BlockSize && start[0] != 0 && IsHeader(start[..BlockSize]);

    /// <summary>Lists the files in an archive.</summary>
    /// <exception cref="CaptureFormatException">DIF0101, DIF0104: the archive is cut or damaged. DIF0395: it has too many members.</exception>
    public static IReadOnlyList<TarMember> List(ByteSource archive)
    {
        var members = new List<TarMember>();
        byte[] header = new byte[BlockSize];
        string? name = null;
        long? size = null;
        long at = 0;
        for (int count = 0; at < archive.Length; count++)
        {
            if (count == MostMembers)
            {
                CaptureFormatException.ThrowManyMembers(MostMembers, at);
            }

            archive.ReadExactly(at, header, "tar header");
            if (!header.AsSpan().ContainsAnyExcept((byte)0))
            {
                // Another archive may follow the end of the first (tar --ignore-zeros).
                at = NextHeader(archive, at);
                continue;
            }

            long start = at + BlockSize;
            long length = Check(archive, header, at, size);
            switch (header[TypeAt])
            {
                case (byte)'x':
                    ReadExtension(Text(archive, start, length), ref name, ref size);
                    break;
                case (byte)'L':
                    name = Text(archive, start, length);
                    break;
                case 0 or (byte)'0' or (byte)'7':
                    members.Add(new TarMember(Clean(name ?? NameIn(header)), start, length));
                    (name, size) = (null, null);
                    break;
                default:
                    // Folders, links, devices, and what makers of archives added.
                    (name, size) = (null, null);
                    break;
            }

            at = start + length + ((BlockSize - (length % BlockSize)) % BlockSize);
        }

        return members;
    }

    // The first block that is not all zeros, if it is a header; else the end.
    private static long NextHeader(ByteSource archive, long at)
    {
        byte[] blocks = new byte[BlockSize << 7];
        for (int read = archive.Read(at, blocks); read >= BlockSize; read = archive.Read(at, blocks))
        {
            int other = blocks.AsSpan(0, read).IndexOfAnyExcept((byte)0);
            if (other < 0)
            {
                at += read;
                continue;
            }

            at += other / BlockSize * BlockSize;
            return archive.Read(at, blocks) >= BlockSize && Sniff(blocks) ? at : archive.Length;
        }

        return archive.Length;
    }

    private static long Check(ByteSource archive, ReadOnlySpan<byte> header, long at, long? extended)
    {
        if (!IsHeader(header))
        {
            CaptureFormatException.ThrowImpossible("tar header", at, "one with this checksum");
        }

        long length = extended is { } told && header[TypeAt] is 0 or (byte)'0' or (byte)'7' ? told : Number(header.Slice(SizeAt, SizeSize));
        if (length < 0)
        {
            CaptureFormatException.ThrowImpossible("size of a member of the tar archive", at + SizeAt, "this number");
        }

        if (length > archive.Length - at - BlockSize)
        {
            CaptureFormatException.ThrowTruncated("member of the tar archive", at + BlockSize, length, archive.Length - at - BlockSize);
        }

        return length;
    }

    // The sum of all bytes, those of the sum itself taken as blanks; old writers added signed bytes.
    private static bool IsHeader(ReadOnlySpan<byte> header)
    {
        int sum = 0, signed = 0;
        for (int i = 0; i < BlockSize; i++)
        {
            byte value = i is >= ChecksumAt and < ChecksumAt + ChecksumSize ? (byte)' ' : header[i];
            sum += value;
            signed += unchecked((sbyte)value);
        }

        // What is no number is no sum, whatever the bytes add up to.
        long said = Number(header.Slice(ChecksumAt, ChecksumSize));
        return said >= 0 && (said == sum || said == signed);
    }

    // -1 for what is no number.
    private static long Number(ReadOnlySpan<byte> field)
    {
        if (field[0] == 0x80)
        {
            long value = 0;
            foreach (byte part in field[1..])
            {
                if (value >> 55 != 0)
                {
                    return -1;
                }

                value = (value << 8) | part;
            }

            return value;
        }

        field = field.Trim(" \0"u8);
        long number = 0;
        foreach (byte digit in field)
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                return -1;
            }

            number = (number << 3) | (uint)(digit - '0');
        }

        return field.Length == 0 ? -1 : number;
    }

    private static string NameIn(ReadOnlySpan<byte> header)
    {
        string name = CString(header[..NameSize]);
        string prefix = header.Slice(MagicAt, 6).SequenceEqual("ustar\0"u8) ? CString(header.Slice(PrefixAt, PrefixSize)) : "";
        return prefix.Length > 0 ? $"{prefix}/{name}" : name;
    }

    private static string CString(ReadOnlySpan<byte> field) => Utf8Text.Decode(field.IndexOf((byte)0) is >= 0 and int end ? field[..end] : field);

    private static string Text(ByteSource archive, long start, long length)
    {
        byte[] text = new byte[(int)Math.Min(length, LongestText)];
        archive.ReadExactly(start, text, "tar header");
        return Utf8Text.Decode(text).TrimEnd('\0');
    }

    // "30 path=...\n"; what is behind the limit is not missed.
    private static void ReadExtension(string text, ref string? name, ref long? size)
    {
        foreach (string line in text.Split('\n'))
        {
            string pair = line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..];
            if (pair.StartsWith("path=", StringComparison.Ordinal))
            {
                name = pair["path=".Length..];
            }
            else if (pair.StartsWith("size=", StringComparison.Ordinal)
                && long.TryParse(pair.AsSpan("size=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out long told))
            {
                size = told;
            }
        }
    }

    // The end of a long one tells what it is.
    private static string Clean(string name)
    {
        name = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        return name[Math.Max(0, name.Length - LongestName)..];
    }
}
