using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>What probes in KVM show of one vCPU becomes states of the machine at the moments of its exits.</summary>
/// <remarks>
/// KVM keeps some registers of the guest beside the VMCB and others in it with bits of its own: EFER has SVME set whatever the guest wrote,
/// CR4 has what the host's paging needs, CR3 is the guest's with nested paging only, and DR6 never is: of that KVM has the guest's beside. Where writes of CR0 do not exit,
/// CR0 of the VMCB is the guest's and KVM's copy out of date; where they do, KVM's copy is.
/// </remarks>
internal sealed class ProbedStates
{
    private const int InterceptCr = 0x000, IntCtl = 0x060, ExitCode = 0x070, NestedControl = 0x090, Efer = 0x4d0, Cr4 = 0x548, Cr3 = 0x550, Cr0 = 0x558, Rip = 0x578, Dr6 = 0x568, Rax = 0x5f8;
    private const int Gif = 0x700, HsavePa = 0x708, VmCr = 0x710, NmiMask = 0x728, Rcx = 0x730, RcxNumber = 1;
    private const int EsSelector = 0x400, EndOfTables = 0x490;
    private const int VGif = 9, VGifEnable = 25, NestedPagingEnable = 0, Cr0Writes = 16, HflagGif = 0, HflagNmi = 3, PageShift = 12;

    private readonly StateImage _reflected = new();
    private bool _cancelled, _restores, _reflects, _leaves, _enters;
    private Observed<ulong> _vmcb12;

    /// <summary>A #VMEXIT comes, perhaps behind its probe.</summary>
    /// <param name="to">Its record.</param>
    /// <returns>False where the probe before is of another exit, so that events are missing.</returns>
    public bool Begin(RecordBuffer to)
    {
        _reflects = _restores = false;
        bool isOfExit = !_leaves || IsOfExit(to);
        if (!isOfExit)
        {
            to.States.Clear();
        }

        return isOfExit;
    }

    /// <summary>The guest is entered: what comes is of the next exit.</summary>
    public void End() => _cancelled = _reflects = _leaves = _enters = false;

    /// <summary>Takes an event that belongs to an exit and its handling.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="payload">Its event, whole.</param>
    /// <param name="to">The record of the exit.</param>
    /// <returns>False where it shows that events are missing.</returns>
    public bool Take(BoundProbe probe, ReadOnlySpan<byte> payload, RecordBuffer to)
    {
        switch (probe.Role)
        {
            case ProbeRole.Exit when _cancelled:
                _cancelled = false;
                break;
            case ProbeRole.Exit when _leaves:
                return false;
            case ProbeRole.Exit:
                _leaves = true;
                Machine(probe, payload, to.States, StateMoment.L1AtExit, StateMoment.L2AtExit);
                if (to.HasExit && !IsOfExit(to))
                {
                    to.States.Clear();
                    return false;
                }

                break;
            case ProbeRole.Cancel:
                _cancelled = true;
                break;
            case ProbeRole.SetNested:
                _restores = true;
                break;
            case ProbeRole.Vmrun when !_restores:
                Vmrun(probe, payload, to.States);
                break;
            case ProbeRole.Vmrun:
                // What was seen of the guest before is of another.
                _restores = false;
                to.Mark(RecordFlags.LossInside);
                break;
            case ProbeRole.Vmexit:
                _reflects = true;
                _vmcb12 = probe.Number(payload, ProbeNumber.Vmcb12);
                SegmentsOfL2(probe, payload, to.States[StateMoment.L2AtExit]);
                break;
            case ProbeRole.Unmap:
                Unmap(probe, payload, to);
                break;
            default:
                break;
        }

        return true;
    }

    /// <summary>Takes the machine as the guest is entered.</summary>
    /// <returns>False where it shows that events are missing.</returns>
    public bool Enter(BoundProbe probe, ReadOnlySpan<byte> payload, RecordBuffer to)
    {
        if (_enters || (to.EntryRip is { IsKnown: true } rip && probe.Word(payload, ProbedVmcb.Running, Rip) is { IsKnown: true } entered && entered.Value != rip.Value))
        {
            return false;
        }

        _enters = true;
        Machine(probe, payload, to.States, StateMoment.L1AtEntry, StateMoment.L2AtEntry);
        return true;
    }

    // EXITCODE had 32 bits once.
    private static bool IsOfExit(RecordBuffer record)
    {
        Observed<ulong> ofL1 = record.States[StateMoment.L1AtExit].At(ExitCode, sizeof(uint)), ofL2 = record.States[StateMoment.L2AtExit].At(ExitCode, sizeof(uint));
        Observed<ulong> code = ofL1.IsKnown ? ofL1 : ofL2;
        return !code.IsKnown || code.Value == (record.ExitCode.Value & uint.MaxValue);
    }

    private static void Machine(BoundProbe probe, ReadOnlySpan<byte> payload, MachineStates states, StateMoment ofL1, StateMoment ofL2)
    {
        Observed<ulong> running = probe.Number(payload, ProbeNumber.Vmcb), vmcb02 = probe.Number(payload, ProbeNumber.Vmcb02);
        if (!running.IsKnown || !vmcb02.IsKnown)
        {
            return;
        }

        bool isL2 = running.Value == vmcb02.Value;
        StateImage image = states[isL2 ? ofL2 : ofL1];
        probe.Copy(payload, ProbedVmcb.Running, image);
        image.Forget(Dr6, sizeof(ulong));
        Guests(probe, payload, image);
        Register(image, Rcx, probe.Register(payload, RcxNumber));
        Flag(image, Gif, GifOf(probe, payload, isL2));
        Flag(image, NmiMask, probe.Number(payload, ProbeNumber.Nmimask), OldFlags(probe, payload), HflagNmi);
    }

