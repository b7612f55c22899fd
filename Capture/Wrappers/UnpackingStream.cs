using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Schemas.Files;

namespace Differ.Capture.Wrappers;

/// <summary>What a library unpacks of a file.</summary>
/// <param name="packed">The file.</param>
/// <param name="unpacker">The library; closed with this.</param>
internal sealed class UnpackingStream(Stream packed, StreamUnpacker unpacker) : ReadOnlyStream
{
    private readonly byte[] _piece = new byte[1 << 16];
    private readonly byte[] _out = new byte[1 << 17];
    private ArraySegment<byte> _left;
    private ArraySegment<byte> _ready;
    private long _offset;
    private bool _more;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        while (_ready.Count == 0)
        {
            if (_left.Count == 0 && !_more)
            {
                int read = packed.Read(_piece);
                if (read == 0)
                {
                    if (!unpacker.IsWhole)
                    {
                        CaptureFormatException.ThrowCutStream(unpacker.Name, _offset);
                    }

                    return 0;
                }

                _left = new ArraySegment<byte>(_piece, 0, read);
            }

            Unpack();
        }

        int length = Math.Min(buffer.Length, _ready.Count);
        _ready.AsSpan(0, length).CopyTo(buffer);
        _ready = _ready[length..];
        return length;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            unpacker.Dispose();
            packed.Dispose();
        }

        base.Dispose(disposing);
    }

    // A full output may have more behind it that needs no further input.
    private void Unpack()
    {
        (int read, int written) = unpacker.Unpack(_left, _out, _offset);
        _left = _left[read..];
        _offset += read;
        _more = written == _out.Length;
        _ready = new ArraySegment<byte>(_out, 0, written);
    }
}
