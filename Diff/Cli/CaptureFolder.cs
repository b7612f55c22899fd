using Differ.Capture;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary>The captures and runs in a folder: known by their first bytes, never by their names.</summary>
/// <remarks>
/// Every one is judged. One of several is left out only where its own contents prove that another holds all it tells
/// (<see cref="SameRecording"/>): two tools may have recorded the same guest, or two guests of the same name.
/// </remarks>
internal static class CaptureFolder
{
    private const int DeepestFolder = 16;
    private const int MostNamed = 8;

    /// <summary>The file to read for a path, where one is wanted and the others do not matter.</summary>
    /// <param name="path">A file, or a folder with a capture in it.</param>
    /// <returns>
    /// The file. Of a folder, the one whose format tells most, and of several of that format the first by name; where there is none,
    /// the only file, which then says what is wrong with it; else null.
    /// </returns>
    public static string? Find(string path)
    {
        if (!IsFolder(path))
        {
            return FileNode.Of(path) is null ? null : path;
        }

        List<string> files = Look(path).Files;
        return Ranked(files, []).OrderBy(one => one.Rank).FirstOrDefault().File ?? (files.Count == 1 ? files[0] : null);
    }

    /// <summary>Whether a path stands for one capture: it is a file, or a folder with one in it or below it.</summary>
    public static bool IsOne(string path) => !IsFolder(path) || Of(path).Captures.Count == 1;

    /// <summary>The file to read for a path that a user named.</summary>
    /// <exception cref="InputException">It is a folder without a capture, or with several.</exception>
    public static string Resolve(string path)
    {
        if (!IsFolder(path))
        {
            return path;
        }

        IReadOnlyList<(string Place, string File)> found = Of(path).Captures;
        return found.Count switch
        {
            0 => throw new InputException(Empty(path)),
            1 => found[0].File,
            _ => throw new InputException(
                $"{path} holds several captures: {string.Join(", ", found.Take(MostNamed).Select(one => Path.GetRelativePath(path, one.Place)))}{(found.Count > MostNamed ? ", ..." : "")}; name one"),
        };
    }

    /// <summary>What is said of a folder that has none.</summary>
    public static string Empty(string folder) => $"{folder} is a folder without a capture";

    /// <summary>Every capture in a folder and the folders below it, judged or not.</summary>
    public static IEnumerable<(string Place, string File)> Under(string folder) =>
        Folders(folder, 0, []).SelectMany(one => Ranked(one.Files, [])).Select(one => (one.File, one.File));

    /// <summary>The captures in a folder and the folders below it.</summary>
    public static FolderContent Of(string folder)
    {
        var captures = new List<(string Place, string File)>();
        var leftOut = new List<(string File, string Reason)>();
        foreach ((string one, List<string> files) in Folders(folder, 0, leftOut))
        {
            List<string> kept = SameRecording.LeaveOut(Ranked(files, leftOut), leftOut);
            captures.AddRange(kept.Select(file => (kept.Count == 1 ? one : file, file)));
        }

        return new FolderContent(captures, leftOut);
    }

    /// <summary>The captures in a folder of captures.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Each by its name, in alphabetical order: its place in the folder, without the ending of a file.</returns>
    public static SortedDictionary<string, string> In(string folder)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string place, string file) in Of(folder).Captures.OrderBy(item => !IsFolder(item.Place)))
        {
            // A file beside folders of captures is known by its own name.
            string known = place == folder ? file : place;
            string name = PlainText.Of(Path.GetRelativePath(folder, known));
            found.TryAdd(IsFolder(known) ? name : Path.ChangeExtension(name, null), file);
        }

        return found;
    }

    /// <summary>How well a file serves as the capture of its folder; null for no capture, and for what cannot be read: that is told when it is named.</summary>
    public static int? RankOf(string file) => RankOf(file, []);

    private static int? RankOf(string file, List<(string File, string Reason)> leftOut)
    {
        try
        {
            int? rank = CaptureFile.Rank(file, out string? reason);
            if (reason is not null)
            {
                leftOut.Add((file, reason));
            }

            return rank;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            leftOut.Add((file, UnusableInput.Of("", file, e).Message));
            return null;
        }
    }

    private static bool IsFolder(string path) => FileNode.Of(path) is { Kind: FileKind.Folder };

    // What is in a folder: files, links to them, folders; and what is neither, with what there is to say of it.
    private static (List<string> Files, List<string> Folders, List<(string File, string Reason)> Others) Look(string folder)
    {
        List<string> files = [], folders = [];
        List<(string File, string Reason)> others = [];
        foreach (string path in DiskFile.Names(folder).Select(name => Path.Combine(folder, name)).Order(StringComparer.Ordinal))
        {
            FileKind? kind = FileNode.OfLink(path)?.Kind;
            switch (kind == FileKind.Link ? FileNode.Of(path)?.Kind : kind)
            {
                case FileKind.Regular:
                    files.Add(path);
                    break;
                case FileKind.Folder when kind == FileKind.Folder:
                    folders.Add(path);
                    break;
                case FileKind.Folder:
                    // It may lead back to where it stands.
                    others.Add((path, "a link to a folder, which is not followed; name the folder"));
                    break;
                case FileKind.Special:
                    others.Add((path, "a pipe or a device, which is read only when it is named"));
                    break;
                default:
                    others.Add((path, "there is no such file"));
                    break;
            }
        }

        return (files, folders, others);
    }

    private static IEnumerable<(string Folder, List<string> Files)> Folders(string folder, int depth, List<(string File, string Reason)> leftOut)
    {
        (List<string> files, List<string> folders, List<(string File, string Reason)> others) = LookInside(folder, depth);
        yield return (folder, files);
        leftOut.AddRange(others);
        foreach (string inner in folders)
        {
            if (depth == DeepestFolder)
            {
                leftOut.Add((inner, $"{DeepestFolder + 1} folders deep; name the folder"));
                continue;
            }

            foreach ((string, List<string>) one in Folders(inner, depth + 1, leftOut))
            {
                yield return one;
            }
        }
    }

    // A folder inside may not be open to us, or be gone by now.
    private static (List<string> Files, List<string> Folders, List<(string File, string Reason)> Others) LookInside(string folder, int depth)
    {
        try
        {
            return Look(folder);
        }
        catch (Exception fault) when (depth > 0 && fault is IOException or UnauthorizedAccessException)
        {
            return ([], [], [(folder, "the folder cannot be read")]);
        }
    }

    // A file without length is none.
    private static List<(string File, int Rank)> Ranked(List<string> files, List<(string File, string Reason)> leftOut)
    {
        var ranked = new List<(string File, int Rank)>();
        foreach (string file in files)
        {
            if (FileNode.Of(file) is not { Length: > 0 })
            {
                leftOut.Add((file, "the file is empty"));
            }
            else if (RankOf(file, leftOut) is { } rank)
            {
                ranked.Add((file, rank));
            }
        }

        return ranked;
    }
}

/// <summary>What a folder holds.</summary>
/// <param name="Captures">Each with its place, which is the file or the folder that holds it alone, and the file.</param>
/// <param name="LeftOut">What is not judged and may be a recording, with the reason.</param>
internal sealed record FolderContent(IReadOnlyList<(string Place, string File)> Captures, IReadOnlyList<(string File, string Reason)> LeftOut);
