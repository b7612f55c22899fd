using Differ.Schemas.Run;

namespace Differ.Capture.Vcpus;

/// <summary>Records of a vCPU that are complete, and wait until it shows whether their order can be believed.</summary>
/// <param name="room">What they may take, together with all others.</param>
internal sealed class HeldRecords(EventBudget room)
{
    // What a vCPU does in the time for which records wait, and more.
    private const int Most = 256;

    private readonly Queue<RecordBuffer> _waiting = new();
    private readonly Stack<RecordBuffer> _spare = new();

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty => _waiting.Count == 0;

    /// <summary>Whether no more may wait.</summary>
    public bool IsFull => _waiting.Count == Most;

    /// <summary>Keeps a copy of a record behind those that wait.</summary>
    public void Add(RecordBuffer record)
    {
        RecordBuffer kept = _spare.Count > 0 ? _spare.Pop() : new RecordBuffer(room);
        kept.Copy(record);
        _waiting.Enqueue(kept);
    }

    /// <summary>Marks all that wait.</summary>
    public void Mark(RecordFlags flags)
    {
        foreach (RecordBuffer record in _waiting)
        {
            record.Mark(flags);
        }
    }

    /// <summary>The record that has waited longest; it counts as handed on, and stays as it is until <see cref="Add"/>.</summary>
    public RecordBuffer Next()
    {
        RecordBuffer next = _waiting.Dequeue();
        _spare.Push(next);
        return next;
    }
}
