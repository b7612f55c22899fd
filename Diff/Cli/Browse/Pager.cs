namespace Differ.Cli.Browse;

/// <summary>Moves a place in a list by keys, and keeps what is shown around it.</summary>
internal sealed class Pager
{
    private long _count;
    private int _height = 1;

    /// <summary>The place.</summary>
    public long At { get; set; }

    /// <summary>The first that is shown.</summary>
    public long Top { get; private set; }

    /// <summary>Says how long the list is and how much of it is shown.</summary>
    public void Fit(long count, int height)
    {
        (_count, _height) = (count, Math.Max(1, height));
        At = Math.Clamp(At, 0, Math.Max(0, count - 1));
        Top = Math.Clamp(Top, Math.Max(0, At - _height + 1), At);
        Top = Math.Clamp(Top, 0, Math.Max(0, count - _height));
    }

    /// <summary>The same for a text, which moves as a whole: the place is its first line that is shown.</summary>
    public void FitText(int lines, int height)
    {
        (_count, _height) = (Math.Max(1, lines - height + 1), Math.Max(1, height));
        At = Top = Math.Clamp(At, 0, _count - 1);
    }

    /// <summary>Shows the place in the middle, where it is not shown already.</summary>
    public void Centre(long at)
    {
        At = at;
        Top = at >= Top && at < Top + _height ? Top : Math.Max(0, at - (_height / 2));
    }

    /// <summary>Takes a key.</summary>
    public bool Press(Key key)
    {
        long? to = key.Kind switch
        {
            KeyKind.Up => At - 1,
            KeyKind.Down => At + 1,
            KeyKind.PageUp => At - _height,
            KeyKind.PageDown => At + _height,
            KeyKind.Home => 0,
            KeyKind.End => _count - 1,
            KeyKind.Letter => (char)key.Letter.Value switch
            {
                'k' => At - 1,
                'j' => At + 1,
                'b' => At - _height,
                ' ' => At + _height,
                'g' => 0,
                'G' => _count - 1,
                _ => null,
            },
            _ => null,
        };
        At = Math.Clamp(to ?? At, 0, Math.Max(0, _count - 1));
        return to is not null;
    }
}
