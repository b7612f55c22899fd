using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>A pipe as a source. What describes the recording may be read anywhere; behind it, bytes are read once, front to back.</summary>
/// <param name="start">Read from the pipe already.</param>
/// <param name="rest">What follows.</param>
/// <param name="live">Tells whether more comes; null where all is there.</param>
internal sealed class PipeSource(ReadOnlyMemory<byte> start, Stream rest, LiveStream? live) : ByteSource
{
    // The formats of all tracepoints and the symbols of a kernel take a tenth.
    private const int MostKept = 64 << 20;

    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    private readonly byte[] _passed = new byte[1 << 12];
    private byte[] _kept = start.ToArray();
    private int _keptLength = start.Length;
    private long _position = start.Length;
    private bool _described;

    /// <summary>As long as a file can be: nobody knows.</summary>
    public override long Length => long.MaxValue;

    /// <summary>Called when the pipe has been silent for a while, and before it is waited for.</summary>
    public Action? Silent { get; set; }

    /// <summary>The description has been read: from now on nothing is kept.</summary>
    public void EndDescription() => _described = true;

    /// <inheritdoc/>
    public override int Read(long offset, Span<byte> to)
    {
        int length = 0;
        for (int read = 1; read > 0 && length < to.Length; length += read)
        {
            read = ReadSome(offset + length, to[length..]);
        }

        return length;
    }

    /// <inheritdoc/>
    public override int ReadSome(long offset, Span<byte> to)
    {
        if (!_described)
        {
            Keep(offset);
        }

        if (offset < _keptLength)
        {
            int length = (int)Math.Min(_keptLength - offset, to.Length);
            _kept.AsSpan((int)offset, length).CopyTo(to);
            return length;
        }

        while (_position < offset)
        {
            int passed = Next(_passed.AsSpan(0, (int)Math.Min(_passed.Length, offset - _position)));
            if (passed == 0)
            {
                return 0;
            }
        }

        return to.Length == 0 ? 0 : Next(to);
    }

    /// <inheritdoc/>
    protected override void ReadAt(long offset, Span<byte> to, string field)
    {
        int read = Read(offset, to);
        if (read < to.Length)
        {
            CaptureFormatException.ThrowTruncated(field, offset + read, to.Length - read, 0);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        rest.Dispose();
        base.Dispose(disposing);
    }

    private void Keep(long offset)
    {
        while (offset >= _keptLength)
        {
            if (_keptLength >= MostKept)
            {
                CaptureFormatException.ThrowImpossible("description of the recording", _keptLength, $"longer than {MostKept >> 20} MiB");
            }

            if (_keptLength == _kept.Length)
            {
                Array.Resize(ref _kept, Math.Max(1 << 16, 2 * _kept.Length));
            }

            int read = Next(_kept.AsSpan(_keptLength));
            if (read == 0)
            {
                return;
            }

            _keptLength += read;
        }
    }

    private int Next(Span<byte> to)
    {
        if (Silent is not null && live is not null && !live.Wait(Silence))
        {
            Silent();
        }

        int read = rest.Read(to);
        _position += read;
        return read;
    }
}
