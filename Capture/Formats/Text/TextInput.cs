using Differ.Capture.Bytes;

namespace Differ.Capture.Formats.Text;

/// <summary>Bytes of a text, front to back: of a file, as often as wanted, or of a pipe, once.</summary>
internal sealed class TextInput
{
    private const int PieceSize = 1 << 16;

    private readonly Stream _text;
    private readonly TextMender? _mender;
    private readonly byte[] _piece;
    private int _pieceLength;

    public TextInput(ByteSource file)
        : this(new SourceStream(file), file)
    {
    }

    /// <summary>A pipe, from its start. It is mended as what is there of it would be.</summary>
    public TextInput(KeptPipe pipe)
        : this(pipe, pipe.Kept)
    {
    }

    private TextInput(Stream text, ByteSource known)
    {
        _text = text;
        byte[] start = new byte[PieceSize];
        _mender = TextMender.For(start.AsSpan(0, known.Read(0, start)));
        _piece = _mender is null ? [] : start;
    }

    /// <summary>Reads on.</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    public int Read(Span<byte> to) => _mender is null ? _text.Read(to) : ReadMended(_mender, to);

    private int ReadMended(TextMender mender, Span<byte> to)
    {
        while (true)
        {
            int read = _pieceLength < TextMender.LongestPiece ? _text.Read(_piece.AsSpan(_pieceLength)) : 0;
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
}
