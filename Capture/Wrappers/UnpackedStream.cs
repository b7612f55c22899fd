using Differ.Capture.Diagnostics;
using Differ.Schemas.Files;

namespace Differ.Capture.Wrappers;

/// <summary>What comes out of a packing: damage is named, and what unpacks without end is refused.</summary>
/// <param name="inner">The unpacking stream.</param>
/// <param name="packed">What it unpacks, to say where damage is.</param>
/// <param name="name">Name of the packing.</param>
internal sealed class UnpackedStream(Stream inner, Stream packed, string name) : ReadOnlyStream
{
    // A capture of a day; nobody packs more, and a small file that claims more is a trap.
    private const long Most = 256L << 30;

    private long _read;

    /// <inheritdoc/>
    public override long Position { get => _read; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            int read = inner.Read(buffer);
            _read += read;
            if (_read > Most)
            {
                CaptureFormatException.ThrowTooLarge(name, _read);
            }

            return read;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            CaptureFormatException.ThrowDamagedStream(name, packed.Position);
            return 0;
        }
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
