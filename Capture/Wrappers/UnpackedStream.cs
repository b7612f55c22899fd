using Differ.Capture.Diagnostics;
using Differ.Schemas.Files;

namespace Differ.Capture.Wrappers;

/// <summary>What comes out of a packing: what unpacks without end is refused.</summary>
/// <param name="inner">The unpacking stream.</param>
/// <param name="outermost">The file or pipe itself, which may be packed several times over.</param>
/// <param name="name">Name of the packing.</param>
internal sealed class UnpackedStream(Stream inner, Stream outermost, string name) : ReadOnlyStream
{
    // A capture of a day; nobody packs more, and a small file that claims more is a trap.
    private const long Most = 256L << 30;

    // The best packing makes a hundredth of a trace. A small file may hold anything that is soon unpacked.
    private const long MostTimes = 1 << 10, Small = 256L << 20;

    private long _read;

    /// <inheritdoc/>
    public override long Position { get => _read; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        _read += read;
        if (_read > Most)
        {
            CaptureFormatException.ThrowTooLarge(name, $"{Most >> 30} GiB", _read);
        }

        if (_read > Small && _read / MostTimes > outermost.Position)
        {
            CaptureFormatException.ThrowTooLarge(name, $"{MostTimes} times its size", _read);
        }

        return read;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
