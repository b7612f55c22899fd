namespace Differ.Capture.Bytes;

/// <summary>Files that are one recording together: those in a folder, or in an archive.</summary>
internal abstract class ByteFolder
{
    /// <summary>Names of the files, without what is in folders inside, in the order of the alphabet.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public abstract ByteSource Open(string name);
}

/// <summary>A folder on disk.</summary>
/// <param name="path">The folder.</param>
internal sealed class DiskFolder(string path) : ByteFolder
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Names { get; } =
        [.. Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public override ByteSource Open(string name) => FileSource.Open(Path.Combine(path, name));
}
