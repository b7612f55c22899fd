using Differ.Capture;

namespace Differ.Cli;

/// <summary>The captures and runs in a folder: known by their first bytes, never by their names; everything else in it is passed over.</summary>
internal static class CaptureFolder
{
    private const int DeepestFolder = 16;
    private const int MostNamed = 8;

    private static EnumerationOptions Look => new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };

    /// <summary>The file to read for a path.</summary>
    /// <param name="path">A file, or a folder with a capture in it.</param>
    /// <returns>
    /// The file. Of a folder, the one whose format tells most (the same guest is often recorded with several tools), and of several
    /// of that format the first by name; where there is none, the only file, which then says what is wrong with it; else null.
    /// </returns>
    public static string? Find(string path)
    {
        if (!Directory.Exists(path))
        {
            return File.Exists(path) ? path : null;
        }

        string[] files = [.. Directory.EnumerateFiles(path, "*", Look).Take(2)];
        return Best(path).FirstOrDefault() ?? (files.Length == 1 ? files[0] : null);
    }

    /// <summary>Whether a path stands for one capture: it is a file, or a folder with one in it or below it.</summary>
    public static bool IsOne(string path) => !Directory.Exists(path) || Under(path).Take(2).Count() == 1;

    /// <summary>The file to read for a path that a user named.</summary>
    /// <exception cref="InputException">It is a folder without a capture, or with several.</exception>
    public static string Resolve(string path)
    {
        if (!Directory.Exists(path))
        {
            return path;
        }

        (string Place, string File)[] found = [.. Under(path).Take(MostNamed + 1)];
        return found.Length switch
        {
            0 => throw new InputException(Empty(path)),
            1 => found[0].File,
            _ => throw new InputException(
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
        foreach ((string place, string file) in Under(folder).OrderBy(item => File.Exists(item.Place)))
        {
            // A file beside folders of captures is known by its own name.
            string known = place == folder ? file : place;
            string name = Path.GetRelativePath(folder, known);
            found.TryAdd(File.Exists(known) ? Path.ChangeExtension(name, null) : name, file);
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

    // A link to a folder may lead back to where it stands, and is not followed.
    private static IEnumerable<(string Place, string File)> Within(string folder, int depth)
    {
        List<(string File, int Rank)> ranked = Ranked(folder);
        string[] inner = depth == DeepestFolder ? [] :
        [
            .. Directory.EnumerateDirectories(folder, "*", Look)
                .Where(one => (File.GetAttributes(one) & FileAttributes.ReparsePoint) == 0).Order(StringComparer.Ordinal),
        ];
        List<string> best = BestOf(ranked);
        IEnumerable<(string, string)> here = best.Count == 1 && IsOneGuest(ranked) ? [(folder, best[0])] : ranked.Select(one => (one.File, one.File));
        return here.Concat(inner.SelectMany(one => Within(one, depth + 1)));
    }

    // Nothing may be passed over that could be another guest: the format of a recorder is written once for a guest, text often.
    private static bool IsOneGuest(List<(string File, int Rank)> ranked) => ranked.Count == 1
        || (ranked.All(one => one.Rank != CaptureFile.LastRank)
            && ranked.Where(one => one.Rank != CaptureFile.TextRank).CountBy(one => one.Rank).All(count => count.Value == 1));

    private static List<string> Best(string folder) => BestOf(Ranked(folder));

    private static List<string> BestOf(List<(string File, int Rank)> all) => [.. all.Where(one => one.Rank == all.Min(other => other.Rank)).Select(one => one.File)];

    // A file without length is none, or a pipe that would be waited for.
    private static List<(string File, int Rank)> Ranked(string folder)
    {
        var ranked = new List<(string File, int Rank)>();
        foreach (string file in Directory.EnumerateFiles(folder, "*", Look).Order(StringComparer.Ordinal))
        {
            if (new FileInfo(file).Length > 0 && RankOf(file) is { } rank)
            {
                ranked.Add((file, rank));
            }
        }

        return ranked;
    }
}
