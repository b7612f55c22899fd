using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>Unpacks a zstd stream that comes in pieces.</summary>
internal sealed class ZstdStream : StreamUnpacker
{
    private readonly nint _context;

    private ZstdStream(nint context) => _context = context;

    /// <inheritdoc/>
    public override string Name => "zstd";

    /// <summary>Starts a stream.</summary>
    /// <exception cref="CaptureFormatException">DIF0107: the library is not installed.</exception>
    public static ZstdStream Create(long fileOffset) => new(Zstd.CreateContext(fileOffset));

    /// <inheritdoc/>
    protected override void Free() => Zstd.FreeContext(_context);

    /// <inheritdoc/>
    protected override (UnpackOutcome Outcome, int Read, int Written) Step(ArraySegment<byte> packed, ArraySegment<byte> to)
    {
        (nuint code, int read, int written) = Zstd.Step(_context, packed, to);
        if (read > 0 || written > 0)
        {
            IsWhole = code == 0;
        }

        return (Zstd.NeedsTooMuch(code) ? UnpackOutcome.TooMuchMemory : Zstd.IsError(code) ? UnpackOutcome.Damaged : UnpackOutcome.Goes, read, written);
    }
}
