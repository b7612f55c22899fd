using System.Runtime.InteropServices;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Linux;

/// <summary>Calls of Linux with which a file is written that appears whole or not at all, and with which descriptors are read and written as they are.</summary>
/// <remarks>Source: the manual pages of section 2; Linux include/uapi/asm-generic/fcntl.h and those of the architectures.</remarks>
internal static partial class Libc
{
    /// <summary>Errors.</summary>
    public const int NotPermitted = 1, NoEntry = 2, Interrupted = 4, TryAgain = 11, NoAccess = 13, Exists = 17, NotAFolder = 20, IsAFolder = 21, Invalid = 22,
        ReadOnlySystem = 30, NotSupported = 95;

    /// <summary>Ways to open.</summary>
    public const int ToWrite = 1, ToReadAndWrite = 2, Create = 0x40, Exclusive = 0x80, NoTerminal = 0x100, Truncate = 0x200, CloseOnExec = 0x80000, Unnamed = 0x400000,
        PathOnly = 0x200000;

    /// <summary>For the owner only; for everybody, less what the mask takes away.</summary>
    public const int OwnerOnly = 0x180, Everybody = 0x1b6;

    private const int HereFolder = -100, FollowLinks = 0x400, EffectiveIds = 0x200, MayWrite = 2;
    private const int Terminated = 15, FileTooLarge = 25, AddressSpace = 9;
    private const nint Ignored = 1;
    private const int GetFlags = 1, DuplicateCloseOnExec = 1030, FirstOfOurs = 3;
    private const short ReadyToRead = 1, ReadyToWrite = 4;

    // Arm and PowerPC have the two the other way round.
    private static readonly bool IsOther = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm or Architecture.Ppc64le;

    /// <summary>To open folders only.</summary>
    public static int FolderOnly => IsOther ? 0x4000 : 0x10000;

    /// <summary>Not to follow a link.</summary>
    public static int NoFollow => IsOther ? 0x8000 : 0x20000;

    /// <summary>Opens a file by its path; -1 where it cannot be.</summary>
    public static int Open(string path, int flags) => openat(HereFolder, Name(path), flags | CloseOnExec, 0);

    /// <summary>Opens or makes a file in a folder; -1 where it cannot be.</summary>
    public static int OpenIn(int folder, string name, int flags, int mode) => openat(folder, Name(name), flags | CloseOnExec, mode);

    /// <summary>Gives an open file a name in a folder.</summary>
    public static bool Link(int file, int folder, string name) => linkat(HereFolder, Name($"/proc/self/fd/{file}"), folder, Name(name), FollowLinks) == 0;

    /// <summary>Gives a file in a folder another name, which is taken from what has it.</summary>
    public static bool Rename(int folder, string from, string to) => renameat(folder, Name(from), folder, Name(to)) == 0;

    /// <summary>Takes a name out of a folder.</summary>
    public static void Unlink(int folder, string name) => _ = unlinkat(folder, Name(name), 0);

    /// <summary>Whether a file in a folder may be written.</summary>
    public static bool IsWritable(int folder, string name) => faccessat(folder, Name(name), MayWrite, EffectiveIds) == 0;

    /// <summary>Gives an open file permissions.</summary>
    public static bool SetMode(int file, int mode) => fchmod(file, (uint)mode) == 0;

    /// <summary>Gives an open file an owner and a group.</summary>
    public static bool SetOwner(int file, uint owner, uint group) => fchown(file, owner, group) == 0;

    /// <summary>What the mask of this process leaves of the permissions of a new file.</summary>
    public static int ModeOfNewFile()
    {
        // The mask can be read only by setting it; what another thread makes meanwhile is for the owner only.
        uint mask = umask(0x3f);
        _ = umask(mask);
        return Everybody & ~(int)mask;
    }

    /// <summary>Where a link leads to; null where it cannot be read.</summary>
    public static string? ReadLink(string path)
    {
        Span<byte> target = stackalloc byte[4096];
        int length = (int)readlink(Name(path), target, target.Length);
        return length < 0 ? null : Utf8Text.Decode(target[..length]);
    }

    /// <summary>Whether a descriptor was open when the process began: its own do not survive the start of a program.</summary>
    public static bool IsInherited(int descriptor) => fcntl(descriptor, GetFlags, 0) == 0;

    /// <summary>Lets a write fail with an error where a file would become larger than ulimit -f allows, in place of ending the process with SIGXFSZ.</summary>
    public static void IgnoreFileTooLarge() => _ = signal(FileTooLarge, Ignored);

    /// <summary>Bytes of addresses that the process may have (<c>ulimit -v</c>).</summary>
    public static ulong AddressLimit()
    {
        Span<ulong> limits = stackalloc ulong[2];
        return getrlimit(AddressSpace, limits) == 0 ? limits[0] : ulong.MaxValue;
    }

    /// <summary>Whether a descriptor is a terminal.</summary>
    public static bool IsTerminal(int descriptor) => isatty(descriptor) == 1;

    /// <summary>Another descriptor of the same open file; -1 where there is none.</summary>
    public static int Duplicate(int descriptor) => fcntl(descriptor, DuplicateCloseOnExec, FirstOfOurs);

    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>Reads what is there.</summary>
    public static int Read(int descriptor, Span<byte> to) => (int)read(descriptor, to, to.Length);

    /// <summary>Writes a part.</summary>
    public static int Write(int descriptor, ReadOnlySpan<byte> from) => (int)write(descriptor, from, from.Length);

    /// <summary>Waits until a descriptor can be read, or written.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="toWrite">Whether it is to be written.</param>
    /// <param name="milliseconds">How long at most; -1 for as long as it takes.</param>
    /// <returns>Whether it can.</returns>
    public static bool WaitFor(int descriptor, bool toWrite, int milliseconds = -1)
    {
        var one = new Waiting(descriptor, toWrite ? ReadyToWrite : ReadyToRead);
        return poll(ref one, 1, milliseconds) > 0;
    }

    /// <summary>Asks a process to end.</summary>
    public static void Terminate(int process) => _ = kill(process, Terminated);

    /// <summary>Ends the process at once: nothing is written that is still to be written.</summary>
    public static void Exit(int status) => _exit(status);

    private static byte[] Name(string path) => [.. Utf8Text.Encode(path), 0];

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int folder, ReadOnlySpan<byte> path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(int fromFolder, ReadOnlySpan<byte> from, int toFolder, ReadOnlySpan<byte> to, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat(int fromFolder, ReadOnlySpan<byte> from, int toFolder, ReadOnlySpan<byte> to);

    [LibraryImport("libc")]
    private static partial int unlinkat(int folder, ReadOnlySpan<byte> path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int faccessat(int folder, ReadOnlySpan<byte> path, int mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(int file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(int file, uint owner, uint group);

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlink(ReadOnlySpan<byte> path, Span<byte> to, nint size);

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, Span<byte> to, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, ReadOnlySpan<byte> from, nint size);

    [LibraryImport("libc")]
    private static partial int poll(ref Waiting descriptors, nuint count, int milliseconds);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, Span<ulong> limits);

    [LibraryImport("libc")]
    private static partial int isatty(int descriptor);

    [LibraryImport("libc")]
    private static partial int kill(int process, int number);

    [LibraryImport("libc")]
    private static partial void _exit(int status);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Waiting(int descriptor, short events)
    {
        private readonly int _descriptor = descriptor;
        private readonly short _events = events, _happened;
    }
}
