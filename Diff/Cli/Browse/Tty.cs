using System.Runtime.InteropServices;
using System.Text;
using Differ.Cli.Linux;

namespace Differ.Cli.Browse;

/// <summary>The terminal that the process was started from (/dev/tty), whatever standard input and output are: bytes of keys come as they are pressed.</summary>
/// <remarks>Source: the manual pages termios(3), ioctl_tty(2), poll(2); Linux include/uapi/asm-generic.</remarks>
internal sealed partial class Tty : IDisposable
{
    private const string Device = "/dev/tty";
    private const int AtOnce = 0;

    // struct termios of every architecture and C library is smaller.
    private const int SizeOfSettings = 256;

    private readonly int _descriptor;
    private readonly byte[] _before = new byte[SizeOfSettings];

    private Tty(int descriptor) => _descriptor = descriptor;

    /// <summary>Opens it; null where there is none.</summary>
    public static Tty? Open()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        int descriptor = open([.. Encoding.ASCII.GetBytes(Device), 0], Libc.ToReadAndWrite | Libc.NoTerminal | Libc.CloseOnExec);
        if (descriptor < 0)
        {
            return null;
        }

        var tty = new Tty(descriptor);
        if (tcgetattr(descriptor, tty._before) == 0)
        {
            return tty;
        }

        tty.Dispose();
        return null;
    }

    /// <summary>Columns and rows; 80 and 24 where the terminal does not say.</summary>
    public (int Width, int Height) Size
    {
        get
        {
            Span<ushort> size = stackalloc ushort[4];
            return ioctl(_descriptor, RequestForSize, size) == 0 && size[0] > 0 && size[1] > 0 ? (size[1], size[0]) : (80, 24);
        }
    }

    private static nuint RequestForSize => RuntimeInformation.ProcessArchitecture == Architecture.Ppc64le ? 0x40087468u : 0x5413u;

    /// <summary>Hands every key on at once, and shows none.</summary>
    public void MakeRaw()
    {
        byte[] raw = [.. _before];
        cfmakeraw(raw);
        _ = tcsetattr(_descriptor, AtOnce, raw);
    }

    /// <summary>Sets it as it was.</summary>
    public void Restore() => _ = tcsetattr(_descriptor, AtOnce, _before);

    /// <summary>Waits for keys.</summary>
    /// <param name="milliseconds">How long at most.</param>
    /// <param name="bytes">Where they go.</param>
    /// <returns>Bytes; 0 where none came, -1 where the terminal is gone.</returns>
    public int Read(int milliseconds, Span<byte> bytes)
    {
        if (!Libc.WaitFor(_descriptor, toWrite: false, milliseconds))
        {
            return 0;
        }

        int got = Libc.Read(_descriptor, bytes);
        return got > 0 ? got : got < 0 && Marshal.GetLastPInvokeError() is Libc.Interrupted or Libc.TryAgain ? 0 : -1;
    }

    /// <summary>Sends a text.</summary>
    public void Write(string text)
    {
        ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
        while (bytes.Length > 0)
        {
            int written = Libc.Write(_descriptor, bytes);
            if (written > 0)
            {
                bytes = bytes[written..];
            }
            else if (Marshal.GetLastPInvokeError() is Libc.Interrupted)
            {
                continue;
            }
            else if (Marshal.GetLastPInvokeError() is Libc.TryAgain)
            {
                Libc.WaitFor(_descriptor, toWrite: true);
            }
            else
            {
                // The terminal is gone; who reads keys learns of it.
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Libc.Close(_descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(ReadOnlySpan<byte> path, int flags);

    [LibraryImport("libc")]
    private static partial int ioctl(int descriptor, nuint request, Span<ushort> size);

    [LibraryImport("libc")]
    private static partial int tcgetattr(int descriptor, Span<byte> settings);

    [LibraryImport("libc")]
    private static partial int tcsetattr(int descriptor, int when, ReadOnlySpan<byte> settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(Span<byte> settings);
}