    // Where the processor keeps GIF, it is in the VMCB of L1, and while L2 runs KVM may have it in either; else KVM keeps it.
    private static Observed<ulong> GifOf(BoundProbe probe, ReadOnlySpan<byte> payload, bool isL2)
    {
        Observed<ulong> control = probe.Word(payload, isL2 ? ProbedVmcb.OfL1 : ProbedVmcb.Running, IntCtl);
        if (!control.IsKnown)
        {
            return Observed<ulong>.Unseen;
        }

        ulong either = isL2 ? control.Value | probe.Word(payload, ProbedVmcb.Running, IntCtl).Or(0) : control.Value;
        return Bit(control.Value, VGifEnable) ? Observed<ulong>.Of(either >> VGif & 1)
            : probe.Number(payload, ProbeNumber.Gif) is { IsKnown: true } gif ? gif
            : OldFlags(probe, payload) is { IsKnown: true } flags ? Observed<ulong>.Of(flags.Value >> HflagGif & 1)
            : Observed<ulong>.Unseen;
    }

    // Kernels that have a field of their own for either have other things at these bits.
    private static Observed<ulong> OldFlags(BoundProbe probe, ReadOnlySpan<byte> payload) =>
        probe.Number(payload, ProbeNumber.Gif).IsKnown || probe.Number(payload, ProbeNumber.Nmimask).IsKnown ? Observed<ulong>.Unseen
            : probe.Number(payload, ProbeNumber.Hflags);

    private static void Guests(BoundProbe probe, ReadOnlySpan<byte> payload, StateImage image)
    {
        bool nestedPaging = image.At(NestedControl, sizeof(ulong)) is { IsKnown: true } control && Bit(control.Value, NestedPagingEnable);
        Register(image, Efer, probe.Number(payload, ProbeNumber.Efer));
        Register(image, Cr4, probe.Number(payload, ProbeNumber.Cr4));
        Register(image, Dr6, probe.Number(payload, ProbeNumber.Dr6));
        if (!nestedPaging)
        {
            image.Forget(Cr3, sizeof(ulong));
            Register(image, Cr3, probe.Number(payload, ProbeNumber.Cr3));
        }

        Observed<ulong> intercepts = image.At(InterceptCr, sizeof(uint));
        if (!intercepts.IsKnown || Bit(intercepts.Value, Cr0Writes))
        {
            image.Forget(Cr0, sizeof(ulong));
            Register(image, Cr0, intercepts.IsKnown ? probe.Number(payload, ProbeNumber.Cr0) : Observed<ulong>.Unseen);
        }
    }

    // Segments and tables are still as L2 left them, unless L0 has carried an instruction out, which is told. At each exit they would cost too much.
    private void SegmentsOfL2(BoundProbe probe, ReadOnlySpan<byte> payload, StateImage left)
    {
        if (left.IsEmpty)
        {
            return;
        }

        _reflected.Clear();
        probe.Copy(payload, ProbedVmcb.Running, _reflected);
        for (int from = EsSelector; _reflected.Next(from, out int start, out ReadOnlySpan<byte> bytes) && start < EndOfTables; from = start + bytes.Length)
        {
            left.Write(start, bytes[..Math.Min(bytes.Length, EndOfTables - start)]);
        }
    }

    private static void Vmrun(BoundProbe probe, ReadOnlySpan<byte> payload, MachineStates states)
    {
        probe.Copy(payload, ProbedVmcb.Vmcb12, states[StateMoment.Vmcb12AtVmrun]);
        StateImage l1 = states[StateMoment.L1AtExit];
        probe.Copy(payload, ProbedVmcb.OfL1, l1);
        l1.Forget(Dr6, sizeof(ulong));
        Guests(probe, payload, l1);
        Register(l1, HsavePa, probe.Number(payload, ProbeNumber.Hsave));
        Register(l1, VmCr, probe.Number(payload, ProbeNumber.Vmcr));
    }

    // L0 maps pages of the guest for other things too: only that of the VMCB counts.
    private void Unmap(BoundProbe probe, ReadOnlySpan<byte> payload, RecordBuffer to)
    {
        if (probe.Number(payload, ProbeNumber.Hva) is not { IsKnown: true, Value: not 0 } || probe.Number(payload, ProbeNumber.Gfn) is not { IsKnown: true } page)
        {
            return;
        }

        bool stores = to.HasExit && to.ExitCode == SvmExitCode.Vmsave, loads = to.HasExit && to.ExitCode == SvmExitCode.Vmload;
        bool fails = to.HasExit && to.ExitCode == SvmExitCode.Vmrun && to.Kinds.Has(KvmEventKind.NestedVmenterFailed);
        Observed<ulong> address = _reflects ? _vmcb12 : to.States.At(StateMoment.L1AtExit, Rax);
        if (!(_reflects || stores || loads || fails) || !address.IsKnown || address.Value >> PageShift != page.Value)
        {
            return;
        }

        probe.Copy(payload, ProbedVmcb.Vmcb12, to.States[!_reflects && loads ? StateMoment.Vmcb12AtVmrun : StateMoment.Vmcb12AfterExit]);
        _reflects = false;
    }

    private static void Register(StateImage image, int position, Observed<ulong> value)
    {
        if (value.IsKnown)
        {
            image.Write(position, sizeof(ulong), value.Value);
        }
    }

    private static void Flag(StateImage image, int position, Observed<ulong> value, Observed<ulong> flags = default, int bit = 0)
    {
        if (value.IsKnown || flags.IsKnown)
        {
            image.Write(position, 1, value.IsKnown ? value.Value & 1 : flags.Value >> bit & 1);
        }
    }

    private static bool Bit(ulong value, int bit) => ((value >> bit) & 1) != 0;
}
