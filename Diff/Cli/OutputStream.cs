using Differ.Diff.Writing;

namespace Differ.Cli;

/// <summary>Writes, and tells what goes wrong from what goes wrong with an input. It does not own what it writes to.</summary>
/// <param name="inner">Where it goes.</param>
/// <param name="path">What the user calls it.</param>
internal sealed class OutputStream(Stream inner, string path) : ForwardStream
{
    public override bool CanRead => false;

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

    public override void Flush() => Try(path, () =>
    {
        inner.Flush();
        return 0;
    });

    // A file that may not grow is an argument out of range to the runtime.
    private static bool IsOfTheSystem(Exception fault) => fault is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;
}

/// <summary>Where remarks go: that nobody can read them changes nothing of the work and its outcome.</summary>
/// <param name="inner">Where it goes.</param>
internal sealed class RemarkStream(Stream inner) : ForwardStream
{
    public override bool CanRead => false;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (IOException)
        {
            // It is closed, or on a full disk.
        }
    }
}

/// <summary>Writes until the reader goes away, and from then on nothing: other work goes on, and learns of it at its end.</summary>
/// <param name="inner">Where it goes.</param>
/// <param name="isGone">Whether a fault says that the reader went away.</param>
internal sealed class LeaverStream(Stream inner, Func<Exception, bool> isGone) : ForwardStream
{
    private Exception? _gone;

    public override bool CanRead => false;

    /// <summary>Tells that the reader went away.</summary>
    /// <exception cref="IOException">It did.</exception>
    public void ThrowIfGone()
    {
        if (_gone is not null)
        {
            throw new IOException(_gone.Message, _gone.HResult);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            if (_gone is null)
            {
                inner.Write(buffer);
            }
        }
        catch (Exception fault) when (isGone(fault))
        {
            _gone = fault;
        }
    }

    public override void Flush()
    {
        try
        {
            if (_gone is null)
            {
                inner.Flush();
            }
        }
        catch (Exception fault) when (isGone(fault))
        {
            _gone = fault;
        }
    }
}
