using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Differ.Capture.Disk;
using Differ.Cli.Linux;
using Microsoft.Win32.SafeHandles;

namespace Differ.Cli;

/// <summary>A file that nobody sees before it is complete.</summary>
internal abstract class NewFile : IDisposable
{
    private const int RandomBytes = 8;

    /// <summary>Where to write.</summary>
    public abstract Stream Stream { get; }

    /// <summary>Makes one in the folder that the file will be in.</summary>
    /// <param name="path">The file.</param>
    /// <param name="old">What has the name now, and is replaced; null for nothing. Its permissions, owner and group are kept.</param>
    /// <param name="leftovers">Takes what would be left if the process were ended now.</param>
    /// <param name="hasNoName">Whether it is made without a name where the file system can do that.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be made, or what has the name may not be written.</exception>
    public static NewFile Create(string path, FileNode? old, Leftovers leftovers, bool hasNoName = true) =>
        OperatingSystem.IsLinux() ? new NewFileOfLinux(path, old, leftovers, hasNoName) : new NewFileOfRuntime(path, old, leftovers);

    /// <summary>Gives the file its name. What was written before has been flushed.</summary>
    /// <exception cref="IOException">It cannot have it.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not have it.</exception>
    public abstract void Commit();

    public abstract void Dispose();

    /// <summary>A name that nobody can know before.</summary>
    protected static string RandomName() => $".differ-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}.partial";
}

/// <summary>With the calls of Linux: without a name where that can be, so that nothing is left however the process ends.</summary>
internal sealed class NewFileOfLinux : NewFile
{
    private const int AnybodyMayWrite = 0x92;

    private readonly SafeFileHandle _folder;
    private readonly SafeFileHandle _file;
    private readonly string _name;
    private readonly FileNode? _old;
    private readonly Leftovers _leftovers;
    private string? _partial;

    /// <summary>Makes one.</summary>
    public NewFileOfLinux(string path, FileNode? old, Leftovers leftovers, bool hasNoName)
    {
        (_name, _old, _leftovers) = (Path.GetFileName(path), old, leftovers);
        string folder = Path.GetDirectoryName(path) is { Length: > 0 } named ? named : ".";
        _folder = Owned(Libc.Open(folder, Libc.PathOnly | Libc.FolderOnly));
        try
        {
            _file = MayReplace() ? Open(hasNoName) : throw new UnauthorizedAccessException();
            Stream = new FileStream(_file, FileAccess.Write, 1 << 16);
            KeepOwner();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override Stream Stream { get; }

    private int Folder => (int)_folder.DangerousGetHandle();

    private int Descriptor => (int)_file.DangerousGetHandle();

    public override void Commit()
    {
        if (!Libc.SetMode(Descriptor, _old?.Mode ?? Libc.ModeOfNewFile()))
        {
            throw LastFault();
        }

        // A file without a name takes one that is free, and is then renamed to one that is not.
        if (_partial is null && (_old is not null || !Libc.Link(Descriptor, Folder, _name)))
        {
            string partial = Remember(RandomName());
            if (!Libc.Link(Descriptor, Folder, partial))
            {
                throw LastFault();
            }

            _partial = partial;
        }

        if (_partial is not null)
        {
            if (!Libc.Rename(Folder, _partial, _name))
            {
                throw LastFault();
            }

            _partial = null;
        }

        _leftovers.Forget(this);
    }

    public override void Dispose()
    {
        if (_partial is not null)
        {
            Libc.Unlink(Folder, _partial);
        }

        // The file first: what the stream still holds is not wanted.
        _leftovers.Forget(this);
        _file?.Dispose();
        Stream?.Dispose();
        _folder.Dispose();
    }

    // Who may write a folder may replace every file in it; a file that is read-only stays all the same, for root too.
    private bool MayReplace() => _old is null || ((_old.Mode & AnybodyMayWrite) != 0 && Libc.IsWritable(Folder, _name));

    private SafeFileHandle Open(bool hasNoName)
    {
        int unnamed = hasNoName ? Libc.OpenIn(Folder, ".", Libc.ToWrite | Libc.Unnamed | Libc.FolderOnly, Libc.OwnerOnly) : -1;
        if (unnamed >= 0 && FileNode.OfLink($"/proc/self/fd/{unnamed}") is not null)
        {
            return new SafeFileHandle(unnamed, ownsHandle: true);
        }

        if (unnamed >= 0)
        {
            // Without /proc it could not be given a name.
            Libc.Close(unnamed);
        }
        else if (hasNoName && Marshal.GetLastPInvokeError() is not (Libc.NotSupported or Libc.IsAFolder or Libc.Invalid or Libc.NoEntry))
        {
            throw LastFault();
        }

        string partial = Remember(RandomName());
        SafeFileHandle file = Owned(Libc.OpenIn(Folder, partial, Libc.ToWrite | Libc.Create | Libc.Exclusive | Libc.NoFollow, Libc.OwnerOnly));
        _partial = partial;
        return file;
    }

    private string Remember(string partial)
    {
        _leftovers.Remember(this, () => Libc.Unlink(Folder, partial));
        return partial;
    }

    private void KeepOwner()
    {
        FileNode? made = FileNode.Of(_file);
        if (_old is not null && made is not null && (_old.Owner, _old.Group) != (made.Owner, made.Group) && !Libc.SetOwner(Descriptor, _old.Owner, _old.Group))
        {
            throw new IOException("it is another user's or group's, and would be no longer; write another file, or remove it before");
        }
    }

    private static SafeFileHandle Owned(int descriptor) => descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LastFault();

    private static Exception LastFault() => OutputException.OfSystem(Marshal.GetLastPInvokeError());
}

/// <summary>With what the runtime has: a file of a name that nobody can know, renamed when it is complete.</summary>
internal sealed class NewFileOfRuntime : NewFile
{
    private readonly string _path;
    private readonly string _partial;
    private readonly FileNode? _old;
    private readonly Leftovers _leftovers;

    /// <summary>Makes one.</summary>
    public NewFileOfRuntime(string path, FileNode? old, Leftovers leftovers)
    {
        (_path, _old, _leftovers) = (path, old, leftovers);
        if (old is not null && (File.GetAttributes(path) & FileAttributes.ReadOnly) != 0)
        {
            throw new UnauthorizedAccessException();
        }

        _partial = Path.Combine(Path.GetDirectoryName(path) ?? "", RandomName());
        _leftovers.Remember(this, () => File.Delete(_partial));
        Stream = new FileStream(_partial, FileMode.CreateNew, FileAccess.Write, FileShare.Delete, 1 << 16);
    }

    public override Stream Stream { get; }

    public override void Commit()
    {
        Stream.Dispose();
        if (!OperatingSystem.IsWindows() && _old is not null)
        {
            File.SetUnixFileMode(_partial, (UnixFileMode)_old.Mode);
        }

        File.Move(_partial, _path, overwrite: true);
        _leftovers.Forget(this);
    }

    public override void Dispose()
    {
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // What could not be written is not wanted.
        }

        _leftovers.Forget(this);
        File.Delete(_partial);
    }
}
