using Differ.Replay.State;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Support;

/// <summary>Writes a recorded run as a story: an exit, what L0 did, an entry, the next exit. One vCPU, a recent kernel, every tracepoint recorded.</summary>
/// <remarks>
/// An exit starts a record; what follows happens in it. Without <see cref="Entry"/> the guest goes on three bytes behind the exit,
/// where it stood after an interrupt or a nested page fault, and L1 behind its VMRUN where L2 was left. The answer asked of a story is that of its last record.
/// </remarks>
public sealed class RunStory
{
    /// <summary>Where things are: L1's instruction, L2's first instruction, vmcb12, L1's nested page tables.</summary>
    public const ulong L1Rip = 0x1000, L2Rip = 0x2000, VmcbAddress = 0x5000, NestedCr3 = 0x7000;

    private readonly List<StoryRecord> _records = [];
    private readonly List<Action<Vcpu>> _known = [];
    private StoryRecord? _open;

    /// <summary>What is known before the first exit.</summary>
    public RunHeader Header { get; private set; } = new()
    {
        Listed = new TracepointSet(ulong.MaxValue),
        ListIsSelective = true,
        NamesFailedChecks = true,
        ShowsReinjection = true,
        KernelRelease = "6.12.0",
    };

    /// <summary>Whether the file describes only what was recorded, so that silence means something.</summary>
    public bool SilenceMeans { get; private set; } = true;

    /// <summary>Texts of failed checks.</summary>
    public TextTable Texts { get; } = new();

    /// <summary>The records so far.</summary>
    internal IReadOnlyList<StoryRecord> Records => _records;

    private StoryRecord Open => _open ?? throw new InvalidOperationException("a story starts with an exit");

    /// <summary>The run lacks these tracepoints.</summary>
    public RunStory Without(params ReadOnlySpan<KvmEventKind> kinds)
    {
        foreach (KvmEventKind kind in kinds)
        {
            Header = Header with { Listed = Header.Listed - TracepointSet.Of(kind) };
        }

        return this;
    }

    /// <summary>The file lists tracepoints that were perhaps not recorded.</summary>
    public RunStory ListsEverything()
    {
        SilenceMeans = false;
        Header = Header with { ListIsSelective = false };
        return this;
    }

    /// <summary>Changes what is known before the first exit.</summary>
    public RunStory On(Func<RunHeader, RunHeader> header)
    {
        Header = header(Header);
        return this;
    }

    /// <summary>A kernel that records neither re-injected exceptions nor whether an interrupt is one (before 6.0).</summary>
    public RunStory BeforeReinjectionIsShown() => On(static header => header with { ShowsReinjection = false, KernelRelease = "5.15.0" });

    /// <summary>A kernel that does not name failed checks of VMRUN (before 5.13).</summary>
    public RunStory BeforeChecksAreNamed() => On(static header => header with { NamesFailedChecks = false, KernelRelease = "5.10.0" })
        .Without(KvmEventKind.NestedVmenterFailed);

    /// <summary>The state holds more than a recording shows, from the next record on.</summary>
    internal RunStory Knowing(Action<Vcpu> learn)
    {
        _known.Add(learn);
        return this;
    }

    /// <summary>L1 exits; what the story does not say of EXITINFO is as usual.</summary>
    public RunStory L1Exit(SvmExitCode code, ulong rip = L1Rip, ulong? info1 = null, ulong? info2 = null, uint? intInfo = 0, uint? intInfoError = 0) =>
        Exit(GuestLevel.L1, code, rip, info1, info2, intInfo, intInfoError);

    /// <summary>L2 exits; what the story does not say of EXITINFO is as usual.</summary>
    public RunStory L2Exit(SvmExitCode code, ulong rip = L2Rip, ulong? info1 = null, ulong? info2 = null, uint? intInfo = 0, uint? intInfoError = 0)
    {
        Exit(GuestLevel.L2, code, rip, info1, info2, intInfo, intInfoError);
        return Happens(KvmEventKind.NestedVmexit, code.Value, rip, Open.Exit.Info1, Open.Exit.Info2, intInfo ?? 0, intInfoError ?? 0);
    }

    /// <summary>An exit of which nothing tells who was running.</summary>
    public RunStory SomeExit(SvmExitCode code, ulong rip = L1Rip, uint? intInfo = 0) =>
        Exit(GuestLevel.Unknown, code, rip, 0, 0, intInfo, 0);

    /// <summary>A record without an exit: the stream starts.</summary>
    public RunStory Starts(GuestLevel level = GuestLevel.Unknown)
    {
        Exit(level, default, 0, 0, 0, 0, 0);
        Open.Flags |= RecordFlags.NoExit;
        return this;
    }

