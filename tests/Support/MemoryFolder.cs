using Differ.Capture.Bytes;

namespace Differ.Tests.Support;

/// <summary>The files of a recording in memory.</summary>
/// <param name="files">Each by its name.</param>
internal sealed class MemoryFolder(IReadOnlyDictionary<string, byte[]> files) : ByteFolder
{
    public override string Name => "memory";

    public override ulong Size => files.Values.Aggregate(0UL, (sum, file) => sum + (ulong)file.Length);

    public override IReadOnlyList<string> Names { get; } = [.. files.Keys.Order(StringComparer.Ordinal)];

    public override ByteSource Open(string name) => new MemorySource(files[name]);
}
