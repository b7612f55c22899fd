using Differ.Capture.Disk;

namespace Differ.Capture.Bytes;

/// <summary>Files that are one recording together: those in a folder, or in an archive.</summary>
internal abstract class ByteFolder
{
    /// <summary>Its own name.</summary>
    public abstract string Name { get; }

    /// <summary>Bytes of all files.</summary>
    public abstract ulong Size { get; }

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
    public override string Name { get; } = Path.GetFileName(Path.GetFullPath(path));

    /// <inheritdoc/>
    public override ulong Size => Names.Aggregate(0UL, (sum, name) => sum + (ulong)(FileNode.Of(Path.Combine(path, name))?.Length ?? 0));

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names { get; } =
        [.. DiskFile.Names(path).Where(name => FileNode.Of(Path.Combine(path, name)) is { Kind: FileKind.Regular }).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public override ByteSource Open(string name) => FileSource.Open(Path.Combine(path, name));
}
