namespace Differ.Capture.Formats.Text;

/// <summary>The lines of a text, front to back, through one buffer.</summary>
internal sealed class TextLines
{
    /// <summary>Longest line that is read, in bytes; longer ones are passed over and counted.</summary>
    public const int LongestLine = 1 << 16;

    private const int BufferSize = 4 * LongestLine;

    // A vector that starts in the last line may end behind it.
    private const int Slack = 32;

    private readonly byte[] _buffer = new byte[BufferSize + Slack];
    private readonly TextInput _input;
    private int _next;
    private int _end;
    private bool _ended;
    private bool _passing;

    public TextLines(TextInput input) => _input = input;

    /// <summary>The current line, without its end; it lives until the next one is asked for.</summary>
    public ReadOnlySpan<byte> Current => _buffer.AsSpan(LineStart, LineLength);

    /// <summary>What is at hand from the start of the current line on, and as many bytes more as a vector may need.</summary>
    public ReadOnlySpan<byte> Whole => _buffer.AsSpan(LineStart, _end - LineStart + Slack);

    /// <summary>Length of the current line with its end; 0 where that is not at hand.</summary>
    public int WholeLength => _passing || _ended ? 0 : _next - LineStart;

    /// <summary>What is at hand behind the current line.</summary>
    public ReadOnlySpan<byte> Ahead => _passing ? default : _buffer.AsSpan(_next, _end - _next);

    /// <summary>Its number, from 1.</summary>
    public ulong Number { get; private set; }

    /// <summary>Where it starts, in bytes from the start of the text.</summary>
    public long Offset => _bufferOffset + LineStart;

    /// <summary>Bytes read so far.</summary>
    public long Consumed => _bufferOffset + _next;

    /// <summary>Whether the current line was too long; its start is what <see cref="Current"/> shows.</summary>
    public bool IsTooLong { get; private set; }

    private long _bufferOffset;

    private int LineStart { get; set; }

    private int LineLength { get; set; }

    /// <summary>Goes to the next line.</summary>
    /// <returns>False at the end of the text.</returns>
    public bool MoveNext()
    {
        if (_passing && !PassLine())
        {
            return false;
        }

        int end = FindEnd(out bool whole);
        if (end == _next && !whole)
        {
            return false;
        }

        IsTooLong = end - _next > LongestLine;
        SetLine(IsTooLong ? LongestLine : end - _next);
        _next = whole ? end + 1 : end;
        _passing = !whole && !_ended;
        return true;
    }

    /// <summary>Goes to the next line, whose end is known.</summary>
    /// <param name="whole">Length of the line with its end, of what <see cref="Ahead"/> shows.</param>
    public void MoveTo(int whole)
    {
        IsTooLong = false;
        SetLine(whole - 1);
        _next += whole;
    }

    // The line that starts next, of so many bytes without the new line.
    private void SetLine(int length)
    {
        LineStart = _next;
        LineLength = length;
        Number++;
        if (LineLength > 0 && _buffer[LineStart + LineLength - 1] == '\r')
        {
            LineLength--;
        }
    }

    // The end of the line that starts next; not whole when the text or the buffer ends before the line does.
    private int FindEnd(out bool whole)
    {
        int searched = 0;
        while (true)
        {
            int found = _buffer.AsSpan(_next + searched, _end - _next - searched).IndexOf((byte)'\n');
            whole = found >= 0;
            if (whole)
            {
                return _next + searched + found;
            }

            searched = _end - _next;
            if (searched > LongestLine || !Fill())
            {
                return _end;
            }
        }
    }

    // Passes over what is left of a line that was too long.
    private bool PassLine()
    {
        while (true)
        {
            int found = _buffer.AsSpan(_next, _end - _next).IndexOf((byte)'\n');
            if (found >= 0)
            {
                _next += found + 1;
                _passing = false;
                return true;
            }

            _next = _end;
            if (!Fill())
            {
                return false;
            }
        }
    }

    // Reads more behind what is left, which moves to the front where there is no room.
    private bool Fill()
    {
        if (_end > BufferSize - LongestLine)
        {
            _buffer.AsSpan(_next, _end - _next).CopyTo(_buffer);
            _bufferOffset += _next;
            _end -= _next;
            _next = 0;
        }

        int read = _input.Read(_buffer.AsSpan(_end, BufferSize - _end));
        _ended = read == 0;
        _end += read;
        return !_ended;
    }
}
