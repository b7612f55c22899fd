using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>What probes in KVM show of one vCPU becomes states of the machine at the moments of its exits.</summary>
/// <remarks>
/// KVM keeps some registers of the guest beside the VMCB and others in it with bits of its own: EFER has SVME set whatever the guest wrote,
/// CR4 has what the host's paging needs, CR0 lacks the bits of the caches and is else the guest's only with nested paging, as CR3 is; DR6 never is.
/// </remarks>
internal sealed class ProbedStates
{
    private const int IntCtl = 0x060, NestedControl = 0x090, Efer = 0x4d0, Cr4 = 0x548, Cr3 = 0x550, Cr0 = 0x558, Dr6 = 0x568, Rax = 0x5f8;
    private const int Gif = 0x700, HsavePa = 0x708, VmCr = 0x710, NmiMask = 0x728, Rcx = 0x730, RcxNumber = 1;
    private const int VGif = 9, VGifEnable = 25, NestedPagingEnable = 0, HflagGif = 0, HflagNmi = 3, PageShift = 12;

    private const ulong CacheBits = 3UL << 29;

    private bool _cancelled, _restores, _reflects;
    private Observed<ulong> _vmcb12;

    /// <summary>A new exit begins.</summary>
    public void Begin() => _reflects = false;

    /// <summary>Takes an event that belongs to an exit and its handling.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="payload">Its event, whole.</param>
    /// <param name="time">When.</param>
    /// <param name="to">The record of the exit.</param>
    public void Take(BoundProbe probe, ReadOnlySpan<byte> payload, ClockTime time, RecordBuffer to)
    {
        switch (probe.Role)
        {
            case ProbeRole.Exit when !_cancelled:
                Machine(probe, payload, to.States, StateMoment.L1AtExit, StateMoment.L2AtExit);
                break;
            case ProbeRole.Exit:
                _cancelled = false;
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
                _restores = false;
                break;
            case ProbeRole.Vmexit:
                _reflects = true;
                _vmcb12 = probe.Number(payload, ProbeNumber.Vmcb12);
                break;
            case ProbeRole.Unmap:
                Unmap(probe, payload, to);
                break;
            case ProbeRole.ReadGuest:
                ReadGuest(probe, payload, time, to);
                break;
            default:
                break;
        }
    }

    /// <summary>Takes the machine as the guest is entered.</summary>
    public static void Enter(BoundProbe probe, ReadOnlySpan<byte> payload, RecordBuffer to) =>
        Machine(probe, payload, to.States, StateMoment.L1AtEntry, StateMoment.L2AtEntry);

    private static void Machine(BoundProbe probe, ReadOnlySpan<byte> payload, MachineStates states, StateMoment ofL1, StateMoment ofL2)
    {
        Observed<ulong> running = probe.Number(payload, ProbeNumber.Vmcb), vmcb02 = probe.Number(payload, ProbeNumber.Vmcb02);
        if (!running.IsKnown || !vmcb02.IsKnown)
        {
            return;
        }

        bool isL2 = running.Value == vmcb02.Value;
        StateImage image = states[isL2 ? ofL2 : ofL1];
        probe.Copy(payload, 'c', image);
        image.Forget(Dr6, sizeof(ulong));
        Guests(probe, payload, image);
        Register(image, Rcx, probe.Register(payload, RcxNumber));
        Flag(image, Gif, GifOf(probe, payload, isL2));
        Flag(image, NmiMask, probe.Number(payload, ProbeNumber.Nmimask), probe.Number(payload, ProbeNumber.Hflags), HflagNmi);
    }

    // Where the processor keeps GIF, it is in the VMCB of L1; else KVM does.
    private static Observed<ulong> GifOf(BoundProbe probe, ReadOnlySpan<byte> payload, bool isL2)
    {
        Observed<ulong> control = probe.Word(payload, isL2 ? 'h' : 'c', IntCtl);
        if (!control.IsKnown)
        {
            return Observed<ulong>.Unseen;
        }

        return Bit(control.Value, VGifEnable) ? Observed<ulong>.Of(control.Value >> VGif & 1)
            : probe.Number(payload, ProbeNumber.Gif) is { IsKnown: true } gif ? gif
            : probe.Number(payload, ProbeNumber.Hflags) is { IsKnown: true } flags ? Observed<ulong>.Of(flags.Value >> HflagGif & 1)
            : Observed<ulong>.Unseen;
    }

