using System.Runtime.InteropServices;

namespace Differ.Capture.Kvm;

/// <summary>Calls of Linux with which virtual machines are made and run.</summary>
/// <remarks>Source: Linux Documentation/virt/kvm/api.rst; the manual pages of section 2.</remarks>
internal static partial class KvmCalls
{
    /// <summary>Errors.</summary>
    public const int Interrupted = 4, TryAgain = 11, NoAccess = 13, NoEntry = 2;

    /// <summary>To open for both, not to be inherited.</summary>
    public const int ReadWrite = 2, CloseOnExec = 0x80000;

    /// <summary>Memory that may be read and written; shared with the kernel, or nobody's but this process's.</summary>
    public const int ReadAndWrite = 3, Shared = 1, PrivateAndEmpty = 0x22;

    /// <summary>SIGUSR2, which nothing else here uses.</summary>
    public const int KickSignal = 12;

    /// <summary>KVM's requests: group 0xae, a number, and which way what goes.</summary>
    public static uint Request(int number) => 0xae00u | (uint)number;

    /// <summary>A request that reads a structure.</summary>
    public static uint Reads(int number, int size) => 0x8000_0000 | ((uint)size << 16) | Request(number);

    /// <summary>A request that writes a structure.</summary>
    public static uint Writes(int number, int size) => 0x4000_0000 | ((uint)size << 16) | Request(number);

    /// <summary>A request that does both.</summary>
    public static uint Exchanges(int number, int size) => 0xc000_0000 | ((uint)size << 16) | Request(number);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int open(string path, int flags);

    [LibraryImport("libc")]
    public static partial int close(int file);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int file, nuint request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc")]
    public static partial int munmap(nint address, nuint length);

    [LibraryImport("libc")]
    public static partial int gettid();

    [LibraryImport("libc")]
    public static partial int getpid();

    [LibraryImport("libc")]
    public static partial int tgkill(int process, int thread, int signal);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint signal(int number, nint handler);
}
