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
    public IReadOnlyList<string> Left => [.. Noted().Where(static one => IsNoted(one.Identity, one.Path)).Select(static one => one.Path)];

    /// <summary>Takes them away, and what was noted of them.</summary>
    /// <returns>Those that were there.</returns>
    /// <exception cref="IOException">One cannot be removed.</exception>
    public IReadOnlyList<string> Remove()
    {
        string[] removed = [.. Noted().Where(static one => Remove(one.Identity, one.Path)).Select(static one => one.Path)];
        File.Delete(list);
        return removed;
    }

    // Between a look and a removal somebody may lay another file there: so it is first moved to where nobody else has one, and looked at there.
    internal static bool Remove(FileIdentity identity, string path)
    {
        if (OperatingSystem.IsWindows() || !IsNoted(identity, path))
        {
            return false;
        }

        string folder = $"{path}.{Path.GetRandomFileName()}", moved = Path.Combine(folder, Path.GetRandomFileName());
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            return Remove(identity, path, moved);
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    // What is told from others behind the move, goes back where it is another.
    internal static bool Remove(FileIdentity identity, string path, string moved)
    {
        try
        {
            File.Move(path, moved, overwrite: true);
        }
        catch (FileNotFoundException)
        {
            return false;
        }

        if (IsNoted(identity, moved))
        {
            File.Delete(moved);
            return true;
        }

        File.Move(moved, path, overwrite: false);
        return false;
    }

    private static bool IsNoted(FileIdentity identity, string path) => FileNode.OfLink(path) is { Kind: FileKind.Regular } node && node.Identity == identity;

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
