using Differ.Capture.Diagnostics;

namespace Differ.Capture.Bytes;

/// <summary>Unpacks a zstd stream that comes in pieces.</summary>
internal sealed class ZstdStream : IDisposable
{
    private readonly nint _context;

    private ZstdStream(nint context) => _context = context;

    /// <summary>Starts a stream.</summary>
    /// <exception cref="CaptureFormatException">DIF0107: the library is not installed.</exception>
    public static ZstdStream Create(long fileOffset) => new(Zstd.CreateContext(fileOffset));

    /// <summary>Unpacks as much of a piece as there is room for.</summary>
    /// <param name="packed">What is left of the piece.</param>
    /// <param name="to">Where the bytes go; when it is filled, there may be more to come without further input.</param>
    /// <param name="fileOffset">Where the piece stands in the file, for the message.</param>
    /// <returns>Bytes read and bytes written.</returns>
    /// <exception cref="CaptureFormatException">DIF0105: the piece is damaged.</exception>
    public (int Read, int Written) Unpack(ArraySegment<byte> packed, ArraySegment<byte> to, long fileOffset)
    {
        (nuint code, int read, int written) = Zstd.Step(_context, packed, to);
        if (Zstd.IsError(code) || (read == 0 && written == 0 && packed.Count > 0))
        {
            CaptureFormatException.ThrowDamagedStream("zstd", fileOffset);
        }

        return (read, written);
    }

    /// <inheritdoc/>
    public void Dispose() => Zstd.FreeContext(_context);
}
