using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>The last exits of one vCPU stream, for the neighbourhood of a finding, and what was heard of it.</summary>
internal sealed class ExitHistory
{
    /// <summary>How many exits before a finding are shown.</summary>
    public const int Before = 3;

    /// <summary>How many exits after it.</summary>
    public const int After = 2;

    private readonly Slot[] _slots = [new(), new(), new()];
    private readonly List<(List<KeptExit> After, int Left)> _waiting = [];
    private readonly List<(List<KeptExit> After, int Left)> _asked = [];
    private ulong _count;
    private TracepointSet _heard;

    /// <summary>Hears an exit.</summary>
    /// <returns>Tracepoints that occurred since the last hole: they are on now.</returns>
    public TracepointSet Hear(in ExitRecord record) =>
        _heard = (record.Flags & (RecordFlags.LossBefore | RecordFlags.LossInside)) != 0 ? default : _heard | record.Kinds;

    /// <summary>Remembers an exit and gives it to the findings that wait for what comes after them.</summary>
    public void Add(in ExitRecord record)
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            (List<KeptExit> after, int left) = _waiting[i];
            after.Add(KeptExit.Of(record));
            if (left == 1)
            {
                _waiting.RemoveAt(i);
            }
            else
            {
                _waiting[i] = (after, left - 1);
            }
        }

        // What was asked for at this exit wants the exits behind it.
        if (_asked.Count > 0)
        {
            _waiting.AddRange(_asked);
            _asked.Clear();
        }

        _slots[(int)(_count++ % Before)].Set(record);
    }

    /// <summary>The exits before the one at hand, the nearest last.</summary>
    public IReadOnlyList<KeptExit> Previous()
    {
        var previous = new List<KeptExit>();
        for (ulong i = _count > Before ? _count - Before : 0; i < _count; i++)
        {
            previous.Add(_slots[(int)(i % Before)].Keep());
        }

        return previous;
    }

    /// <summary>A list that fills with the exits after the one at hand.</summary>
    public IReadOnlyList<KeptExit> Following()
    {
        var after = new List<KeptExit>();
        _asked.Add((after, After));
        return after;
    }

    // Reused for every exit, so that remembering costs a copy and no allocation.
    private sealed class Slot
    {
        private StreamId _stream;
        private ulong _index;
        private GuestLevel _level;
        private RecordFlags _flags;
        private HardwareExit _exit;
        private GuestEntry _entry;
        private KvmEvent[] _events = new KvmEvent[8];
        private int _count;

        public void Set(in ExitRecord record)
        {
            _stream = record.Stream;
            _index = record.Index;
            _level = record.Level;
            _flags = record.Flags;
            _exit = record.Exit;
            _entry = record.Entry;

            // The neighbourhood is for orientation: of a very long record its start will do.
            _count = Math.Min(record.Events.Length, 64);
            if (_count > _events.Length)
            {
                _events = new KvmEvent[64];
            }

            record.Events[.._count].CopyTo(_events);
        }

        public KeptExit Keep() => new(_stream, _index, _level, _flags, _exit, _entry, _events.AsSpan(0, _count).ToArray());
    }
}
