using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Selftest;

/// <summary>A copy of a record into which a fault can be put.</summary>
internal sealed class MutableRecord
{
    private readonly MachineStates _states;
    private HardwareExit _exit;
    private GuestEntry _entry;

    /// <summary>Copies a record.</summary>
    public MutableRecord(in ExitRecord record)
    {
        Stream = record.Stream;
        Index = record.Index;
        Level = record.Level;
        Flags = record.Flags;
        _exit = record.HasExit ? record.Exit : default;
        _entry = record.HasEntry ? record.Entry : default;
        Events = [.. record.Events];
        _states = record.States;
    }

    public StreamId Stream { get; }

    /// <summary>Position in it.</summary>
    public ulong Index { get; }

    /// <summary>Who was running.</summary>
    public GuestLevel Level { get; set; }

    /// <summary>What is special.</summary>
    public RecordFlags Flags { get; set; }

    public HardwareExit Exit
    {
        get => _exit;
        set => _exit = value;
    }

    public GuestEntry Entry
    {
        get => _entry;
        set => _entry = value;
    }

    /// <summary>What happened in between.</summary>
    public List<KvmEvent> Events { get; }

    /// <summary>Whether there is an event of a kind.</summary>
    public bool Has(KvmEventKind kind) => Events.Exists(kvmEvent => kvmEvent.Kind == kind);

    /// <summary>The value of a field of the last event of a kind; 0 where there is none.</summary>
    public ulong Value(KvmEventKind kind, int slot) => Events.FindLastIndex(kvmEvent => kvmEvent.Kind == kind) is >= 0 and var at ? Events[at].Values[slot] : 0;

    /// <summary>Changes a field of the last event of a kind.</summary>
    public void Change(KvmEventKind kind, int slot, Func<ulong, ulong> change)
    {
        int at = Events.FindLastIndex(kvmEvent => kvmEvent.Kind == kind);
        KvmEvent changed = Events[at];
        changed.MutableValues.Set(slot, change(changed.Values[slot]));
        Events[at] = changed;
    }

    /// <summary>Takes every event of a kind away.</summary>
    public void Remove(KvmEventKind kind) => Events.RemoveAll(kvmEvent => kvmEvent.Kind == kind);

    /// <summary>Adds an event at the end.</summary>
    public void Add(KvmEventKind kind, params ReadOnlySpan<ulong> fields)
    {
        var values = new FieldValues();
        for (int i = 0; i < fields.Length; i++)
        {
            values.Set(i, fields[i]);
        }

        Events.Add(new KvmEvent(kind, _exit.Time, values));
    }

    /// <summary>Enters at another address.</summary>
    public void EnterAt(ulong rip) => Entry = Entry with { Rip = Observed<ulong>.Of(rip) };

    /// <summary>Changes the exit, and the event that repeats it where L2 ran.</summary>
    public void ChangeExit(Func<HardwareExit, HardwareExit> change)
    {
        Exit = change(Exit);
        if (!Has(KvmEventKind.NestedVmexit))
        {
            return;
        }

        Change(KvmEventKind.NestedVmexit, NestedVmexit.ExitCodeSlot, _ => Exit.Code.Value);
        Change(KvmEventKind.NestedVmexit, NestedVmexit.Info1Slot, _ => Exit.Info1);
        Change(KvmEventKind.NestedVmexit, NestedVmexit.Info2Slot, _ => Exit.Info2);
        Change(KvmEventKind.NestedVmexit, NestedVmexit.IntInfoSlot, _ => Exit.IntInfo.Or(0));
    }

    public void GiveTo(IExitSink sink)
    {
        TracepointSet kinds = Events.Aggregate(default(TracepointSet), static (set, kvmEvent) => set | TracepointSet.Of(kvmEvent.Kind));
        sink.Take(new ExitRecord(Stream, Index, Level, Flags, in _exit, in _entry, kinds, Events.ToArray(), default, _states));
    }
}
