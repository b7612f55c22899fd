using Differ.Capture.Bytes;

namespace Differ.Capture.Wrappers;

/// <summary>A folder in a tar archive.</summary>
/// <param name="archive">The archive, which stays open.</param>
/// <param name="members">The files in the folder.</param>
/// <param name="path">The folder's path in it.</param>
internal sealed class TarFolder(ByteSource archive, IEnumerable<TarMember> members, string path) : ByteFolder
{
    // Of a name that is given twice, the last counts, as it does for tar.
    private readonly Dictionary<string, TarMember> _files = members
        .GroupBy(member => Path.GetFileName(member.Name), StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);

    /// <summary>The folder that a file is in; empty for none.</summary>
    public static string Of(TarMember member) => Path.GetDirectoryName(member.Name) ?? "";

    /// <inheritdoc/>
    public override string Name => Path.GetFileName(path);

    /// <inheritdoc/>
    public override ulong Size => _files.Values.Aggregate(0UL, (sum, file) => sum + (ulong)file.Length);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names => [.. _files.Keys.Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public override ByteSource Open(string name) => new SliceSource(archive, _files[name].Offset, _files[name].Length);
}
