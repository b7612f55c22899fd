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

    /// <summary>Whether a path stands for one capture: it is a file, or a folder in which one tells most, and no folder in it holds others.</summary>
    public static bool IsOne(string path) => !Directory.Exists(path)
        || (Best(path).Count == 1 && !Directory.EnumerateDirectories(path, "*", Look).Any(inside => Best(inside).Count > 0));

    /// <summary>The file to read for a path that a user named.</summary>
    /// <exception cref="UsageException">It is a folder without a capture, or with several of the same format.</exception>
    public static string Resolve(string path)
    {
        if (!Directory.Exists(path))
        {
            return path;
        }

        List<string> best = Best(path);
        return best.Count switch
        {
            0 => throw new UsageException($"{path} is a folder without a capture"),
            1 => best[0],
            _ => throw new UsageException(
                $"{path} holds several captures: {string.Join(", ", best.Take(MostNamed).Select(Path.GetFileName))}{(best.Count > MostNamed ? ", ..." : "")}; name one"),
        };
    }

    /// <summary>The captures in a folder of captures.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Each by its name, in alphabetical order: the folder it is in, or its own name without ending.</returns>
    public static SortedDictionary<string, string> In(string folder)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string inside in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            if (Find(inside) is { } capture)
            {
                found.Add(Path.GetFileName(inside), capture);
            }
        }

        foreach ((string file, _) in Ranked(folder))
        {
            found.TryAdd(Path.GetFileNameWithoutExtension(file), file);
        }

        return found;
    }

    /// <summary>Every capture in a folder and the folders in it, each folder in the order of names.</summary>
    public static IReadOnlyList<string> All(string folder) => [.. Within(folder, 0)];

    // A link to a folder may lead back to where it stands, and is not followed.
    private static IEnumerable<string> Within(string folder, int depth)
    {
        IEnumerable<string> inner = depth == DeepestFolder ? [] : Directory.EnumerateDirectories(folder, "*", Look)
            .Where(one => (File.GetAttributes(one) & FileAttributes.ReparsePoint) == 0).Order(StringComparer.Ordinal);
        return Ranked(folder).Select(one => one.File).Concat(inner.SelectMany(one => Within(one, depth + 1)));
    }

    private static List<string> Best(string folder)
    {
        List<(string File, int Rank)> all = Ranked(folder);
        return [.. all.Where(one => one.Rank == all.Min(other => other.Rank)).Select(one => one.File)];
    }

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

    private static int? RankOf(string file)
    {
        try
        {
            return CaptureFile.Rank(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be read is told when it is named.
            return null;
        }
    }
}
