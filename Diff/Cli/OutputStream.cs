namespace Differ.Cli;

/// <summary>Writes, and tells what goes wrong from what goes wrong with an input.</summary>
/// <param name="inner">Where it goes.</param>
/// <param name="path">What the user calls it.</param>
internal sealed class OutputStream(Stream inner, string path) : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Does something with a file that is written.</summary>
    /// <param name="path">What the user calls it.</param>
    /// <param name="work">What to do.</param>
    /// <exception cref="OutputException">It fails.</exception>
    public static T Try<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception fault) when (IsOfTheSystem(fault))
        {
            throw new OutputException(path, fault);
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception fault) when (IsOfTheSystem(fault))
        {
            throw new OutputException(path, fault);
        }
    }

    /// <inheritdoc/>
    public override void Flush() => Try(path, () =>
    {
        inner.Flush();
        return 0;
    });

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    // A file that may not grow is an argument out of range to the runtime.
    private static bool IsOfTheSystem(Exception fault) => fault is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Try(path, () =>
            {
                inner.Dispose();
                return 0;
            });
        }

        base.Dispose(disposing);
    }
}
