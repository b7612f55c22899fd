namespace Differ.Cli;

/// <summary>The recordings in a folder and the folders in it, by the names that recorders and Differ give them.</summary>
internal static class RecordingFolder
{
    private const string ComputedRun = ".model.difr";

    private static readonly string[] Packed = [".gz", ".zst", ".xz", ".bz2", ".lz4"];

    /// <summary>How names of recordings end, that of a program that packs files aside.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".dat", ".data", ".difr", ".nettrace"];

    /// <summary>The files a path stands for: itself, or what a folder holds, in the order of their names.</summary>
    /// <exception cref="UsageException">It is a folder without a recording.</exception>
    public static IEnumerable<string> FilesOf(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        string[] files = [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(IsRecording).Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new UsageException($"{path} holds no recording; looked for names that end in {string.Join(", ", Endings)}");
    }

    /// <summary>Whether a file's name says that it is a recording or a recorded run.</summary>
    public static bool IsRecording(string file) =>
        Endings.Contains(Path.GetExtension(Unpacked(file))) && !Unpacked(file).EndsWith(ComputedRun, StringComparison.Ordinal);

    /// <summary>A recording's name without what says so.</summary>
    public static string WithoutEnding(string file) => Path.ChangeExtension(Unpacked(file), null);

    private static string Unpacked(string file) => Packed.Contains(Path.GetExtension(file)) ? Path.ChangeExtension(file, null) : file;
}
