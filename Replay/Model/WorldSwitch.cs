using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>VMRUN and #VMEXIT as the sequences of effects that the manual gives (APM2 15.5.1, 15.6).</summary>
internal sealed class WorldSwitch(Processor processor)
{
    private const ulong HostDr7 = 0x400;
    private const int LbrEnable = 0;

    private readonly ulong[] _host = new ulong[(int)VmcbField.Count];

    /// <summary>RFLAGS.IF of the host as VMRUN found it; physical interrupts obey it where V_INTR_MASKING is on (APM2 15.21.1).</summary>
    public bool HostInterruptFlag => ((_host[(int)VmcbField.RflagsRegister] >> Rflags.IF) & 1) != 0;

    private Registers State => processor.State;

    /// <summary>VMRUN, after it was found to be available and its operand valid.</summary>
    /// <param name="address">Physical address of the VMCB.</param>
    /// <param name="nextRip">Where the host goes on.</param>
    public Effect Vmrun(ulong address, ulong nextRip)
    {
        var vmcb = new Vmcb(processor.Memory, address);
        SaveHost(nextRip);
        processor.Observer.Runs(processor, vmcb);
        Guest guest = Guest.Of(vmcb, processor.Features);
        if (IllegalState.IsIllegal(processor, vmcb))
        {
            processor.Guest = guest;
            return Effect.Exit(SvmExitCode.Invalid);
        }

        LoadGuest(guest, vmcb);
        processor.Guest = guest;
        State.Gif = true;
        processor.Observer.Entered(processor, guest);
        return Inject(guest);
    }

    /// <summary>#VMEXIT.</summary>
    /// <param name="exit">Its code and information.</param>
    public void Vmexit(Effect exit)
    {
        Guest guest = processor.Guest!;
        var vmcb = new Vmcb(processor.Memory, guest.Vmcb);
        processor.Observer.Leaves(processor, guest, exit);
        State.Gif = false;
        if (exit.Code != SvmExitCode.Invalid)
        {
            SaveGuest(guest, vmcb);
            SaveExitIntInfo(vmcb);
        }

        vmcb[VmcbField.ExitCode] = exit.Code.Value;
        vmcb[VmcbField.ExitInfo1] = exit.Info1;
        vmcb[VmcbField.ExitInfo2] = exit.Info2;
        vmcb[VmcbField.EventInj] = 0;
        SaveAssists(exit, vmcb);
        processor.Delivery.Forget();
        processor.Guest = null;
        processor.Halted = false;
        LoadHost(guest, exit.Code == SvmExitCode.Invalid);
        processor.Observer.Left(processor, vmcb);
    }

    /// <summary>INIT of a processor whose guest does not intercept it: everything of the guest is dropped (APM2 14.1.3, 15.21.8).</summary>
    public void Reset()
    {
        processor.Guest = null;
        processor.Halted = false;
        processor.Delivery.Forget();
        foreach (VmcbRow row in VmcbLayout.All)
        {
            State[row.Field] = 0;
        }

        State.Gif = true;
        State[VmcbField.Cr0Register] = 0x6000_0010;
        State[VmcbField.RflagsRegister] = 2;
        State[VmcbField.Rip] = 0xfff0;
        State[VmcbField.CsSelector] = 0xf000;
        State[VmcbField.CsBase] = 0xffff_0000;
        State[VmcbField.CsLimit] = 0xffff;
        State[VmcbField.Dr6] = 0xffff_0ff0;
        State[VmcbField.Dr7] = HostDr7;
    }

    private void SaveHost(ulong nextRip)
    {
        foreach (VmcbField field in StateTables.Host)
        {
            _host[(int)field] = State[field];
        }

        _host[(int)VmcbField.Rip] = nextRip;
    }

    private void LoadGuest(Guest guest, in Vmcb vmcb)
    {
        foreach (VmcbField field in StateTables.GuestLoaded)
        {
            State[field] = Canonical(field, vmcb[field]);
        }

        State[VmcbField.EferRegister] = Efer.Bits.Kept(State[VmcbField.EferRegister]);

        // LMA follows from LME and PG whatever the VMCB holds.
        bool longMode = State.Bit(VmcbField.EferRegister, Efer.LME) && State.Bit(VmcbField.Cr0Register, Cr0.PG);
        State.SetBit(VmcbField.EferRegister, Efer.LMA, longMode);
        State[VmcbField.InterruptShadow] = vmcb[VmcbField.InterruptShadow] & 1;
        guest.Pat = vmcb[VmcbField.GPat];
        if (LbrIsVirtual(guest))
        {
            SwapLastBranch(vmcb);
        }
    }

    private void SwapLastBranch(in Vmcb vmcb)
    {
        foreach (VmcbField field in StateTables.LastBranch)
        {
            _host[(int)field] = State[field];
            State[field] = vmcb[field];
        }
    }

