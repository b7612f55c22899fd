namespace Differ.Schemas.Files;

/// <summary>A pipe whose first bytes can be looked at before they are read.</summary>
/// <param name="inner">The pipe; closed with this.</param>
public sealed class PeekStream(Stream inner) : ReadOnlyStream
{
    private byte[] _start = [];
    private int _given;
    private long _position;

    /// <summary>Bytes read so far.</summary>
    public override long Position { get => _position; set => throw new NotSupportedException(); }

    /// <summary>The first bytes, at most so many; to be called before anything is read, as often as wanted.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        if (_start.Length < count)
        {
            int known = _start.Length;
            Array.Resize(ref _start, count);
            int length = known + inner.ReadAtLeast(_start.AsSpan(known), count - known, throwOnEndOfStream: false);
            Array.Resize(ref _start, length);
        }

        return _start.AsSpan(0, Math.Min(count, _start.Length));
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int length = Math.Min(buffer.Length, _start.Length - _given);
        if (length == 0)
        {
            length = inner.Read(buffer);
        }
        else
        {
            _start.AsSpan(_given, length).CopyTo(buffer);
            _given += length;
        }

        _position += length;
        return length;
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
