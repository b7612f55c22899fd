using Differ.Capture.Diagnostics;

namespace Differ.Capture.Wrappers;

/// <summary>What comes out of a packing: damage is named, and what unpacks without end is refused.</summary>
/// <param name="inner">The unpacking stream.</param>
/// <param name="packed">What it unpacks, to say where damage is.</param>
/// <param name="name">Name of the packing.</param>
internal sealed class UnpackedStream(Stream inner, Stream packed, string name) : Stream
{
    // A capture of a day; nobody packs more, and a small file that claims more is a trap.
    private const long Most = 256L << 30;

    private long _read;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => _read; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

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
    public override void Flush()
    {
        // Nothing is written.
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

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
