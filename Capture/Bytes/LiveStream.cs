using Differ.Schemas.Files;

namespace Differ.Capture.Bytes;

/// <summary>A pipe that is read ahead on a thread of its own, so that a reader can tell silence from the end and need not wait for ever.</summary>
/// <remarks>An interruption ends the pipe: what was read is still reported.</remarks>
public sealed class LiveStream : ReadOnlyStream
{
    private const int PieceSize = 1 << 16;
    private const int MostPieces = 16;

    private readonly Stream _inner;
    private readonly CancellationToken _cancel;
    private readonly Queue<ArraySegment<byte>> _pieces = new();
    private readonly Stack<byte[]> _spare = new();
    private readonly CancellationTokenRegistration _registration;
    private ArraySegment<byte> _current;
    private Exception? _fault;
    private bool _hasBegun;
    private bool _ended;
    private bool _closed;

    /// <summary>Starts to read a pipe.</summary>
    /// <param name="inner">The pipe; not closed, because the thread may be waiting for it.</param>
    /// <param name="cancel">Ends it.</param>
    public LiveStream(Stream inner, CancellationToken cancel)
    {
        _inner = inner;
        _cancel = cancel;
        _registration = cancel.Register(Wake);
        new Thread(ReadAhead) { IsBackground = true, Name = "pipe" }.Start();
    }

    /// <summary>Whether somebody waits for what is found in it, and it has to be read as it comes.</summary>
    public bool IsWatched { get; init; }

    /// <summary>After how long without a byte the pipe is silent: a recorder that says nothing for so long has said what it had.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether an interruption ended it, wherever its writer was.</summary>
    public bool IsInterrupted => _cancel.IsCancellationRequested;

    /// <summary>Waits until there is something to read, or the pipe has ended.</summary>
    /// <param name="most">How long at most.</param>
    /// <returns>False when the pipe stayed silent.</returns>
    public bool Wait(TimeSpan most)
    {
        lock (_pieces)
        {
            long end = Environment.TickCount64 + (long)most.TotalMilliseconds;
            while (IsEmpty && !HasEnded)
            {
                long left = end - Environment.TickCount64;
                if (left <= 0 || !Monitor.Wait(_pieces, (int)left))
                {
                    return !IsEmpty || HasEnded;
                }
            }

            return true;
        }
    }

    /// <summary>Tells a pipe that was interrupted from one that ended: what was read of it is not all there is.</summary>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public void ThrowIfInterrupted() => _cancel.ThrowIfCancellationRequested();

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        lock (_pieces)
        {
            while (IsEmpty && !HasEnded)
            {
                Monitor.Wait(_pieces);
            }

            if (_cancel.IsCancellationRequested || (_current.Count == 0 && !_pieces.TryDequeue(out _current)))
            {
                return _fault is null || _cancel.IsCancellationRequested ? 0
                    : throw new IOException(_hasBegun ? $"the pipe cannot be read to its end: {_fault.Message}" : _fault.Message, _fault);
            }

            int length = Math.Min(_current.Count, buffer.Length);
            _current.AsSpan(0, length).CopyTo(buffer);
            _current = _current[length..];
            if (_current.Count == 0)
            {
                _spare.Push(_current.Array!);
                Monitor.PulseAll(_pieces);
            }

            return length;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _registration.Dispose();
            lock (_pieces)
            {
                _closed = true;
                Monitor.PulseAll(_pieces);
            }
        }

        base.Dispose(disposing);
    }

    private bool IsEmpty => _current.Count == 0 && _pieces.Count == 0;

    private bool HasEnded => _ended || _closed || _cancel.IsCancellationRequested;

    private void Wake()
    {
        lock (_pieces)
        {
            Monitor.PulseAll(_pieces);
        }
    }

    private void ReadAhead()
    {
        try
        {
            for (byte[]? free = Free(); free is not null; free = Free())
            {
                int read = _inner.Read(free);
                lock (_pieces)
                {
                    if (read == 0)
                    {
                        break;
                    }

                    _hasBegun = true;
                    _pieces.Enqueue(new ArraySegment<byte>(free, 0, read));
                    Monitor.PulseAll(_pieces);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            _fault = e;
        }

        lock (_pieces)
        {
            _ended = true;
            Monitor.PulseAll(_pieces);
        }
    }

    // A free piece of memory, when the reader has kept up; null when nobody reads any more.
    private byte[]? Free()
    {
        lock (_pieces)
        {
            while (_pieces.Count >= MostPieces && !HasEnded)
            {
                Monitor.Wait(_pieces);
            }

            return HasEnded ? null : _spare.TryPop(out byte[]? spare) ? spare : new byte[PieceSize];
        }
    }
}
