using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>A pipe as a source. What describes the recording may be read anywhere; behind it, bytes are read once, front to back.</summary>
/// <param name="pipe">The pipe, from its start; it stays open.</param>
internal sealed class PipeSource(KeptPipe pipe) : ByteSource
{
    // The formats of all tracepoints and the symbols of a kernel take a tenth.
    private const int MostKept = 64 << 20;

    private readonly byte[] _passed = new byte[1 << 12];
    private byte[] _kept = [];
    private int _keptLength;
    private long _position;
    private bool _described;

    /// <summary>As long as a file can be: nobody knows.</summary>
    public override long Length => long.MaxValue;

    /// <summary>Called when the pipe has been silent for a while, and before it is waited for.</summary>
    public Action? Silent { set => pipe.Silent = value; }

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
        int read = pipe.Read(to);
        _position += read;
        return read;
    }
}
