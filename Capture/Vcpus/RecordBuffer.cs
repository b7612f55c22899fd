using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>A record while it is being assembled; reused for the next one.</summary>
/// <param name="room">What it may grow by, together with all others.</param>
internal sealed class RecordBuffer(HappeningRoom room)
{
    /// <summary>Most happenings a record holds.</summary>
    public const int Limit = 1 << 16;

    // A record of thousands of events is rare: its memory is given back.
    private const int First = 16, Kept = 1 << 12;

    private Happening[] _happenings = new Happening[First];
    private int _count;
    private MachineStates? _states;
    private HardwareExit _exit;
    private GuestEntry _entry;

    /// <summary>What is special so far.</summary>
    public RecordFlags Flags { get; private set; } = RecordFlags.NoExit | RecordFlags.NoEntry;

    /// <summary>The kinds of happenings it holds.</summary>
    public TracepointSet Kinds { get; private set; }

    /// <summary>Whether L0 said that L2 was running.</summary>
    public bool Nested => Kinds.Has(HappeningKind.NestedVmexit);

    /// <summary>Whether L1 was shown a #VMEXIT.</summary>
    public bool Reflected => Kinds.Has(HappeningKind.NestedVmexitInject);

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
        if (_happenings.Length > Kept)
        {
            room.Give(_happenings.Length - First);
            _happenings = new Happening[First];
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

    /// <summary>Adds a happening.</summary>
    /// <returns>False when the record is full.</returns>
    public bool Add(in Happening happening)
    {
        if (!Reserve())
        {
            return false;
        }

        Reserved = happening;
        Keep();
        return true;
    }

    /// <summary>A place for a happening that is about to be read into it; <see cref="Keep"/> makes it part of the record.</summary>
    public ref Happening Reserved => ref _happenings[_count];

    /// <summary>Makes room for one more happening.</summary>
    /// <returns>False when the record is full.</returns>
    public bool Reserve()
    {
        if (_count == _happenings.Length)
        {
            if (_count >= Limit || !room.Take(_count))
            {
                return false;
            }

            Array.Resize(ref _happenings, _count * 2);
        }

        return true;
    }

    /// <summary>Keeps the happening in the last place given out.</summary>
    public void Keep()
    {
        ref readonly Happening kept = ref _happenings[_count++];
        Kinds |= TracepointSet.Of(kept.Kind);
        if (kept.Kind == HappeningKind.NestedVmexit && !_exit.IntInfo.IsKnown && (Flags & RecordFlags.NoExit) == 0)
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

        foreach (ref readonly Happening happening in other._happenings.AsSpan(0, other._count))
        {
            if (!Add(happening))
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
        new(stream, index, level, Flags, ref _exit, ref _entry, Kinds, _happenings.AsSpan(0, _count), default, _states);
}
