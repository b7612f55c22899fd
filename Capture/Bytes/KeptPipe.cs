using Differ.Capture.Disk;
using Differ.Schemas.Files;
using Microsoft.Win32.SafeHandles;

namespace Differ.Capture.Bytes;

/// <summary>A pipe of which as much as is sensible is kept, so that it can be read again: what comes later may change what is said of its start.</summary>
/// <param name="start">Read from the pipe already.</param>
/// <param name="rest">What follows; closed with this. Null where the pipe has ended.</param>
/// <param name="live">Tells whether more comes; null where all is there.</param>
/// <param name="most">Bytes that are kept besides the start, in a temporary file.</param>
internal sealed class KeptPipe(ReadOnlyMemory<byte> start, Stream? rest, LiveStream? live, long most = KeptPipe.MostKept) : ReadOnlyStream
{
    /// <summary>Bytes that are kept of a pipe. What follows is read once.</summary>
    public const long MostKept = 256 << 20;

    private SafeFileHandle? _file;
    private byte[] _unwritten = [];
    private long _written;
    private long _at;

    public bool HasEnded { get; private set; } = rest is null;

    /// <summary>Whether an interruption ended it, and not its writer.</summary>
    public bool IsInterrupted => live is { IsInterrupted: true };

    /// <summary>Whether more came than is kept.</summary>
    public bool IsFull { get; private set; }

    /// <summary>Whether reading ends with what is kept, so that it can be started again.</summary>
    public bool StopsWhenFull { get; set; }

    /// <summary>Called when the pipe has been silent for a while, and before it is waited for.</summary>
    public Action? Silent { get; set; }

    /// <summary>The first bytes.</summary>
    public ReadOnlyMemory<byte> Start => start;

    /// <summary>What is kept; readable until this is closed.</summary>
    public ByteSource Kept => new View(this, Length);

    /// <summary>Bytes that are kept.</summary>
    public override long Length => start.Length + _written + _unwritten.Length;

    /// <inheritdoc/>
    public override long Position { get => _at; set => throw new NotSupportedException(); }

    /// <summary>Starts again. Nothing may have been read behind what is kept.</summary>
    public void Rewind() => _at = _at <= Length ? 0 : throw new InvalidOperationException("the pipe cannot be read again");

    /// <summary>Keeps all that comes, up to the end of the pipe or as much as can be kept.</summary>
    public void Fill()
    {
        byte[] passed = new byte[1 << 16];
        StopsWhenFull = true;
        for (_at = Length; Read(passed) > 0;)
        {
            // Kept.
        }
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int read = _at < Length ? ReadKept(_at, buffer[..(int)Math.Min(buffer.Length, Length - _at)])
            : HasEnded || buffer.Length == 0 || (IsFull && StopsWhenFull) ? 0
            : ReadOn(buffer);
        _at += read;
        return read;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file?.Dispose();
            rest?.Dispose();
        }

        base.Dispose(disposing);
    }

    private int ReadOn(Span<byte> buffer)
    {
        if (Silent is not null && live is not null && !live.Wait(live.Silence))
        {
            Silent();
        }

        int read = rest!.Read(buffer);
        HasEnded = read == 0;
        if (!IsFull)
        {
            Keep(buffer[..read]);
        }

        return read;
    }

    // What is kept last may be a little more than asked for: nothing that came is passed over.
    private void Keep(ReadOnlySpan<byte> read)
    {
        try
        {
            _file ??= DiskFile.OpenTemporary();
            FileSource.Write(_file, read, _written);
            _written += read.Length;
            IsFull = _written >= most;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no room for more, but for these.
            _unwritten = read.ToArray();
            IsFull = true;
        }
    }

    private int ReadKept(long offset, Span<byte> to)
    {
        if (offset < start.Length)
        {
            int first = Math.Min(to.Length, start.Length - (int)offset);
            start.Span.Slice((int)offset, first).CopyTo(to);
            return first;
        }

        offset -= start.Length;
        if (offset < _written)
        {
            return RandomAccess.Read(_file!, to[..(int)Math.Min(to.Length, _written - offset)], offset);
        }

        int last = Math.Min(to.Length, _unwritten.Length - (int)(offset - _written));
        _unwritten.AsSpan((int)(offset - _written), last).CopyTo(to);
        return last;
    }

    private sealed class View(KeptPipe pipe, long length) : ByteSource
    {
        public override long Length => length;

        protected override void ReadAt(long offset, Span<byte> to, string field)
        {
            while (to.Length > 0)
            {
                int read = pipe.ReadKept(offset, to);
                to = to[read..];
                offset += read;
            }
        }
    }
}
