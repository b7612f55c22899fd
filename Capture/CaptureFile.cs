using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Wrappers;
using Differ.Schemas.Files;

namespace Differ.Capture;

/// <summary>What a file or a pipe holds when it is unpacked: one capture or run, or those in a tar archive.</summary>
/// <remarks>
/// What it is, is found in its first bytes, never by its name. What is packed and comes from a file, and an archive or a packed run from a pipe, is
/// unpacked into a temporary file that vanishes with this: it is read as it would be unpacked. A pipe that is watched is read as it comes,
/// any other as the file that it would be (<see cref="PipeReading"/>).
/// </remarks>
public sealed class CaptureFile : IDisposable
{
    private readonly List<ByteSource> _sources = [];
    private PeekStream? _pipe;

    /// <summary>The rank of an archive, and of what is packed and damaged: behind every capture.</summary>
    public static int LastRank => TraceFormats.All.Count + 1;

    /// <summary>The rank of text, of which one recording is often printed in several forms.</summary>
    public static int TextRank => TraceFormats.All.Count;

    private CaptureFile()
    {
    }

    /// <summary>What there is, in the order of the archive.</summary>
    public IReadOnlyList<CaptureItem> Items { get; private set; } = [];

    /// <summary>Whether a tar archive was opened, however many captures are in it.</summary>
    public bool IsArchive { get; private set; }

    /// <summary>Names of the packings that are unpacked or named.</summary>
    public static IReadOnlyList<string> PackingNames => [.. Packings.All.Where(packing => packing.Unpacks).Select(packing => packing.Name).Distinct(StringComparer.Ordinal)];

    /// <summary>Opens a file. Where it describes the other files of a recording, they are read too.</summary>
    /// <exception cref="CaptureFormatException">It cannot be unpacked.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static CaptureFile Open(string path) => Open(FileSource.Open(path), path);

