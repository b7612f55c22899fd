using System.Formats.Tar;
using Differ.Tests.Support;

namespace Differ.Fuzz;

/// <summary>What is fed to a reader: one file, whose name is empty, or the files of a folder that is one recording.</summary>
/// <param name="Files">Each by its name.</param>
internal sealed record FuzzInput(IReadOnlyDictionary<string, byte[]> Files)
{
    public FuzzInput(byte[] file)
        : this(new Dictionary<string, byte[]>(StringComparer.Ordinal) { [""] = file })
    {
    }

    /// <summary>Whether it is the files of a folder.</summary>
    public bool IsFolder => !Files.ContainsKey("");

    /// <summary>The only file.</summary>
    public byte[] File => Files[""];

    /// <summary>Bytes of all files.</summary>
    public long Length => Files.Values.Sum(file => (long)file.Length);

    /// <summary>It as one file: a folder becomes a tar archive.</summary>
    public byte[] ToBytes() => IsFolder ? TarBuilder.Of([.. Files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => (file.Key, file.Value))]) : File;

    /// <summary>The same with one file in another state.</summary>
    public FuzzInput With(string name, byte[] bytes) => new(new Dictionary<string, byte[]>(Files, StringComparer.Ordinal) { [name] = bytes });

    /// <summary>Reads what <see cref="ToBytes"/> gave, or a folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="folder">Whether files of a folder are meant.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FuzzInput Read(string path, bool folder)
    {
        if (!folder)
        {
            return new FuzzInput(System.IO.File.ReadAllBytes(path));
        }

        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        if (Directory.Exists(path))
        {
            foreach (string file in Directory.EnumerateFiles(path))
            {
                files[Path.GetFileName(file)] = System.IO.File.ReadAllBytes(file);
            }

            return new FuzzInput(files);
        }

        using var reader = new TarReader(System.IO.File.OpenRead(path));
        while (reader.GetNextEntry() is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            files[entry.Name] = content.ToArray();
        }

        return new FuzzInput(files);
    }
}