    private Effect Inject(Guest guest)
    {
        var injected = new EventInfo(unchecked((uint)guest[VmcbField.EventInj]));
        if (!injected.Valid)
        {
            return Effect.Done;
        }

        uint? error = injected.HasErrorCode ? (uint)(guest[VmcbField.EventInj] >> 32) : null;
        if (injected.Type == EventType.Nmi && guest.HasVirtualNmi)
        {
            guest.IntCtl = guest.IntCtl.With(IntCtlBits.VNmiMaskBit, true);
        }

        // Software events return behind their instruction, which nRIP names (APM2 15.20).
        ulong? returnRip = injected.IsSoftware && processor.Features.Has(CpuFeature.NripSave) ? guest[VmcbField.NextRip] : null;
        EventInfo what = injected.Type == EventType.Nmi ? EventInfo.Of(EventType.Nmi, ExceptionVector.Nmi) : EventInfo.Of(injected.Type, injected.Vector);
        return processor.Delivery.Deliver(what, error, returnRip);
    }

    private void SaveGuest(Guest guest, in Vmcb vmcb)
    {
        Vmcb into = vmcb;
        foreach (VmcbField field in StateTables.GuestSaved)
        {
            into[field] = State[field];
        }

        into[VmcbField.InterruptShadow] = (into[VmcbField.InterruptShadow] & ~1UL) | State[VmcbField.InterruptShadow];
        if (guest.HasVirtualNmi && processor.Delivery.Current is { Valid: true, Type: EventType.Nmi })
        {
            // The handler was not reached: the NMI is in EXITINTINFO and masks nothing (APM2 15.21.10).
            guest.IntCtl = guest.IntCtl.With(IntCtlBits.VNmiMaskBit, false);
        }

        into[VmcbField.IntCtl] = guest[VmcbField.IntCtl];
        into[VmcbField.BusLockCounter] = guest[VmcbField.BusLockCounter];
        if (guest.NestedPaging)
        {
            into[VmcbField.GPat] = guest.Pat;
        }

        if (LbrIsVirtual(guest))
        {
            foreach (VmcbField field in StateTables.LastBranch)
            {
                into[field] = State[field];
            }
        }
    }

    private void SaveExitIntInfo(in Vmcb vmcb)
    {
        Vmcb into = vmcb;
        EventInfo current = processor.Delivery.Current;
        into[VmcbField.ExitIntInfo] = current.Valid ? current.Raw | ((ulong)processor.Delivery.CurrentError << 32) : 0;
    }

    private void SaveAssists(in Effect exit, in Vmcb vmcb)
    {
        Vmcb into = vmcb;
        into[VmcbField.NextRip] = processor.Features.Has(CpuFeature.NripSave) && ExitTable.Of(exit.Code).SavesNextRip ? processor.NextRip : 0;
        ReadOnlySpan<byte> bytes = processor.Features.Has(CpuFeature.DecodeAssists) && Assists.StoresBytes(exit.Code, exit.Info1) ? processor.InstructionBytes : [];
        into[VmcbField.FetchedBytes] = (ulong)bytes.Length;
        ulong low = 0, high = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            low |= i < 7 ? (ulong)bytes[i] << (8 * i) : 0;
            high |= i >= 7 ? (ulong)bytes[i] << (8 * (i - 7)) : 0;
        }

        into[VmcbField.InstructionBytesLow] = low;
        into[VmcbField.InstructionBytesHigh] = high;
    }

    private void LoadHost(Guest guest, bool guestWasNotLoaded)
    {
        foreach (VmcbField field in StateTables.Host)
        {
            State[field] = Canonical(field, _host[(int)field]);
        }

        if (!guestWasNotLoaded && LbrIsVirtual(guest))
        {
            foreach (VmcbField field in StateTables.LastBranch)
            {
                State[field] = _host[(int)field];
            }
        }

        State.SetBit(VmcbField.Cr0Register, Cr0.PE, true);
        State.SetBit(VmcbField.RflagsRegister, Rflags.VM, false);
        State[VmcbField.Dr7] = HostDr7;
        State[VmcbField.Cpl] = 0;
        State.InShadow = false;
        if (HasIllegalPdpe() || CodeIsOutsideTable())
        {
            processor.IsShutDown = true;
            processor.Observer.ShutsDown(processor);
        }
    }

    // An exception while the host's segments are reloaded shuts the processor down (APM2 15.6).
    private bool CodeIsOutsideTable() => (State[VmcbField.CsSelector] | 7) > State[VmcbField.GdtrLimit];

    // In PAE mode without long mode the four entries are loaded with CR3; reserved bits in them shut the processor down (APM2 15.6).
    private bool HasIllegalPdpe()
    {
        bool pae = State.Bit(VmcbField.Cr0Register, Cr0.PG) && State.Bit(VmcbField.Cr4Register, Cr4.PAE) && !State.Bit(VmcbField.EferRegister, Efer.LMA);
        return pae && Enumerable.Range(0, 4).Any(i => IllegalState.IsIllegalPdpe(
            processor.Memory.Read((State[VmcbField.Cr3Register] & 0xffff_ffe0) + (8UL * (ulong)i), 8), processor.Features.PhysicalBits));
    }

    private static ulong Canonical(VmcbField field, ulong value) =>
        StateTables.Canonicalised.Contains(field) ? unchecked((ulong)((long)(value << 16) >> 16)) : value;

    private bool LbrIsVirtual(Guest guest) =>
        processor.Features.Has(CpuFeature.LbrVirt) && ((guest[VmcbField.VirtualExtensions] >> LbrEnable) & 1) != 0;
}
