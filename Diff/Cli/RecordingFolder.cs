namespace Differ.Cli;

/// <summary>The recordings in a folder and the folders in it, by the names that recorders and Differ give them.</summary>
internal static class RecordingFolder
{
    private const string ComputedRun = ".model.difr";

    private static readonly string[] Endings = [".dat", ".data", ".difr"];

    /// <summary>The files a path stands for: itself, or what a folder holds, in the order of their names.</summary>
    /// <exception cref="UsageException">It is a folder without a recording.</exception>
    public static IEnumerable<string> FilesOf(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        string[] files =
        [
            .. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(file => Endings.Any(ending => file.EndsWith(ending, StringComparison.Ordinal)) && !file.EndsWith(ComputedRun, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        return files.Length > 0 ? files : throw new UsageException($"{path} holds no recording; looked for names that end in {string.Join(", ", Endings)}");
    }
}
