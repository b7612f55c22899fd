using Microsoft.Win32.SafeHandles;

namespace Differ.Capture.Disk;

/// <summary>What a name stands for.</summary>
public enum FileKind
{
    /// <summary>An ordinary file.</summary>
    Regular,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A link that was not followed.</summary>
    Link,

    /// <summary>A pipe, terminal, device or socket.</summary>
    Special,
}

/// <summary>Which file it is, whatever its names: the file system and the number in it; where the system has none, the path.</summary>
/// <param name="FileSystem">Number of the file system; 0 where <paramref name="Path"/> tells.</param>
/// <param name="Inode">Number in it.</param>
/// <param name="Path">The path behind all links; empty where the numbers tell.</param>
public readonly record struct FileIdentity(ulong FileSystem, ulong Inode, string Path);

/// <summary>A file, folder or anything else that has a name or is open.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Length">Bytes; 0 for what has no length of its own, as a pipe or a file of /proc.</param>
/// <param name="Identity">Which one it is.</param>
/// <param name="Mode">Its permissions, as chmod has them; 0 where the system has none.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Group">Its group.</param>
public sealed record FileNode(FileKind Kind, long Length, FileIdentity Identity, int Mode, uint Owner, uint Group)
{
    private const int TypeMask = 0xf000, FolderType = 0x4000, RegularType = 0x8000, LinkType = 0xa000, Permissions = 0x1ff;

    /// <summary>Whether it is read front to back, and once: what has no length, as a pipe or a file of /proc, is.</summary>
    public bool IsReadOnce => Kind == FileKind.Special || (Kind == FileKind.Regular && Length == 0);

    /// <summary>What a path stands for, behind all links; null where there is nothing.</summary>
    public static FileNode? Of(string path) => path.Length == 0 ? null
        : !OperatingSystem.IsLinux() ? OfRuntime(path, follow: true)
        : Libc.Look(path, follow: true, out Libc.Status status) ? Of(status) : null;

    /// <summary>What a path itself is; null where there is nothing.</summary>
    public static FileNode? OfLink(string path) => path.Length == 0 ? null
        : !OperatingSystem.IsLinux() ? OfRuntime(path, follow: false)
        : Libc.Look(path, follow: false, out Libc.Status status) ? Of(status) : null;

    /// <summary>What an open file is; null where the system does not say.</summary>
    public static FileNode? Of(SafeFileHandle file) => OperatingSystem.IsLinux() && Libc.Look(file, out Libc.Status status) ? Of(status) : null;

    /// <summary>What a descriptor of this process is; null where it is closed, or the system does not say.</summary>
    public static FileNode? Of(int descriptor) => OperatingSystem.IsLinux() && Libc.Look(descriptor, out Libc.Status status) ? Of(status) : null;

    private static FileNode Of(in Libc.Status status)
    {
        FileKind kind = (status.Mode & TypeMask) switch
        {
            RegularType => FileKind.Regular,
            FolderType => FileKind.Folder,
            LinkType => FileKind.Link,
            _ => FileKind.Special,
        };
        return new FileNode(
            kind, (long)Math.Min(status.Size, long.MaxValue), new FileIdentity(((ulong)status.FileSystemHigh << 32) | status.FileSystemLow, status.Inode, ""),
            status.Mode & Permissions, status.Owner, status.Group);
    }

    private static FileNode? OfRuntime(string path, bool follow)
    {
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        if (!follow && info.LinkTarget is not null)
        {
            return new FileNode(FileKind.Link, 0, new FileIdentity(0, 0, info.FullName), 0, 0, 0);
        }

        info = info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
        FileKind kind = info is DirectoryInfo ? FileKind.Folder : (info.Attributes & FileAttributes.Device) != 0 ? FileKind.Special : FileKind.Regular;
        return !info.Exists ? null
            : new FileNode(
                kind, info is FileInfo file ? file.Length : 0, new FileIdentity(0, 0, info.FullName),
                OperatingSystem.IsWindows() ? 0 : (int)info.UnixFileMode & Permissions, 0, 0);
    }
}
