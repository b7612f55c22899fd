namespace Differ.Diff.Align;

/// <summary>Marks of one vCPU of one run that have not been aligned yet, the oldest first.</summary>
internal sealed class MarkQueue
{
    private ExitMark[] _ring = new ExitMark[64];
    private int _start;

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    /// <summary>Whether no further ones come.</summary>
    public bool Ended { get; set; }

    /// <summary>The mark at a distance from the oldest.</summary>
    public ref readonly ExitMark this[int ahead] => ref _ring[(_start + ahead) & (_ring.Length - 1)];

    /// <summary>Where a mark leads, by distance; <see cref="ExitMark.PlaceOfEnd"/> behind the last.</summary>
    public uint PlaceAt(int ahead) => ahead < Count ? this[ahead].Place : ExitMark.PlaceOfEnd;

    public void Add(in ExitMark mark)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        _ring[(_start + Count++) & (_ring.Length - 1)] = mark;
    }

    /// <summary>Drops the oldest.</summary>
    public void Drop(int count)
    {
        _start = (_start + count) & (_ring.Length - 1);
        Count -= count;
    }

    private void Grow()
    {
        var larger = new ExitMark[_ring.Length * 2];
        for (int i = 0; i < Count; i++)
        {
            larger[i] = this[i];
        }

        _ring = larger;
        _start = 0;
    }
}
