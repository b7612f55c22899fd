using System.Buffers.Binary;

namespace Differ.Schemas.Files;

/// <summary>Reads the blocks of a run file, and finds the next one behind damage.</summary>
/// <remarks>
/// A block counts when its marker, its length and its checksum are right. Otherwise the reader looks for the next marker
/// behind the one that failed, so one wrong byte costs one block. How much is looked at in vain has a limit in proportion to
/// the file: headers that claim long blocks and stand close together would have every byte looked at a thousand times.
/// </remarks>
internal sealed class BlockReader
{
    // Damage that was not made on purpose costs the blocks that it hit.
    private const int FreeInVain = 4 * RunFile.LargestBody, TimesInVain = 4;

    private readonly Stream _stream;
    private byte[] _window = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _ended;
    private long _inVain;

    public BlockReader(Stream stream)
    {
        _stream = stream;
        if (!Have(RunFile.Magic.Length) || !_window.AsSpan(_start, RunFile.Magic.Length).SequenceEqual(RunFile.Magic))
        {
            throw RunFormatException.NotARun();
        }

        Skip(RunFile.Magic.Length);
    }

    /// <summary>Where the current block starts in the file.</summary>
    public long BlockOffset { get; private set; }

    /// <summary>Where the reader stands in the file.</summary>
    public long Position { get; private set; }

    /// <summary>Kind of the current block; kinds of newer versions are possible.</summary>
    public BlockKind Kind { get; private set; }

    /// <summary>Body of the current block; valid until the next one is read.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Whether bytes were passed over before the current block, or before the end.</summary>
    public bool Damaged { get; private set; }

    /// <summary>Goes to the next block.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="RunFormatException">DIF0208: the file is full of false blocks.</exception>
    public bool MoveNext()
    {
        Damaged = false;
        while (Have(RunFile.BlockHeaderSize))
        {
            ReadOnlySpan<byte> header = _window.AsSpan(_start, RunFile.BlockHeaderSize);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
            if (header.StartsWith(RunFile.Marker) && length <= RunFile.LargestBody && TakeBody(header, (int)length))
            {
                return true;
            }

            Damaged = true;
            FindMarker();
        }

        // Fewer bytes than a block's header: the file was cut.
        Damaged |= _end > _start;
        Skip(_end - _start);
        return false;
    }

    private bool TakeBody(ReadOnlySpan<byte> header, int length)
    {
        var kind = (BlockKind)BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        if (!Have(RunFile.BlockHeaderSize + length))
        {
            return false;
        }

        ReadOnlyMemory<byte> body = _window.AsMemory(_start + RunFile.BlockHeaderSize, length);
        if (Crc32C.Of(body.Span) != checksum)
        {
            _inVain += length;
            return _inVain > FreeInVain + (TimesInVain * Position) ? throw RunFormatException.FalseBlocks(Position) : false;
        }

        Kind = kind;
        Body = body;
        BlockOffset = Position;
        Skip(RunFile.BlockHeaderSize + length);
        return true;
    }

    // Behind the first byte of what was not a block.
    private void FindMarker()
    {
        Skip(1);
        while (true)
        {
            int at = _window.AsSpan(_start, _end - _start).IndexOf(RunFile.Marker);
            if (at >= 0)
            {
                Skip(at);
                return;
            }

            // The start of a marker may stand at the end of what is read so far.
            Skip(Math.Max(0, _end - _start - RunFile.Marker.Length + 1));
            if (!Have(_end - _start + 1))
            {
                Skip(_end - _start);
                return;
            }
        }
    }

    private void Skip(int count)
    {
        _start += count;
        Position += count;
    }

    // Makes that many bytes stand in the window.
    private bool Have(int count)
    {
        while (_end - _start < count && !_ended)
        {
            if (_start > 0 && _window.Length - _start < count)
            {
                _window.AsSpan(_start, _end - _start).CopyTo(_window);
                _end -= _start;
                _start = 0;
            }

            if (_window.Length - _start < count)
            {
                Array.Resize(ref _window, Math.Max(count, _window.Length * 2));
            }

            int read = _stream.Read(_window, _end, _window.Length - _end);
            _end += read;
            _ended = read == 0;
        }

        return _end - _start >= count;
    }
}
