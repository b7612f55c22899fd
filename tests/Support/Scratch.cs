namespace Differ.Tests.Support;

/// <summary>A folder of a test's own, gone when the test is.</summary>
internal sealed class Scratch : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("differ-tests-").FullName;

    /// <summary>What is in it, by name.</summary>
    public IReadOnlyList<string> Files => [.. Directory.EnumerateFileSystemEntries(_folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>The path of a file in it.</summary>
    public string this[string name] => Path.Combine(_folder, name);

    /// <summary>Writes a file.</summary>
    /// <returns>Its path.</returns>
    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(this[name], bytes);
        return this[name];
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
