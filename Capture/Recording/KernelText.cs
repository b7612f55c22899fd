using System.Buffers.Binary;

namespace Differ.Capture.Recording;

/// <summary>The machine code of the running kernel as /proc/kcore shows it: which function calls which, where the compiler may have put one into the other.</summary>
/// <remarks>An ELF core file whose segments are the kernel's memory. A kernel that is locked down (confidentiality) does not show it.</remarks>
internal sealed class KernelText : IDisposable
{
    private const int HeaderSize = 64, EntrySize = 56, MostSegments = 1 << 12, Loaded = 1;
    private const byte Call = 0xe8, Jump = 0xe9;
    private const int BranchSize = 5;

    private readonly FileStream _file;
    private readonly List<(ulong Address, ulong Offset, ulong Size)> _segments;

    private KernelText(FileStream file, List<(ulong, ulong, ulong)> segments) => (_file, _segments) = (file, segments);

    /// <summary>Opens it; null where it cannot be read.</summary>
    public static KernelText? Open(string path)
    {
        FileStream? file = null;
        try
        {
            file = File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 0) : null;
            if (file is not null && Segments(file) is { Count: > 0 } segments)
            {
                return new KernelText(file, segments);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Then nothing is known of calls.
        }

        file?.Dispose();
        return null;
    }

    /// <summary>Whether the code between two addresses calls or jumps to another; null where it cannot be read.</summary>
    public bool? Reaches(ulong from, ulong to, ulong target)
    {
        byte[] code = new byte[to - from];
        if (code.Length < BranchSize || !Read(from, code))
        {
            return null;
        }

        for (int i = 0; i + BranchSize <= code.Length; i++)
        {
            // The distance stands behind the opcode, and counts from the next instruction.
            if (code[i] is Call or Jump && unchecked(from + (ulong)i + BranchSize + (ulong)BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(i + 1))) == target)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static List<(ulong, ulong, ulong)> Segments(FileStream file)
    {
        var segments = new List<(ulong, ulong, ulong)>();
        Span<byte> header = stackalloc byte[HeaderSize], entry = stackalloc byte[EntrySize];
        file.ReadExactly(header);
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(header[0x20..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(header[0x36..]), count = BinaryPrimitives.ReadUInt16LittleEndian(header[0x38..]);
        if (!header.StartsWith("\u007fELF\u0002\u0001"u8) || size < EntrySize || count > MostSegments || table > int.MaxValue)
        {
            return segments;
        }

        for (int i = 0; i < count; i++)
        {
            file.Position = (long)table + (i * size);
            file.ReadExactly(entry);
            if (BinaryPrimitives.ReadUInt32LittleEndian(entry) == Loaded)
            {
                segments.Add((
                    BinaryPrimitives.ReadUInt64LittleEndian(entry[0x10..]), BinaryPrimitives.ReadUInt64LittleEndian(entry[0x8..]), BinaryPrimitives.ReadUInt64LittleEndian(entry[0x20..])));
            }
        }

        return segments;
    }

    private bool Read(ulong address, Span<byte> to)
    {
        foreach ((ulong start, ulong offset, ulong size) in _segments)
        {
            if (address >= start && address - start < size && size - (address - start) >= (ulong)to.Length && offset + (address - start) <= long.MaxValue)
            {
                try
                {
                    _file.Position = (long)(offset + (address - start));
                    _file.ReadExactly(to);
                    return true;
                }
                catch (IOException)
                {
                    return false;
                }
            }
        }

        return false;
    }
}
