using System.Text;

namespace Differ.Cli.Browse;

/// <summary>Keys that are no letter.</summary>
internal enum KeyKind : byte
{
    /// <summary>A letter, digit or sign.</summary>
    Letter,
    Enter,
    Escape,
    Backspace,
    Tab,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,

    /// <summary>Ctrl-C or Ctrl-\.</summary>
    Interrupt,

    /// <summary>Ctrl-L: the screen is drawn anew.</summary>
    Redraw,
}

/// <summary>A key that was pressed.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Letter">The letter, where it is one.</param>
internal readonly record struct Key(KeyKind Kind, Rune Letter = default)
{
    /// <summary>The key of a letter.</summary>
    public static Key Of(char letter) => new(KeyKind.Letter, new Rune(letter));

    /// <summary>Whether it is the key of a letter.</summary>
    public bool Is(char letter) => Kind == KeyKind.Letter && Letter.Value == letter;
}

/// <summary>Bytes of a terminal become keys (ECMA-48; the function keys as xterm sends them).</summary>
internal sealed class KeyReader
{
    private const byte Escape = 0x1b, Delete = 0x7f;
    private const int LongestSequence = 16;

    private readonly List<byte> _bytes = [];

    /// <summary>Whether what came so far may be the start of a longer sequence.</summary>
    public bool IsWaiting => _bytes.Count > 0;

    /// <summary>Takes bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes) => _bytes.AddRange(bytes);

    /// <summary>The next key.</summary>
    /// <param name="isAll">Whether nothing more comes at once: a lone ESC is the key.</param>
    /// <param name="key">The key.</param>
    /// <returns>Whether there is one.</returns>
    public bool Next(bool isAll, out Key key)
    {
        key = default;
        while (_bytes.Count > 0)
        {
            int length = _bytes[0] == Escape ? LengthOfSequence(isAll) : LengthOfLetter(isAll);
            if (length == 0)
            {
                return false;
            }

            Key? found = Read(_bytes[..length]);
            _bytes.RemoveRange(0, length);
            if (found is { } one)
            {
                key = one;
                return true;
            }
        }

        return false;
    }

    private static Key? Read(List<byte> bytes) => bytes[0] == Escape ? ReadSequence(bytes) : bytes[0] switch
    {
        (byte)'\r' or (byte)'\n' => new Key(KeyKind.Enter),
        (byte)'\t' => new Key(KeyKind.Tab),
        Delete or 8 => new Key(KeyKind.Backspace),
        3 or 0x1c => new Key(KeyKind.Interrupt),
        12 => new Key(KeyKind.Redraw),
        < 0x20 => null,
        _ => Rune.DecodeFromUtf8([.. bytes], out Rune rune, out _) == System.Buffers.OperationStatus.Done ? new Key(KeyKind.Letter, rune) : null,
    };

    private static Key? ReadSequence(List<byte> bytes) => bytes.Count == 1 ? new Key(KeyKind.Escape) : Encoding.ASCII.GetString([.. bytes[1..]]) switch
    {
        "[A" or "OA" => new Key(KeyKind.Up),
        "[B" or "OB" => new Key(KeyKind.Down),
        "[C" or "OC" => new Key(KeyKind.Right),
        "[D" or "OD" => new Key(KeyKind.Left),
        "[H" or "OH" or "[1~" or "[7~" => new Key(KeyKind.Home),
        "[F" or "OF" or "[4~" or "[8~" => new Key(KeyKind.End),
        "[5~" => new Key(KeyKind.PageUp),
        "[6~" => new Key(KeyKind.PageDown),
        _ => null,
    };

    // ESC O letter; ESC [ numbers letter; ESC with another key behind it is two keys.
    private int LengthOfSequence(bool isAll)
    {
        if (_bytes.Count == 1)
        {
            return isAll ? 1 : 0;
        }

        if (_bytes[1] is not ((byte)'[' or (byte)'O'))
        {
            return 1;
        }

        for (int i = 2; i < Math.Min(_bytes.Count, LongestSequence); i++)
        {
            if (_bytes[i] is >= 0x40 and <= 0x7e)
            {
                return i + 1;
            }
        }

        return isAll || _bytes.Count >= LongestSequence ? Math.Min(_bytes.Count, LongestSequence) : 0;
    }

    private int LengthOfLetter(bool isAll)
    {
        int length = _bytes[0] switch { >= 0xf0 => 4, >= 0xe0 => 3, >= 0xc0 => 2, _ => 1 };
        return length <= _bytes.Count ? length : isAll ? _bytes.Count : 0;
    }
}
