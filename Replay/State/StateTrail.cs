using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>Follows the state of one vCPU through a replay and remembers of every bit where it came from, up to the exit that is asked for.</summary>
/// <param name="stream">The vCPU.</param>
/// <param name="exit">The exit; what is known when its rules are asked is kept.</param>
public sealed class StateTrail(StreamId stream, ulong exit)
{
    private const int Statement = 1, Word = 32, Whole = 64;

    private static readonly TracepointSet Run = TracepointSet.Of(KvmEventKind.NestedVmenter), Words = TracepointSet.Of(KvmEventKind.NestedIntercepts);

    // In the order in which they are shown. What a tracepoint cannot show is never said to come from it.
    private static readonly Item[] Items =
    [
        new("vCPU", "L2 runs", Statement, static vcpu => Of(vcpu.InL2)),
        new("vCPU", "in System Management Mode", Statement, static vcpu => Of(vcpu.InSmm)),
        new("vCPU", "event still to be delivered", Word, static vcpu => vcpu.QueuedSeen ? new Bits64(vcpu.Queued.Raw, uint.MaxValue) : default),
        new("vCPU", "the host uses nested paging", Statement, static vcpu => Of(vcpu.HostPaging)),
        new("vCPU", "the processor has decode assists", Statement, static vcpu => Of(vcpu.DecodeAssists)),
        new("vCPU", "SEV-ES guest", Statement, static vcpu => Of(vcpu.SevEs)),
        new("vCPU", "AVIC works", Statement, static vcpu => Of(vcpu.AvicActive)),
        new("vCPU", "CPL of the guest that runs", 8, static vcpu => vcpu.Cpl),
        new("vCPU", "RAX of the guest that runs", Whole, static vcpu => vcpu.Rax),
        new("L1", "EFER", Whole, static vcpu => vcpu.Efer),
        new("L1", "CR0", Whole, static vcpu => vcpu.Cr0),
        new("L1", "CR4", Whole, static vcpu => vcpu.Cr4),
        new("L1", "RFLAGS", Whole, static vcpu => vcpu.Rflags),
        new("L1", "VM_CR", Whole, static vcpu => vcpu.VmCr) { KeepsBits = true },
        new("L1", "VM_HSAVE_PA", Whole, static vcpu => vcpu.HsavePa),
        new("L1", "GIF", Statement, static vcpu => Of(vcpu.Gif)),
        new("L1", "STGI and CLGI exit", Statement, static vcpu => Of(vcpu.GifInstructionsExit)),
        new("L1", "VMLOAD and VMSAVE exit", Statement, static vcpu => Of(vcpu.VmloadExits)),
        new("L1", "PAT", Whole, static vcpu => vcpu.Shared.Pat),
        new("L1", "DBGCTL", Whole, static vcpu => vcpu.Shared.DebugCtl),
        new("L1", "RIP behind its VMRUN", Whole, static vcpu => Of(vcpu.ResumeRip), Run),
        new("L2", "64-bit mode", Statement, static vcpu => Of(vcpu.L2In64BitMode)),
        new("L2", "CR0", Whole, static vcpu => vcpu.L2Cr0),
        new("L2", "CR8", Whole, static vcpu => Of(vcpu.L2TaskPriority)),
        new("L2", "ASID", Word, static vcpu => Of(vcpu.L2Asid)),
        new("vmcb12", "address", Whole, static vcpu => Of(vcpu.Vmcb12.Address), Run),
        new("vmcb12", "nested paging", Statement, static vcpu => Of(vcpu.Vmcb12.NestedPaging), Run),
        .. VmcbLayout.All.Select(static row => new Item(
            "vmcb12", row.Name, 8 * row.Size, vcpu => vcpu.Vmcb12[row.Field], row.Field <= VmcbField.InterceptMisc3 ? Words : Run)),
        .. CpuFeature.All.Select(static feature => new Item("virtual CPU", feature.Name, Statement, vcpu => Of(vcpu.Profile.Has(feature)))),
        new("virtual CPU", "bits of a physical address", 8, static vcpu => vcpu.Profile.PhysicalAddressBits is > 0 and var bits ? Bits64.Of((ulong)bits) : default),
    ];

    private readonly Bits64[] _values = new Bits64[Items.Length];
    private readonly List<KnownBits>[] _from = [.. Items.Select(static _ => new List<KnownBits>())];
    private bool _isComplete;

    /// <summary>The vCPU.</summary>
    public StreamId Stream => stream;

    /// <summary>What is known when the rules of the exit are asked, in the order of the owners; of an exit that did not come, at the end.</summary>
    public IReadOnlyList<KnownItem> Known =>
    [
        .. Items.Select((item, i) => new KnownItem(item.Owner, item.Name, item.Size, _values[i], [.. _from[i]])).Where(static item => item.Value.Known != 0),
    ];

    /// <summary>Takes what the user said before the first exit.</summary>
    internal void Begin(Vcpu vcpu) => Take(vcpu, new KnownSince(0, KnownBy.User, default));

    /// <summary>Takes what a step of the replay changed.</summary>
    /// <param name="vcpu">The state behind the step.</param>
    /// <param name="record">The record that it looked at.</param>
    /// <param name="by">How that makes something known.</param>
    /// <param name="events">The tracepoints that the step looks at.</param>
    internal void Note(Vcpu vcpu, in ExitRecord record, KnownBy by, TracepointSet events)
    {
        if (!_isComplete)
        {
            Take(vcpu, new KnownSince(record.Index, by, events & (record.Kinds | TracepointSet.Exit | TracepointSet.Entry)));
        }
    }

    /// <summary>The rules are about to be asked.</summary>
    internal void Ask(in ExitRecord record) => _isComplete |= record.Index == exit;

    private void Take(Vcpu vcpu, KnownSince since)
    {
        for (int i = 0; i < Items.Length; i++)
        {
            Bits64 now = Items[i].Read(vcpu), before = _values[i];
            now = new Bits64(now.Value & now.Known, now.Known);
            if (now != before)
            {
                // What carries a value carries all of it; a conclusion may be of one bit.
                ulong changed = now.Known & (~before.Known | (now.Value ^ before.Value));
                ulong given = changed == 0 || since.By == KnownBy.Conclusion || Items[i].KeepsBits ? changed : now.Known;
                _values[i] = now;
                Update(_from[i], now.Known & ~given, given, Items[i].Shows is { IsEmpty: false } shows && since.By == KnownBy.Event ? since with { Events = since.Events & shows } : since);
            }
        }
    }

    private static void Update(List<KnownBits> from, ulong kept, ulong changed, KnownSince since)
    {
        for (int i = from.Count - 1; i >= 0; i--)
        {
            from[i] = from[i] with { Bits = from[i].Bits & kept };
            if (from[i].Bits == 0)
            {
                from.RemoveAt(i);
            }
        }

        if (changed != 0)
        {
            from.Add(new KnownBits(changed, since));
        }
    }

    private static Bits64 Of(Truth truth) => truth.IsUnknown ? default : new Bits64(truth.IsYes ? 1UL : 0, 1);

    private static Bits64 Of(Observed<ulong> value) => value.IsKnown ? Bits64.Of(value.Value) : default;

    private sealed record Item(string Owner, string Name, int Size, Func<Vcpu, Bits64> Read, TracepointSet Shows = default)
    {
        /// <summary>Whether a write may leave some of its bits as they were.</summary>
        public bool KeepsBits { get; init; }
    }
}
