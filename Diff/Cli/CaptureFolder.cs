using Differ.Capture;
using Differ.Capture.Disk;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary>The captures and runs in a folder: known by their first bytes, never by their names; everything else in it is passed over.</summary>
internal static class CaptureFolder
{
    private const int DeepestFolder = 16;
    private const int MostNamed = 8;

    /// <summary>The file to read for a path.</summary>
    /// <param name="path">A file, or a folder with a capture in it.</param>
    /// <returns>
    /// The file. Of a folder, the one whose format tells most (the same guest is often recorded with several tools), and of several
    /// of that format the first by name; where there is none, the only file, which then says what is wrong with it; else null.
    /// </returns>
    public static string? Find(string path)
    {
        if (!IsFolder(path))
        {
            return FileNode.Of(path) is null ? null : path;
        }

        List<string> files = Look(path).Files;
        return BestOf(Ranked(files)).FirstOrDefault() ?? (files.Count == 1 ? files[0] : null);
    }

    /// <summary>Whether a path stands for one capture: it is a file, or a folder with one in it or below it.</summary>
    public static bool IsOne(string path) => !IsFolder(path) || Under(path).Take(2).Count() == 1;

    /// <summary>The file to read for a path that a user named.</summary>
    /// <exception cref="UsageException">It is a folder without a capture, or with several.</exception>
    public static string Resolve(string path)
    {
        if (!IsFolder(path))
        {
            return path;
        }

        (string Place, string File)[] found = [.. Under(path).Take(MostNamed + 1)];
        return found.Length switch
        {
            0 => throw new UsageException(Empty(path)),
            1 => found[0].File,
            _ => throw new UsageException(
                $"{path} holds several captures: {string.Join(", ", found.Take(MostNamed).Select(one => Path.GetRelativePath(path, one.Place)))}{(found.Length > MostNamed ? ", ..." : "")}; name one"),
        };
    }

    /// <summary>What is said of a folder that has none.</summary>
    public static string Empty(string folder) => $"{folder} is a folder without a capture";

    /// <summary>The captures in a folder and the folders below it.</summary>
    /// <returns>Each with its place, which is the file or the folder that holds it alone, and the file.</returns>
    /// <remarks>
    /// Of a folder in which one file tells most, that is the capture: the others are the same guest in formats that tell less. With
    /// several of any format but text, or an archive among several, it is a collection.
    /// </remarks>
    public static IEnumerable<(string Place, string File)> Under(string folder) => Within(folder, 0);

    /// <summary>The captures in a folder of captures.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Each by its name, in alphabetical order: its place in the folder, without the ending of a file.</returns>
    public static SortedDictionary<string, string> In(string folder)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string place, string file) in Under(folder).OrderBy(item => !IsFolder(item.Place)))
        {
            // A file beside folders of captures is known by its own name.
            string known = place == folder ? file : place;
            string name = PlainText.Of(Path.GetRelativePath(folder, known));
            found.TryAdd(IsFolder(known) ? name : Path.ChangeExtension(name, null), file);
        }

        return found;
    }

    /// <summary>How well a file serves as the capture of its folder; null for no capture, and for what cannot be read: that is told when it is named.</summary>
    public static int? RankOf(string file)
    {
        try
        {
            return CaptureFile.Rank(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsFolder(string path) => FileNode.Of(path) is { Kind: FileKind.Folder };

    // Files, also those that links lead to, and folders, without links to them: such a link may lead back to where it stands.
    private static (List<string> Files, List<string> Folders) Look(string folder)
    {
        List<string> files = [], folders = [];
        foreach (string path in DiskFile.Names(folder).Select(name => Path.Combine(folder, name)).Order(StringComparer.Ordinal))
        {
            FileKind? kind = FileNode.OfLink(path)?.Kind;
            if (kind == FileKind.Folder)
            {
                folders.Add(path);
            }
            else if ((kind == FileKind.Link ? FileNode.Of(path)?.Kind : kind) is FileKind.Regular)
            {
                files.Add(path);
            }
        }

        return (files, folders);
    }

    // A folder inside that may not be looked into, or that is gone by now, is passed over.
    private static (List<string> Files, List<string> Folders) LookInside(string folder, int depth)
    {
        try
        {
            return Look(folder);
        }
        catch (Exception fault) when (depth > 0 && fault is IOException or UnauthorizedAccessException)
        {
            return ([], []);
        }
    }

    private static IEnumerable<(string Place, string File)> Within(string folder, int depth)
    {
        (List<string> files, List<string> folders) = LookInside(folder, depth);
        List<(string File, int Rank)> ranked = Ranked(files);
        List<string> inner = depth == DeepestFolder ? [] : folders;
        List<string> best = BestOf(ranked);
        IEnumerable<(string, string)> here = best.Count == 1 && IsOneGuest(ranked) ? [(folder, best[0])] : ranked.Select(one => (one.File, one.File));
        return here.Concat(inner.SelectMany(one => Within(one, depth + 1)));
    }

    // Nothing may be passed over that could be another guest: the format of a recorder is written once for a guest, text often.
    private static bool IsOneGuest(List<(string File, int Rank)> ranked) => ranked.Count == 1
        || (ranked.All(one => one.Rank != CaptureFile.LastRank)
            && ranked.Where(one => one.Rank != CaptureFile.TextRank).CountBy(one => one.Rank).All(count => count.Value == 1));

    private static List<string> BestOf(List<(string File, int Rank)> all) => [.. all.Where(one => one.Rank == all.Min(other => other.Rank)).Select(one => one.File)];

    // A file without length is none.
    private static List<(string File, int Rank)> Ranked(List<string> files)
    {
        var ranked = new List<(string File, int Rank)>();
        foreach (string file in files)
        {
            if (FileNode.Of(file) is { Length: > 0 } && RankOf(file) is { } rank)
            {
                ranked.Add((file, rank));
            }
        }

        return ranked;
    }
}