    /// <summary>The same of a file that is open; it is closed with this.</summary>
    internal static CaptureFile Open(ByteSource source, string path)
    {
        var opened = new CaptureFile();
        try
        {
            ByteSource file = opened.Keep(source);
            if (TraceFormats.FolderFormatOf(file, Path.GetFileName(path)) is { } format)
            {
                opened.Items = [CaptureItem.Of(new DiskFolder(FolderOf(path)), format)];
                return opened;
            }

            ByteSource bare = opened.Unpacked(file);
            opened.Take(bare, Path.GetFileName(path), (ulong)opened._sources[0].Length);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Opens a pipe.</summary>
    /// <exception cref="CaptureFormatException">It cannot be unpacked.</exception>
    public static CaptureFile Open(Stream pipe)
    {
        LiveStream? live = pipe as LiveStream ?? (pipe.CanSeek ? null : new LiveStream(pipe, CancellationToken.None));
        var opened = new CaptureFile();
        try
        {
            var outer = new PeekStream(live ?? pipe);
            PeekStream bare = opened._pipe = Packings.Unwrap(outer);

            // A packed run is unpacked whole, as that of a file is, so that damage of the packing is told before what it did to the run.
            if (TarArchive.Sniff(bare.Peek(TarArchive.BlockSize)) || (bare != outer && RunReader.Sniff(bare.Peek(RunFile.Magic.Length))))
            {
                opened.Take(opened.Keep(FileSource.Spool([], bare, live)), "", 0);
            }
            else
            {
                opened.Items = [CaptureItem.Of(bare, live)];
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>All files that are read when one is named: those of its folder, where it describes them.</summary>
    public static IReadOnlyList<string> FilesOf(string path)
    {
        try
        {
            using FileSource file = FileSource.Open(path);
            return TraceFormats.FolderFormatOf(file, Path.GetFileName(path)) is null ? [path]
                : [.. new DiskFolder(FolderOf(path)).Names.Select(name => Path.Combine(FolderOf(path), name))];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [path];
        }
    }

    /// <summary>How well a file serves as the capture of its folder: less is better, null is no capture.</summary>
    /// <remarks>A run comes first, then the formats in the order of their list. What is packed in a known way and damaged counts as a capture.</remarks>
    /// <param name="path">The file.</param>
    /// <param name="leftOut">Why what is no capture may hold one all the same, or looks like one; null where it does not.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static int? Rank(string path, out string? leftOut)
    {
        using FileSource file = FileSource.Open(path);
        Span<byte> first = stackalloc byte[Packings.SniffLength];
        first = first[..file.Read(0, first)];
        leftOut = first.Length == 0 ? "the file is empty" : null;
        bool canUnpack = !Packings.Sniff(first) || Packings.CanUnpack(first);
        try
        {
            using PeekStream bare = Packings.Unwrap(new SourceStream(file));
            int? rank = TarArchive.Sniff(bare.Peek(TarArchive.BlockSize)) ? LastRank : CaptureItem.Rank(bare);
            rank ??= first.Length > 0 && IsNamedAsRecording(path) ? LastRank : null;
            leftOut = rank is null && RunReader.Sniff(bare.Peek(RunFile.Magic.Length)) ? "a computed run (differ replay), which is no recording" : leftOut;
            return rank;
        }
        catch (CaptureFormatException fault)
        {
            leftOut = canUnpack ? null : fault.Message;
            return canUnpack ? LastRank : null;
        }
    }

    // What recorders call so was meant to be one: that it is none is told when it is opened.
    private static bool IsNamedAsRecording(string path) => Path.GetFileName(path) is "trace.dat" or "perf.data";

    /// <summary>The only capture or run there is.</summary>
    /// <exception cref="CaptureFormatException">DIF0396, DIF0397: an archive holds none, or several.</exception>
    public CaptureItem Only() => Items.Count switch
    {
        1 => Items[0],
        0 => CaptureFormatException.ThrowNoMember<CaptureItem>(0),
        _ => CaptureFormatException.ThrowSeveralMembers<CaptureItem>(Names(), 0),
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _pipe?.Dispose();
        foreach (ByteSource source in _sources)
        {
            source.Dispose();
        }
    }

    private T Keep<T>(T source)
        where T : ByteSource
    {
        _sources.Add(source);
        return source;
    }

    private ByteSource Unpacked(ByteSource source)
    {
        Span<byte> start = stackalloc byte[Packings.SniffLength];
        if (!Packings.Sniff(start[..source.Read(0, start)]))
        {
            return source;
        }

        // The format is detected from the content: nothing is unpacked that is no capture.
        using PeekStream bare = Packings.Unwrap(new SourceStream(source));
        ReadOnlySpan<byte> inside = bare.Peek(TraceFormats.SniffLength);
        if (!TarArchive.Sniff(inside) && !RunReader.Sniff(inside))
        {
            _ = TraceFormats.Of(inside, inside.Length);
        }

        return Keep(FileSource.Spool([], bare));
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".";

    private void Take(ByteSource bare, string name, ulong size)
    {
        byte[] start = new byte[TarArchive.BlockSize];
        if (!TarArchive.Sniff(start.AsSpan(0, bare.Read(0, start))))
        {
            Items = [CaptureItem.Of(bare, name, size)];
            return;
        }

        IsArchive = true;
        var items = new List<CaptureItem>();
        IReadOnlyList<TarMember> members = TarArchive.List(bare);
        ILookup<string, TarMember> folders = members.ToLookup(member => TarFolder.Of(member), StringComparer.Ordinal);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (TarMember member in members)
        {
            var content = new SliceSource(bare, member.Offset, member.Length);
            if (TraceFormats.FolderFormatOf(content, Path.GetFileName(member.Name)) is { } format)
            {
                // A name may be given again and again; the folder is one recording.
                string folder = TarFolder.Of(member);
                if (taken.Add(folder))
                {
                    items.Add(CaptureItem.Of(new TarFolder(bare, folders[folder], folder), format));
                }

                continue;
            }

            if (Member(content, member) is { } item)
            {
                items.Add(item);
            }
        }

        Items = items;
    }

    // A member that is packed is unpacked when it is opened, so that an archive of thousands takes the room of one. One that is packed in
    // a known way and damaged counts as a capture, and says so when it is opened.
    private static CaptureItem? Member(ByteSource content, TarMember member)
    {
        Span<byte> start = stackalloc byte[Packings.SniffLength];
        if (!Packings.Sniff(start[..content.Read(0, start)]))
        {
            using var plain = new PeekStream(new SourceStream(content));
            return CaptureItem.Rank(plain) is null ? null : CaptureItem.Of(content, member.Name, (ulong)member.Length);
        }

        try
        {
            using PeekStream bare = Packings.Unwrap(new SourceStream(content));
            bool isRun = RunReader.Sniff(bare.Peek(RunFile.Magic.Length));
            return CaptureItem.Rank(bare) is null ? null : CaptureItem.OfPacked(content, member.Name, (ulong)member.Length, isRun);
        }
        catch (CaptureFormatException)
        {
            return CaptureItem.OfPacked(content, member.Name, (ulong)member.Length, isRun: false);
        }
    }

    private string Names() => Items.Count <= 8
        ? string.Join(", ", Items.Select(item => item.Name))
        : $"{string.Join(", ", Items.Take(8).Select(item => item.Name))} and {Items.Count - 8} more";
}
