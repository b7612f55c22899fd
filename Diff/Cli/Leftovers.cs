using System.Collections.Concurrent;

namespace Differ.Cli;

/// <summary>Files that are not complete and have a name: they are taken away when the process is ended before it could do so itself.</summary>
internal sealed class Leftovers
{
    private readonly ConcurrentDictionary<object, Action> _removals = new();

    /// <summary>Takes a file.</summary>
    /// <param name="owner">Whose it is; it has one.</param>
    /// <param name="remove">Takes its name away.</param>
    public void Remember(object owner, Action remove) => _removals[owner] = remove;

    /// <summary>A file is complete, or gone.</summary>
    public void Forget(object owner) => _removals.TryRemove(owner, out _);

    /// <summary>Takes all of them away.</summary>
    public void Remove()
    {
        foreach (Action remove in _removals.Values)
        {
            remove();
        }
    }
}
