using System.Runtime.InteropServices;
using Differ.Schemas.Vocabulary;
using Microsoft.Win32.SafeHandles;

namespace Differ.Capture.Disk;

/// <summary>Calls of Linux for which the runtime has nothing: names that are bytes, and what a file is.</summary>
/// <remarks>Source: the manual pages open(2), statx(2), getdents64(2); Linux include/uapi/asm-generic/fcntl.h and those of the architectures.</remarks>
internal static partial class Libc
{
    /// <summary>Errors.</summary>
    public const int NotPermitted = 1, NoEntry = 2, NoAccess = 13, NotAFolder = 20, IsAFolder = 21, Invalid = 22, TooManyFilesOfAll = 23, TooManyFiles = 24, NotSupported = 95;

    private const int CloseOnExec = 0x80000, NoTerminal = 0x100, ReadWrite = 2, TypeOfTemporary = 0x400000;
    private const int HereFolder = -100, NoFollow = 0x100, EmptyPath = 0x1000, BasicStats = 0x7ff;
    private const int OwnerOnly = 0x180, NonBlocking = 0x800;

    // Arm and PowerPC have the two the other way round.
    private static readonly int Folder = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm or Architecture.Ppc64le ? 0x4000 : 0x10000;

    /// <summary>Opens a file to be read; -1 where it cannot be.</summary>
    public static int OpenToRead(string path) => open(Name(path), CloseOnExec | NoTerminal, 0);

    /// <summary>Opens a pipe that is read as far as it is filled; -1 where it cannot be.</summary>
    public static int OpenNonBlocking(string path) => open(Name(path), CloseOnExec | NoTerminal | NonBlocking, 0);

    /// <summary>Reads what is there.</summary>
    /// <returns>Bytes; 0 at the end, -1 where nothing is there.</returns>
    public static int Read(SafeFileHandle file, Span<byte> to) => (int)read((int)file.DangerousGetHandle(), to, to.Length);

    /// <summary>Opens a folder to be listed; -1 where it cannot be.</summary>
    public static int OpenFolder(string path) => open(Name(path), CloseOnExec | Folder, 0);

    /// <summary>Opens a file without a name in a folder, for its owner only; -1 where the file system has none.</summary>
    public static int OpenUnnamed(string folder) => open(Name(folder), CloseOnExec | ReadWrite | TypeOfTemporary | Folder, OwnerOnly);

    /// <summary>What a path stands for.</summary>
    /// <param name="path">The path.</param>
    /// <param name="follow">Whether a link stands for what it leads to.</param>
    /// <param name="found">What it is.</param>
    /// <returns>Whether there is anything.</returns>
    public static bool Look(string path, bool follow, out Status found) => statx(HereFolder, Name(path), follow ? 0 : NoFollow, BasicStats, out found) == 0;

    /// <summary>What an open file is.</summary>
    public static bool Look(SafeFileHandle file, out Status found) => Look((int)file.DangerousGetHandle(), out found);

    /// <summary>What a descriptor is.</summary>
    public static bool Look(int descriptor, out Status found) => statx(descriptor, Name(""), EmptyPath, BasicStats, out found) == 0;

    /// <summary>The next entries of a folder, as struct linux_dirent64.</summary>
    /// <returns>Bytes; 0 at the end, -1 where it cannot be read.</returns>
    public static int Entries(SafeFileHandle folder, Span<byte> to) => (int)getdents64((int)folder.DangerousGetHandle(), to, to.Length);

    /// <summary>A name for the kernel.</summary>
    public static byte[] Name(string path) => [.. Utf8Text.Encode(path), 0];

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(ReadOnlySpan<byte> path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, Span<byte> to, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int folder, ReadOnlySpan<byte> path, int flags, uint mask, out Status status);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int folder, Span<byte> to, nint size);

    /// <summary><c>struct statx</c>.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    public readonly struct Status
    {
        private readonly uint _mask, _blockSize;
        private readonly ulong _attributes;

        /// <summary>Names that it has.</summary>
        public readonly uint Links;

        /// <summary>Whose it is.</summary>
        public readonly uint Owner, Group;

        /// <summary>Type and permissions.</summary>
        public readonly ushort Mode;

        /// <summary>Number within its file system.</summary>
        public readonly ulong Inode;

        /// <summary>Bytes.</summary>
        public readonly ulong Size;
        private readonly ulong _blocks, _attributesMask;
        private readonly ulong _accessed, _accessedNs, _born, _bornNs, _changed, _changedNs, _modified, _modifiedNs;
        private readonly uint _deviceHigh, _deviceLow;

        public readonly uint FileSystemHigh, FileSystemLow;
    }
}
