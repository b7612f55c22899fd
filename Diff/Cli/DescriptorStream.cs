using System.Runtime.InteropServices;
using Differ.Cli.Linux;
using Differ.Diff.Writing;

namespace Differ.Cli;

/// <summary>
/// An open descriptor of Linux as it is: bytes are written where it stands, as another process that shares it expects, and an error is one
/// of the system.
/// </summary>
/// <param name="descriptor">The descriptor.</param>
/// <param name="isOurs">Whether it is closed with this.</param>
internal sealed class DescriptorStream(int descriptor, bool isOurs) : ForwardStream
{
    private bool _closed;

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            int read = Libc.Read(descriptor, buffer);
            if (read >= 0)
            {
                return read;
            }

            WaitOrThrow(toWrite: false);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            int written = Libc.Write(descriptor, buffer);
            if (written >= 0)
            {
                buffer = buffer[written..];
            }
            else
            {
                WaitOrThrow(toWrite: true);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (isOurs && !_closed)
        {
            _closed = true;
            Libc.Close(descriptor);
        }

        base.Dispose(disposing);
    }

    // A descriptor that somebody made not to wait is waited for.
    private void WaitOrThrow(bool toWrite)
    {
        int error = Marshal.GetLastPInvokeError();
        switch (error)
        {
            case Libc.Interrupted:
                return;
            case Libc.TryAgain:
                Libc.WaitFor(descriptor, toWrite);
                return;
            default:
                throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
        }
    }
}
