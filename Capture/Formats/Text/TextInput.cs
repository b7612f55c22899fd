using Differ.Capture.Bytes;

namespace Differ.Capture.Formats.Text;

/// <summary>Bytes of a text, front to back: of a file, as often as wanted, or of a pipe, once.</summary>
internal sealed class TextInput
{
    private readonly ByteSource? _file;
    private readonly Stream? _pipe;
    private ReadOnlyMemory<byte> _start;
    private long _position;

    /// <summary>A file.</summary>
    public TextInput(ByteSource file) => _file = file;

    /// <summary>A pipe.</summary>
    /// <param name="start">Read from it already.</param>
    /// <param name="pipe">The rest; null when only the start is wanted.</param>
    public TextInput(ReadOnlyMemory<byte> start, Stream? pipe)
    {
        _start = start;
        _pipe = pipe;
    }

    /// <summary>Reads on.</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    public int Read(Span<byte> to)
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