    private static void Guests(BoundProbe probe, ReadOnlySpan<byte> payload, StateImage image)
    {
        bool nestedPaging = image.At(NestedControl, sizeof(ulong)) is { IsKnown: true } control && Bit(control.Value, NestedPagingEnable);
        Register(image, Efer, probe.Number(payload, ProbeNumber.Efer));
        Register(image, Cr4, probe.Number(payload, ProbeNumber.Cr4));
        Observed<ulong> cr0 = probe.Number(payload, ProbeNumber.Cr0);
        if (!nestedPaging)
        {
            Register(image, Cr0, cr0);
            Register(image, Cr3, probe.Number(payload, ProbeNumber.Cr3));
        }
        else if (cr0.IsKnown && image.At(Cr0, sizeof(ulong)) is { IsKnown: true } loaded)
        {
            Register(image, Cr0, Observed<ulong>.Of(loaded.Value | (cr0.Value & CacheBits)));
        }
    }

    private static void Vmrun(BoundProbe probe, ReadOnlySpan<byte> payload, MachineStates states)
    {
        probe.Copy(payload, 'g', states[StateMoment.Vmcb12AtVmrun]);
        StateImage l1 = states[StateMoment.L1AtExit];
        probe.Copy(payload, 'h', l1);
        l1.Forget(Dr6, sizeof(ulong));
        Guests(probe, payload, l1);
        Register(l1, HsavePa, probe.Number(payload, ProbeNumber.Hsave));
        Register(l1, VmCr, probe.Number(payload, ProbeNumber.Vmcr));
    }

    private static void ReadGuest(BoundProbe probe, ReadOnlySpan<byte> payload, ClockTime time, RecordBuffer to)
    {
        Observed<ulong> address = probe.Number(payload, ProbeNumber.Gpa), value = probe.Number(payload, ProbeNumber.Val);
        if (probe.Number(payload, ProbeNumber.Len) is not { IsKnown: true, Value: > 0 and <= sizeof(ulong) } length
            || !address.IsKnown || !value.IsKnown || probe.Number(payload, ProbeNumber.Ret).Or(0) != 0)
        {
            return;
        }

        var values = new FieldValues();
        values.Set(GuestRead.AddressSlot, address.Value);
        values.Set(GuestRead.LengthSlot, length.Value);
        values.Set(GuestRead.ValueSlot, value.Value & (ulong.MaxValue >> (64 - (8 * (int)length.Value))));
        to.Add(new Happening(HappeningKind.GuestRead, time, values));
    }

    // L0 maps pages of the guest for other things too: only that of the VMCB counts.
    private void Unmap(BoundProbe probe, ReadOnlySpan<byte> payload, RecordBuffer to)
    {
        if (probe.Number(payload, ProbeNumber.Hva) is not { IsKnown: true, Value: not 0 } || probe.Number(payload, ProbeNumber.Gfn) is not { IsKnown: true } page)
        {
            return;
        }

        bool stores = to.HasExit && to.ExitCode == SvmExitCode.Vmsave, loads = to.HasExit && to.ExitCode == SvmExitCode.Vmload;
        bool fails = to.HasExit && to.ExitCode == SvmExitCode.Vmrun && to.Kinds.Has(HappeningKind.NestedVmenterFailed);
        Observed<ulong> address = _reflects ? _vmcb12 : to.States.At(StateMoment.L1AtExit, Rax);
        if (!(_reflects || stores || loads || fails) || !address.IsKnown || address.Value >> PageShift != page.Value)
        {
            return;
        }

        probe.Copy(payload, 'g', to.States[!_reflects && loads ? StateMoment.Vmcb12AtVmrun : StateMoment.Vmcb12AfterExit]);
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
