using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Support;

/// <summary>A record that a test puts together: an exit of L2 for CPUID and the entry after it, until told otherwise.</summary>
internal sealed class RecordedExit
{
    private readonly List<KvmEvent> _events = [];
    private HardwareExit _exit = new(
        new ClockTime(1_000_000_100), 0, SvmExitCode.Cpuid, 0x40_0123, 0, 0, Observed<uint>.Of(0), Observed<uint>.Of(0));

    private GuestEntry _entry = new(
        new ClockTime(1_000_000_900), 0, Observed<ulong>.Of(0x40_0125), Observed<uint>.Unseen, Observed<uint>.Unseen, Truth.Unknown);

    /// <summary>The vCPU stream.</summary>
    public int Stream { get; set; }

    /// <summary>Position in it.</summary>
    public ulong Index { get; set; }

    /// <summary>Who was running.</summary>
    public GuestLevel Level { get; set; } = GuestLevel.L2;

    /// <summary>What is special.</summary>
    public RecordFlags Flags { get; set; }

    /// <summary>The #VMEXIT.</summary>
    public HardwareExit Exit { get => _exit; set => _exit = value; }

    /// <summary>The entry.</summary>
    public GuestEntry Entry { get => _entry; set => _entry = value; }

    /// <summary>States around it.</summary>
    public MachineStates States { get; } = new();

    /// <summary>The record. It lives as long as this object is not changed.</summary>
    public ExitRecord Record
    {
        get
        {
            TracepointSet kinds = _events.Aggregate(default(TracepointSet), (set, kvmEvent) => set | TracepointSet.Of(kvmEvent.Kind));
            return new ExitRecord(new StreamId(Stream), Index, Level, Flags, ref _exit, ref _entry, kinds, _events.ToArray(), default, States);
        }
    }

    /// <summary>Adds an event.</summary>
    /// <param name="kind">What it tells.</param>
    /// <param name="values">Its fields by position; null for one that the recording lacks.</param>
    public RecordedExit With(KvmEventKind kind, params ulong?[] values)
    {
        var fields = default(FieldValues);
        for (int slot = 0; slot < values.Length; slot++)
        {
            if (values[slot] is { } value)
            {
                fields.Set(slot, value);
            }
        }

        _events.Add(new KvmEvent(kind, new ClockTime(_exit.Time.Value + (ulong)_events.Count + 1), fields));
        return this;
    }

    /// <summary>What a pass over it finds.</summary>
    public RecordDigest Digest()
    {
        var digest = new RecordDigest();
        digest.Read(Record);
        return digest;
    }
}
