using System.Collections.Concurrent;

namespace Differ.Cli;

/// <summary>What has to be undone when the process is ended before it could do so itself: files that are not complete and have a name, a terminal that was taken.</summary>
internal sealed class Leftovers
{
    private readonly ConcurrentDictionary<object, Action> _removals = new();

    /// <summary>Takes one.</summary>
    /// <param name="owner">Whose it is; it has one.</param>
    /// <param name="remove">Undoes it: takes the file's name away, gives the terminal back.</param>
    public void Remember(object owner, Action remove) => _removals[owner] = remove;

    /// <summary>A file is complete, or gone; a terminal is given back.</summary>
    public void Forget(object owner) => _removals.TryRemove(owner, out _);

    /// <summary>Undoes all of them.</summary>
    public void Remove()
    {
        foreach (Action remove in _removals.Values)
        {
            remove();
        }
    }
}