    private RunStory Exit(GuestLevel level, SvmExitCode code, ulong rip, ulong? givenInfo1, ulong? givenInfo2, uint? intInfo, uint? intInfoError)
    {
        (ulong info1, ulong info2) = Usual(code, rip);
        _open = new StoryRecord((ulong)_records.Count, level)
        {
            Exit = new HardwareExit(
                new ClockTime((ulong)_records.Count * 1000), 0, code, rip, givenInfo1 ?? info1, givenInfo2 ?? info2, Seen(intInfo), Seen(intInfoError)),
            Known = [.. _known],
        };
        _known.Clear();
        _records.Add(_open);
        return Entry(IsRetried(code) ? rip : unchecked(rip + 3));
    }

    // Interrupts, nested page faults and AVIC's exits leave RIP where it was.
    private static bool IsRetried(SvmExitCode code) => code.Value is (>= 0x60 and <= 0x64) or (>= 0x400 and <= 0x402);

    /// <summary>The guest is entered.</summary>
    /// <param name="rip">RIP; null where the kernel does not show it.</param>
    /// <param name="eventInj">EVENTINJ; null where the kernel does not show it (before 6.14).</param>
    public RunStory Entry(ulong? rip, uint? eventInj = null)
    {
        Open.Entry = new GuestEntry(
            new ClockTime((Open.Index * 1000) + 900), 0,
            rip is { } value ? Observed<ulong>.Of(value) : Observed<ulong>.Unseen, Seen(eventInj), Observed<uint>.Unseen, Truth.No);
        return this;
    }

    /// <summary>L0 asks for an exit right behind the entry.</summary>
    public RunStory Forced()
    {
        Open.Entry = Open.Entry with { ImmediateExit = Truth.Yes };
        return this;
    }

    /// <summary>The guest is entered where it stood.</summary>
    public RunStory Stays() => Entry(Open.Exit.Rip);

    /// <summary>The entry is missing: the stream ends.</summary>
    public RunStory Ends()
    {
        Open.Flags |= RecordFlags.NoEntry;
        return this;
    }

    /// <summary>Events of the vCPU may be missing before the record.</summary>
    public RunStory LostBefore()
    {
        Open.Flags |= RecordFlags.LossBefore;
        return this;
    }

    /// <summary>Events of the vCPU may be missing in the record.</summary>
    public RunStory LostInside()
    {
        Open.Flags |= RecordFlags.LossInside;
        return this;
    }

    /// <summary>An older kernel pretends an entry and an exit before it shows L1 the exit.</summary>
    public RunStory BehindEntry()
    {
        Open.Flags |= RecordFlags.Folded;
        return this;
    }

    /// <summary>Something happens in the record.</summary>
    /// <param name="kind">What.</param>
    /// <param name="fields">Its fields in order; null for one the kernel does not show.</param>
    public RunStory Happens(KvmEventKind kind, params ReadOnlySpan<ulong?> fields)
    {
        var values = new FieldValues();
        for (int i = 0; i < fields.Length; i++)
        {
            if (fields[i] is { } value)
            {
                values.Set(i, value);
            }
        }

        Open.Events.Add(new KvmEvent(kind, new ClockTime((Open.Index * 1000) + (ulong)Open.Events.Count + 1), values));
        return this;
    }

    /// <summary>What a processor reports where the story does not say: an access by the user, an IN of a byte from port 60h.</summary>
    public static (ulong Info1, ulong Info2) Usual(SvmExitCode code, ulong rip) =>
        code == SvmExitCode.Npf ? (0x1_0000_0004UL, 0UL)
        : code == SvmExitCode.Ioio ? (0x60_0011UL, unchecked(rip + 3))
        : (0UL, 0UL);

    private static Observed<uint> Seen(uint? value) => value is { } known ? Observed<uint>.Of(known) : Observed<uint>.Unseen;
}

/// <summary>One record of a story.</summary>
/// <param name="index">Position in the stream.</param>
/// <param name="level">Who was running.</param>
internal sealed class StoryRecord(ulong index, GuestLevel level)
{
    private HardwareExit _exit;
    private GuestEntry _entry;

    public ulong Index { get; } = index;

    public GuestLevel Level { get; } = level;

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

    /// <summary>What becomes known before the record.</summary>
    public IReadOnlyList<Action<Vcpu>> Known { get; set; } = [];

    public List<KvmEvent> Events { get; } = [];

    public MachineStates States { get; } = new();

    /// <summary>Gives the record to a sink.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="flags">What else is special about it.</param>
    public void GiveTo(IExitSink sink, RecordFlags flags = RecordFlags.None)
    {
        TracepointSet kinds = Events.Aggregate(default(TracepointSet), static (set, kvmEvent) => set | TracepointSet.Of(kvmEvent.Kind));
        sink.Take(new ExitRecord(new StreamId(0), Index, Level, Flags | flags, in _exit, in _entry, kinds, Events.ToArray(), default, States));
    }
}
