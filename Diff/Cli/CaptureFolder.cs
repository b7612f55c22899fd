namespace Differ.Cli;

/// <summary>The capture in a folder that holds one, whatever its format, and the captures in a folder of many.</summary>
internal static class CaptureFolder
{
    /// <summary>
    /// The names that are looked for, in this order; the last three are what perf record --threads writes into its folder, what a CTF
    /// recording is known by, and where LTTng puts that.
    /// </summary>
    public static IReadOnlyList<string> Names { get; } = ["trace.dat", "perf.data", "ftrace.txt", "report.txt", "perf-script.txt", "data", "metadata", "kernel/metadata"];

    /// <summary>The file to read for a path.</summary>
    /// <param name="path">A file, or a folder with a capture in it.</param>
    /// <returns>The file; null when there is neither.</returns>
    public static string? Find(string path) => File.Exists(path) ? path
        : Directory.Exists(path) ? Names.Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists)
        : null;

    /// <summary>The same for a path that a user named.</summary>
    /// <exception cref="UsageException">It is a folder without a capture.</exception>
    public static string Resolve(string path) => !Directory.Exists(path) ? path
        : Find(path) ?? throw new UsageException($"{path} is a folder without a capture; looked for {string.Join(", ", Names)}");

    /// <summary>Whether a path is a folder that is looked through for captures.</summary>
    public static bool IsOfMany(string path) => Directory.Exists(path) && Find(path) is null;

    /// <summary>What is said of a folder that has none.</summary>
    public static string Empty(string folder) =>
        $"{folder} holds no capture; looked in it and below for {string.Join(", ", Names)} and for names that end in {string.Join(", ", RecordingFolder.Endings)}";

    /// <summary>The captures in a folder and the folders below it, by their places.</summary>
    /// <returns>Each with its place, which is the file or the folder that holds it, and the file.</returns>
    /// <remarks>
    /// A folder that holds a capture under one of <see cref="Names"/> is that capture, and nothing further in it is looked at. In others
    /// those files count whose ending says that they are captures or runs.
    /// </remarks>
    public static IEnumerable<(string Place, string File)> Under(string folder)
    {
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal))
        {
            bool isFolder = Directory.Exists(entry);
            if (isFolder ? Find(entry) is not null : RecordingFolder.IsRecording(entry))
            {
                yield return (entry, Find(entry)!);
            }
            else if (isFolder && new DirectoryInfo(entry).LinkTarget is null)
            {
                // A link may lead back to where it is.
                foreach ((string, string) inside in Under(entry))
                {
                    yield return inside;
                }
            }
        }
    }

    /// <summary>The captures in a folder of captures.</summary>
    /// <returns>Each by its name, in alphabetical order: its place in the folder, without the ending of a file.</returns>
    public static SortedDictionary<string, string> In(string folder)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string place, string file) in Under(folder).OrderBy(item => File.Exists(item.Place)))
        {
            string name = Path.GetRelativePath(folder, place);
            found.TryAdd(File.Exists(place) ? RecordingFolder.WithoutEnding(name) : name, file);
        }

        return found;
    }
}
