using System.Runtime.InteropServices;
using System.Text;
using Differ.Schemas.Vocabulary;
using Microsoft.Win32.SafeHandles;

namespace Differ.Capture.Disk;

/// <summary>Files by name. On Linux a name is bytes: <see cref="Utf8Text"/> says how a text stands for them.</summary>
public static class DiskFile
{
    private const int LongestText = 1 << 28;

    // struct linux_dirent64: u64 inode, s64 offset, u16 length, u8 type, the name and a zero.
    private const int LengthAt = 16, NameAt = 19;

    /// <summary>Opens a file, a pipe or a device to be read.</summary>
    /// <exception cref="IOException">It is not there, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static SafeFileHandle Open(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }

        SafeFileHandle file = Owned(Libc.OpenToRead(path), path);
        if (FileNode.Of(file) is { Kind: FileKind.Folder })
        {
            file.Dispose();
            throw new UnauthorizedAccessException($"{path} is a folder");
        }

        return file;
    }

    /// <summary>The same as a stream.</summary>
    /// <exception cref="IOException">It is not there, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static Stream Read(string path) => new FileStream(Open(path), FileAccess.Read, 1 << 16);

    /// <summary>The whole of a text that people or programs wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="longest">How many characters it may have.</param>
    /// <exception cref="IOException">It is not there, cannot be read, or is too long for a text.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static string ReadText(string path, int longest = LongestText)
    {
        using Stream file = Read(path);
        return ReadText(file, path, longest);
    }

    /// <summary>The whole of a text from where a stream stands.</summary>
    /// <param name="file">The stream.</param>
    /// <param name="path">What it is called.</param>
    /// <param name="longest">How many characters it may have.</param>
    /// <exception cref="IOException">It cannot be read, or is too long for a text.</exception>
    public static string ReadText(Stream file, string path, int longest = LongestText)
    {
        using var text = new StreamReader(file, Encoding.UTF8, leaveOpen: true);
        var read = new StringBuilder();
        char[] piece = new char[1 << 14];
        for (int length = text.Read(piece); length > 0; length = text.Read(piece))
        {
            // A device may go on for ever.
            read = read.Length + length <= longest ? read.Append(piece, 0, length) : throw new IOException($"{path} is longer than {longest >> 20} MiB, and no such text is");
        }

        return read.ToString();
    }

    /// <summary>Names of all that is in a folder, in no order.</summary>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static IReadOnlyList<string> Names(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path))];
        }

        using SafeFileHandle open = Owned(Libc.OpenFolder(folder), folder);
        var names = new List<string>();
        byte[] entries = new byte[1 << 15];
        for (int length = Libc.Entries(open, entries); length != 0; length = Libc.Entries(open, entries))
        {
            if (length < 0)
            {
                throw Fault(Marshal.GetLastPInvokeError(), folder);
            }

            for (int at = 0; at < length; at += BitConverter.ToUInt16(entries, at + LengthAt))
            {
                ReadOnlySpan<byte> name = entries.AsSpan(at + NameAt);
                name = name[..name.IndexOf((byte)0)];
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(Utf8Text.Decode(name));
                }
            }
        }

        return names;
    }

    /// <summary>A file of nobody else's in the temporary folder. It has no name, so that it is gone when it is closed, however the process ends.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made.</exception>
    public static SafeFileHandle OpenTemporary()
    {
        string folder = Path.GetTempPath();
        if (OperatingSystem.IsLinux())
        {
            int unnamed = Libc.OpenUnnamed(folder);
            if (unnamed >= 0)
            {
                return new SafeFileHandle(unnamed, ownsHandle: true);
            }

            int error = Marshal.GetLastPInvokeError();
            if (error is not (Libc.NotSupported or Libc.IsAFolder or Libc.Invalid))
            {
                throw new IOException($"no temporary file can be made in {folder} (TMPDIR): {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }

        return OpenNamedTemporary(Path.Combine(folder, Path.GetRandomFileName()));
    }

    /// <summary>The same on a file system without nameless files: the name is taken away at once; on Windows, when the file is closed.</summary>
    /// <param name="path">A name that nobody has.</param>
    internal static SafeFileHandle OpenNamedTemporary(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose);
        }

        // Without a buffer the stream leaves the handle alone when it is collected.
        SafeFileHandle named = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }).SafeFileHandle;
        File.Delete(path);
        return named;
    }

    private static SafeFileHandle Owned(int descriptor, string path) =>
        descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Fault(Marshal.GetLastPInvokeError(), path);

    private static Exception Fault(int error, string path) => error switch
    {
        Libc.NoEntry or Libc.NotAFolder => new FileNotFoundException($"there is no file {path}", path),
        Libc.NoAccess or Libc.NotPermitted => new UnauthorizedAccessException($"{path} may not be read"),
        Libc.TooManyFiles or Libc.TooManyFilesOfAll => new IOException($"{path} cannot be opened: too many files are open (ulimit -n)"),
        _ => new IOException($"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}"),
    };
}
