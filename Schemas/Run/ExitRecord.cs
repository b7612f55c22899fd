using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>What is special about a record.</summary>
[Flags]
public enum RecordFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Events of this vCPU may be missing before this record.</summary>
    LossBefore = 1,

    /// <summary>Events of this vCPU may be missing inside this record.</summary>
    LossInside = 2,

    /// <summary>The record starts without a #VMEXIT: the stream begins here, or the exit is missing.</summary>
    NoExit = 4,

    /// <summary>The record ends without an entry: the stream ends here, or the entry is missing.</summary>
    NoEntry = 8,

    /// <summary>A second entry and exit that the kernel only pretended (up to 5.7) were folded into this record.</summary>
    Folded = 16,
}

/// <summary>What the processor reported at a #VMEXIT (kvm_exit).</summary>
/// <param name="Time">When it was recorded.</param>
/// <param name="HostCpu">The host CPU.</param>
/// <param name="Code">EXITCODE; the kernel records 32 bits, all ones stand for -1.</param>
/// <param name="Rip">RIP of the guest.</param>
/// <param name="Info1">EXITINFO1.</param>
/// <param name="Info2">EXITINFO2.</param>
/// <param name="IntInfo">EXITINTINFO; unseen before 5.10.</param>
/// <param name="IntInfoError">Its error code; unseen before 5.10.</param>
public readonly record struct HardwareExit(
    ClockTime Time, int HostCpu, SvmExitCode Code, ulong Rip, ulong Info1, ulong Info2, Observed<uint> IntInfo, Observed<uint> IntInfoError)
{
    /// <summary>EXITINTINFO, none where it is not valid.</summary>
    public EventInfo Interrupted => new EventInfo(IntInfo.Or(0)).Normalised;
}

/// <summary>What was loaded at the entry that followed (kvm_entry).</summary>
/// <param name="Time">When it was recorded.</param>
/// <param name="HostCpu">The host CPU.</param>
/// <param name="Rip">RIP of the guest; unseen before 5.10.</param>
/// <param name="EventInj">EVENTINJ of the VMCB that is run; unseen before 6.14.</param>
/// <param name="EventInjError">Its error code; unseen before 6.14.</param>
/// <param name="ImmediateExit">L0 asked for an exit right after the entry; unknown before 6.9.</param>
public readonly record struct GuestEntry(
    ClockTime Time, int HostCpu, Observed<ulong> Rip, Observed<uint> EventInj, Observed<uint> EventInjError, Truth ImmediateExit);

/// <summary>One #VMEXIT of one vCPU, what L0 did while handling it, and the entry that followed.</summary>
/// <remarks>A view: it lives as long as the call that hands it out. Copy what must outlive that.</remarks>
public readonly ref struct ExitRecord
{
    private readonly ref readonly HardwareExit _exit;
    private readonly ref readonly GuestEntry _entry;

    /// <summary>A view of one record.</summary>
    public ExitRecord(
        StreamId stream, ulong index, GuestLevel level, RecordFlags flags,
        ref readonly HardwareExit exit, ref readonly GuestEntry entry, TracepointSet kinds, ReadOnlySpan<KvmEvent> events,
        ReadOnlySpan<byte> newer = default, MachineStates? states = null)
    {
        Stream = stream;
        Index = index;
        Level = level;
        Flags = flags;
        _exit = ref exit;
        _entry = ref entry;
        Kinds = kinds;
        Events = events;
        Newer = newer;
        States = states ?? MachineStates.None;
    }

    /// <summary>The vCPU stream.</summary>
    public StreamId Stream { get; }

    /// <summary>Position in the stream, from 0.</summary>
    public ulong Index { get; }

    /// <summary>Who was running when the #VMEXIT happened.</summary>
    public GuestLevel Level { get; }

    /// <summary>What is special.</summary>
    public RecordFlags Flags { get; }

    /// <summary>The #VMEXIT; meaningless when <see cref="HasExit"/> is false.</summary>
    public ref readonly HardwareExit Exit => ref _exit;

    /// <summary>The entry; meaningless when <see cref="HasEntry"/> is false.</summary>
    public ref readonly GuestEntry Entry => ref _entry;

    /// <summary>The kinds that occur among <see cref="Events"/>.</summary>
    public TracepointSet Kinds { get; }

    /// <summary>What L0 did in between, in the order of recording.</summary>
    public ReadOnlySpan<KvmEvent> Events { get; }

    /// <summary>States of VMCBs and registers around the exit; empty unless the recorder had probes in the hypervisor.</summary>
    public MachineStates States { get; }

    /// <summary>Fields written by a newer Differ, in wire format: kept, not understood.</summary>
    public ReadOnlySpan<byte> Newer { get; }

    /// <summary>Whether there is a #VMEXIT.</summary>
    public bool HasExit => (Flags & RecordFlags.NoExit) == 0;

    /// <summary>Whether there is an entry.</summary>
    public bool HasEntry => (Flags & RecordFlags.NoEntry) == 0;

    /// <summary>Whether events may be missing inside the record.</summary>
    public bool HasHole => (Flags & RecordFlags.LossInside) != 0;
}

/// <summary>Takes the records of a run, one after the other.</summary>
public interface IExitSink
{
    /// <summary>Takes one record; it may not be kept.</summary>
    void Take(in ExitRecord record);
}
