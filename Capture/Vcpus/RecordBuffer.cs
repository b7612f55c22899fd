using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>A record while it is being assembled; reused for the next one.</summary>
/// <param name="room">What it may grow by, together with all others.</param>
internal sealed class RecordBuffer(EventBudget room)
{
    /// <summary>Most events a record holds.</summary>
    public const int Limit = 1 << 16;

    // A record of thousands of events is rare: its memory is given back.
    private const int First = 16, Kept = 1 << 12;

    private KvmEvent[] _events = new KvmEvent[First];
    private int _count;
    private MachineStates? _states;
    private HardwareExit _exit;
    private GuestEntry _entry;

    /// <summary>What is special so far.</summary>
    public RecordFlags Flags { get; private set; } = RecordFlags.NoExit | RecordFlags.NoEntry;

    /// <summary>The kinds of events it holds.</summary>
    public TracepointSet Kinds { get; private set; }

    /// <summary>Whether L0 said that L2 was running.</summary>
    public bool Nested => Kinds.Has(KvmEventKind.NestedVmexit);

    /// <summary>Whether L1 was shown a #VMEXIT.</summary>
    public bool Reflected => Kinds.Has(KvmEventKind.NestedVmexitInject);

    /// <summary>Whether it has an exit.</summary>
    public bool HasExit => (Flags & RecordFlags.NoExit) == 0;

    /// <summary>EXITCODE; meaningless where its exit is missing.</summary>
    public SvmExitCode ExitCode => _exit.Code;

    /// <summary>RIP of the #VMEXIT; meaningless where its exit is missing.</summary>
    public ulong ExitRip => _exit.Rip;

    /// <summary>RIP of the entry; unseen where the entry is missing or the kernel does not show it.</summary>
    public Observed<ulong> EntryRip => (Flags & RecordFlags.NoEntry) == 0 ? _entry.Rip : Observed<ulong>.Unseen;

    /// <summary>States that probes recorded around the exit.</summary>
    public MachineStates States => _states ??= new MachineStates();

    /// <summary>When it starts; 0 where its exit is missing.</summary>
    public ClockTime Start => (Flags & RecordFlags.NoExit) == 0 ? _exit.Time : default;

    /// <summary>Whether anything is in the buffer.</summary>
    public bool IsEmpty => _count == 0 && (Flags & RecordFlags.NoExit) != 0;

    /// <summary>Empties the buffer.</summary>
    public void Reset()
    {
        _count = 0;
        if (_events.Length > Kept)
        {
            room.Give(_events.Length - First);
            _events = new KvmEvent[First];
        }

        Flags = RecordFlags.NoExit | RecordFlags.NoEntry;
        Kinds = default;
        _states?.Clear();
    }

    /// <summary>Marks something special.</summary>
    public void Mark(RecordFlags flags) => Flags |= flags;

    /// <summary>Sets the #VMEXIT.</summary>
    public void SetExit(in HardwareExit exit)
    {
        _exit = exit;
        Flags &= ~RecordFlags.NoExit;
    }

    public void SetEntry(in GuestEntry entry)
    {
        _entry = entry;
        Flags &= ~RecordFlags.NoEntry;
    }

    /// <summary>Takes the entry back: it was pretended.</summary>
    public void ClearEntry() => Flags |= RecordFlags.NoEntry;

    /// <summary>Adds an event.</summary>
    /// <returns>False when the record is full.</returns>
    public bool Add(in KvmEvent kvmEvent)
    {
        if (!Reserve())
        {
            return false;
        }

        Reserved = kvmEvent;
        Keep();
        return true;
    }

    /// <summary>A place for an event that is about to be read into it; <see cref="Keep"/> makes it part of the record.</summary>
    public ref KvmEvent Reserved => ref _events[_count];

    /// <summary>Makes room for one more event.</summary>
    /// <returns>False when the record is full.</returns>
    public bool Reserve()
    {
        if (_count == _events.Length)
        {
            if (_count >= Limit || !room.Take(_count))
            {
                return false;
            }

            Array.Resize(ref _events, _count * 2);
        }

        return true;
    }

    /// <summary>Keeps the event in the last place given out.</summary>
    public void Keep()
    {
        ref readonly KvmEvent kept = ref _events[_count++];
        Kinds |= TracepointSet.Of(kept.Kind);
        if (kept.Kind == KvmEventKind.NestedVmexit && !_exit.IntInfo.IsKnown && (Flags & RecordFlags.NoExit) == 0)
        {
            // Up to 5.9 kvm_exit lacks EXITINTINFO; for exits of L2 this event has it.
            NestedVmexit same = NestedVmexit.Of(kept);
            _exit = _exit with { IntInfo = Observed<uint>.Of(same.IntInfo.Raw), IntInfoError = Observed<uint>.Of(same.IntInfoError) };
        }
    }

    /// <summary>Adds everything another buffer holds.</summary>
    /// <returns>False when the record is full, and holds a part of it.</returns>
    public bool Append(RecordBuffer other)
    {
        if (other._states is { } states)
        {
            States.Take(states);
        }

        foreach (ref readonly KvmEvent kvmEvent in other._events.AsSpan(0, other._count))
        {
            if (!Add(kvmEvent))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Becomes the same as another buffer.</summary>
    public void Copy(RecordBuffer other)
    {
        Reset();
        _exit = other._exit;
        _entry = other._entry;
        bool whole = Append(other);
        Flags = other.Flags | (whole ? RecordFlags.None : RecordFlags.LossInside);
    }

    /// <summary>The record as others see it.</summary>
    public ExitRecord View(StreamId stream, ulong index, GuestLevel level) =>
        new(stream, index, level, Flags, ref _exit, ref _entry, Kinds, _events.AsSpan(0, _count), default, _states);
}
