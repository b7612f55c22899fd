using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;

namespace Differ.Capture;

/// <summary>A capture that comes through a pipe, read as often as it takes to tell of it what would be told of a file with the same bytes.</summary>
/// <remarks>
/// <code>
///   nobody watches          it is kept up to its end, and read as the file that it is
///   somebody watches        it is read as it comes. What its reader did not know at the start it may learn on the way: then it is read
///                           again from the start. When it has ended it is read as a file, if that can tell anything else.
///   it goes on and on       behind what is kept it is read once
/// </code>
/// </remarks>
/// <param name="format">The format, of which this one can be read front to back.</param>
/// <param name="pipe">The pipe; nothing has been read of it.</param>
/// <param name="watched">Whether somebody watches.</param>
internal sealed class PipeReading(IStreamedFormat format, KeptPipe pipe, bool watched) : IDisposable
{
    /// <summary>Whether what is read may have to be read again.</summary>
    public bool IsProvisional { get; private set; }

    /// <summary>Starts to read, from the start of the pipe.</summary>
    public ITraceReader Open()
    {
        if (!watched)
        {
            pipe.Fill();
        }

        pipe.Rewind();
        IsProvisional = !pipe.HasEnded && !pipe.IsFull;
        pipe.StopsWhenFull = IsProvisional;

        return IsWhole ? format.Open(pipe.Kept) : OpenAsItComes();
    }

    /// <summary>What was read is read again from the start; null where it stands.</summary>
    /// <param name="done">Has read the pipe to its end, or as far as it could.</param>
    /// <param name="always">Whether it is read again in any case, when that can be done.</param>
    public ITraceReader? Reopen(ITraceReader done, bool always)
    {
        if (!IsProvisional || (!always && pipe.HasEnded && done.ReadsAsFile))
        {
            IsProvisional = false;
            return null;
        }

        done.Dispose();
        return Open();
    }

    /// <inheritdoc/>
    public void Dispose() => pipe.Dispose();

    // An interruption cuts a record that its writer would have finished.
    private bool IsWhole => pipe.HasEnded && !pipe.IsFull && !pipe.IsInterrupted;

    // A pipe that ended in the middle of its description is a file that is cut short, and says so as the file does.
    private ITraceReader OpenAsItComes()
    {
        try
        {
            return format.Open(pipe);
        }
        catch (CaptureFormatException) when (IsWhole)
        {
            IsProvisional = false;
            return format.Open(pipe.Kept);
        }
    }
}
