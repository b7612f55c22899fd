namespace Differ.Cli;

/// <summary>The capture in a folder that holds one, whatever its format.</summary>
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

    /// <summary>The captures in a folder of captures.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Each by its name, in alphabetical order: the folder it is in, or its own name without ending.</returns>
    /// <remarks>Of files that are no folder's only capture, those count whose ending says that they are captures or runs.</remarks>
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

        foreach (string file in Directory.EnumerateFiles(folder).Where(file => Endings.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal))
        {
            found.TryAdd(Path.GetFileNameWithoutExtension(file), file);
        }

        return found;
    }

    private static readonly string[] Endings = [".difr", ".dat", ".data"];
}
