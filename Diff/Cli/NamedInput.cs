namespace Differ.Cli;

/// <summary>A capture or run that was named on the command line, or that lies in a folder that was.</summary>
/// <param name="Name">What reports call it: the user's words, with / between folders, and relative where it lies below the current folder.</param>
/// <param name="File">The file, in the same way; - for standard input.</param>
internal sealed record NamedInput(string Name, string File)
{
    /// <summary>The inputs that some words stand for, in the order of the words and then of the names; none twice.</summary>
    /// <param name="words">Captures, runs, folders with a capture, folders of all these, and - for standard input.</param>
    /// <exception cref="UsageException">A folder without a capture, or an address.</exception>
    public static IReadOnlyList<NamedInput> Of(IEnumerable<string> words) => [.. words.SelectMany(Expand).DistinctBy(input => input.File)];

    private static IEnumerable<NamedInput> Expand(string word)
    {
        RunInput.RefuseAddress(word);
        if (word == RunInput.StandardInput)
        {
            return [new NamedInput("standard input", word)];
        }

        if (!CaptureFolder.IsOfMany(word))
        {
            return [new NamedInput(Shown(word), Shown(CaptureFolder.Find(word) ?? word))];
        }

        NamedInput[] inside = [.. CaptureFolder.Under(word).Select(found => new NamedInput(Shown(found.Place), Shown(found.File)))];
        return inside.Length > 0 ? inside : throw new UsageException(CaptureFolder.Empty(word));
    }

    private static string Shown(string path)
    {
        string shown = Path.IsPathRooted(path) ? Path.GetRelativePath(Environment.CurrentDirectory, path) : Path.TrimEndingDirectorySeparator(path);
        shown = shown.StartsWith("..", StringComparison.Ordinal) ? Path.TrimEndingDirectorySeparator(path) : shown;
        return shown.StartsWith("./", StringComparison.Ordinal) && shown.Length > 2 ? shown[2..] : shown;
    }
}
