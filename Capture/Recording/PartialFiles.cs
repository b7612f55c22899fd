using System.Globalization;
using System.Text;
using Differ.Capture.Disk;

namespace Differ.Capture.Recording;

/// <summary>Which files lie beside an output until a recording ends. They are noted where only root writes, so that what a killed recording left is told from what is somebody's.</summary>
/// <param name="list">The file that has the notes: file system, number in it and path of each, a line.</param>
public sealed class PartialFiles(string list)
{
    private const int WritableByOthers = 0x12;

    /// <summary>The files that are still there, and still the ones that were noted.</summary>
    public IReadOnlyList<string> Left => [.. Noted().Where(static one => FileNode.OfLink(one.Path) is { Kind: FileKind.Regular } node && node.Identity == one.Identity).Select(static one => one.Path)];

    /// <summary>Takes them away, and what was noted of them.</summary>
    /// <returns>Those that were there.</returns>
    /// <exception cref="IOException">One cannot be removed.</exception>
    public IReadOnlyList<string> Remove()
    {
        IReadOnlyList<string> left = Left;
        foreach (string path in left)
        {
            File.Delete(path);
        }

        File.Delete(list);
        return left;
    }

    /// <summary>Notes a file. Where nothing can be noted, it is not told from others later.</summary>
    internal void Note(FileStream file)
    {
        string path = Path.GetFullPath(file.Name);
        if (FileNode.Of(file.SafeFileHandle) is { } node && !path.Contains('\n', StringComparison.Ordinal) && Directory.Exists(Path.GetDirectoryName(list)))
        {
            Write(FileMode.Append, [.. Line(node.Identity, path)]);
        }
    }

    /// <summary>Files are gone; of others that an earlier recording left the notes stay.</summary>
    internal void Forget(IReadOnlyCollection<string> files)
    {
        if (!IsOurs())
        {
            return;
        }

        (FileIdentity Identity, string Path)[] others = [.. Noted().Where(one => !files.Contains(one.Path))];
        if (others.Length == 0)
        {
            File.Delete(list);
        }
        else
        {
            Write(FileMode.Truncate, [.. others.SelectMany(static one => Line(one.Identity, one.Path))]);
        }
    }

    private static byte[] Line(FileIdentity identity, string path) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{identity.FileSystem} {identity.Inode} {path}\n"));

    private void Write(FileMode mode, byte[] text)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows() && mode == FileMode.Append)
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(list, options);
        stream.Write(text);
    }

    private bool IsOurs() => FileNode.OfLink(list) is { Kind: FileKind.Regular, Mode: var mode } && (mode & WritableByOthers) == 0;

    private IEnumerable<(FileIdentity Identity, string Path)> Noted()
    {
        foreach (string line in IsOurs() ? File.ReadAllLines(list) : [])
        {
            string[] words = line.Split(' ', 3);
            if (words.Length == 3 && ulong.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong system)
                && ulong.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
            {
                yield return (new FileIdentity(system, inode, ""), words[2]);
            }
        }
    }
}
