using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>What one step of unpacking came to.</summary>
internal enum UnpackOutcome
{
    /// <summary>It went on, or waits for more input.</summary>
    Goes,

    /// <summary>The input is no such stream, or damaged.</summary>
    Damaged,

    /// <summary>The stream asks for more memory than it gets.</summary>
    TooMuchMemory,
}

/// <summary>A system library that unpacks a stream which comes in pieces; frames may follow each other.</summary>
internal abstract class StreamUnpacker : IDisposable
{
    /// <summary>Most memory a library may take to unpack, in bytes: zstd's own limit, and twice what <c>xz -9</c> needs.</summary>
    public const int MostMemory = 128 << 20;

    private bool _freed;

    /// <summary>Name of the packing.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the input may end here: what began has ended.</summary>
    public bool IsWhole { get; protected set; } = true;

    /// <summary>Unpacks as much of a piece as there is room for.</summary>
    /// <param name="packed">What is left of the piece; in an array that need not be pinned.</param>
    /// <param name="to">Where the bytes go; when it is filled, there may be more to come without further input.</param>
    /// <param name="fileOffset">Where the piece stands in the file, for the message.</param>
    /// <returns>Bytes read and bytes written.</returns>
    /// <exception cref="CaptureFormatException">DIF0316: the piece is damaged. DIF0393: it asks for too much memory.</exception>
    public (int Read, int Written) Unpack(ArraySegment<byte> packed, ArraySegment<byte> to, long fileOffset)
    {
        ObjectDisposedException.ThrowIf(_freed, this);
        (UnpackOutcome outcome, int read, int written) = Step(packed, to);
        if (outcome == UnpackOutcome.TooMuchMemory)
        {
            CaptureFormatException.ThrowTooMuchMemory(Name, MostMemory, fileOffset);
        }

        if (outcome == UnpackOutcome.Damaged || (read == 0 && written == 0 && packed.Count > 0))
        {
            CaptureFormatException.ThrowDamagedStream(Name, fileOffset + read);
        }

        return (read, written);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A stream may be closed by its reader and by its owner: the library's memory is freed once.
        if (!_freed)
        {
            _freed = true;
            Free();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the library holds; called once.</summary>
    protected abstract void Free();

    /// <summary>One call of the library.</summary>
    protected abstract (UnpackOutcome Outcome, int Read, int Written) Step(ArraySegment<byte> packed, ArraySegment<byte> to);
}
