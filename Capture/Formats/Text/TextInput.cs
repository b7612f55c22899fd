using Differ.Capture.Bytes;

namespace Differ.Capture.Formats.Text;

/// <summary>Bytes of a text, front to back: of a file, as often as wanted, or of a pipe, once.</summary>
internal sealed class TextInput
{
    private const int PieceSize = 1 << 16;

    private readonly ByteSource? _file;
    private readonly Stream? _pipe;
    private readonly TextMender? _mender;
    private readonly byte[] _piece;
    private ReadOnlyMemory<byte> _start;
    private long _position;
    private int _pieceLength;

    /// <summary>A file.</summary>
    public TextInput(ByteSource file)
    {
        _file = file;
        byte[] start = new byte[PieceSize];
        _mender = TextMender.For(start.AsSpan(0, file.Read(0, start)));
        _piece = _mender is null ? [] : start;
    }

    /// <summary>A pipe.</summary>
    /// <param name="start">Read from it already.</param>
    /// <param name="pipe">The rest; null when only the start is wanted.</param>
    public TextInput(ReadOnlyMemory<byte> start, Stream? pipe)
    {
        _start = start;
        _pipe = pipe;
        _mender = TextMender.For(start.Span[..Math.Min(start.Length, PieceSize)]);
        _piece = _mender is null ? [] : new byte[PieceSize];
    }

    /// <summary>Reads on.</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    public int Read(Span<byte> to) => _mender is null ? ReadRaw(to) : ReadMended(_mender, to);

    private int ReadMended(TextMender mender, Span<byte> to)
    {
        while (true)
        {
            int read = _pieceLength < TextMender.LongestPiece ? ReadRaw(_piece.AsSpan(_pieceLength)) : 0;
            bool last = _pieceLength < TextMender.LongestPiece && read == 0;
            _pieceLength += read;
            (int used, int written) = mender.Mend(_piece.AsSpan(0, _pieceLength), to, last);
            _piece.AsSpan(used, _pieceLength - used).CopyTo(_piece);
            _pieceLength -= used;
            if (written > 0 || (last && _pieceLength == 0))
            {
                return written;
            }
        }
    }

    private int ReadRaw(Span<byte> to)
    {
        if (_file is not null)
        {
            int read = _file.Read(_position, to);
            _position += read;
            return read;
        }

        if (_start.Length > 0)
        {
            int length = Math.Min(_start.Length, to.Length);
            _start.Span[..length].CopyTo(to);
            _start = _start[length..];
            return length;
        }

        return _pipe?.Read(to) ?? 0;
    }
}
