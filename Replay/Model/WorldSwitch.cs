using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>VMRUN and #VMEXIT as the sequences of effects that the manual gives (APM2 15.5.1, 15.6).</summary>
internal sealed class WorldSwitch(Processor processor)
{
    private const ulong HostDr7 = 0x400, IsMove = 1UL << 63;
    private const int LbrEnable = 0, UserLevel = 3;

    private const ulong WrittenOfIntCtl = 0x1ff, UpperHalf = 0xffff_ffff_0000_0000;

    private readonly ulong[] _host = new ulong[(int)VmcbField.Count];
    private readonly ulong[] _hostUndefined = new ulong[(int)VmcbField.Count];

    /// <summary>RFLAGS.IF of the host as VMRUN found it; physical interrupts obey it where V_INTR_MASKING is on (APM2 15.21.1).</summary>
    public bool HostInterruptFlag => HostBit(VmcbField.RflagsRegister, Rflags.IF);

    private Registers State => processor.State;

    private Undefined Undefined => processor.Undefined;

    /// <summary>A register of the host as the last VMRUN found it: nested paging goes by its paging mode (APM2 15.25.3).</summary>
    public bool HostBit(VmcbField register, int bit) => ((_host[(int)register] >> bit) & 1) != 0;

    /// <summary>VMRUN, after it was found to be available and its operand valid.</summary>
    /// <param name="address">Physical address of the VMCB.</param>
    /// <param name="nextRip">Where the host goes on.</param>
    public Effect Vmrun(ulong address, ulong nextRip)
    {
        var vmcb = new Vmcb(processor.Memory, address);
        SaveHost(nextRip);
        processor.Observer.Runs(processor, vmcb);
        Guest guest = Guest.Of(vmcb, processor.Features);
        Truth illegal = IllegalState.Ask(processor, vmcb, out RuleInfo? open);
        if (illegal.IsYes)
        {
            processor.Guest = guest;
            return Effect.Exit(SvmExitCode.Invalid);
        }

        if (illegal.IsUnknown)
        {
            Undefined.Follows($"whether VMRUN refuses this state is not said ({open!.Id})");
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
            SaveGuest(guest, exit, vmcb);
        }

        vmcb[VmcbField.ExitCode] = exit.Code.Value;
        SaveExitIntInfo(exit, vmcb);
        SaveInformation(exit, vmcb);
        vmcb[VmcbField.EventInj] = 0;
        SaveAssists(exit, vmcb);
        if (exit.Code == SvmExitCode.Shutdown)
        {
            ForgetGuest(vmcb);
        }

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
        processor.MonitorArmed = false;
        processor.Delivery.Forget();
        foreach ((VmcbField register, ulong value) in InitialState.Registers)
        {
            Set(register, value);
        }

        Set(VmcbField.Cr0Register, Cr0.Bits.Kept(State[VmcbField.Cr0Register] & InitialState.KeptOfCr0));
        for (int i = 0; i < State.General.Length; i++)
        {
            State.General[i] = i == Registers.Rdx ? processor.Features.Signature : 0;
            Undefined.SetGeneral(i, 0);
        }

        Array.Clear(State.Breakpoints);
        State.TaskPriority = 0;

        // Whether INIT lets NMIs in again the table does not say.
        Undefined[VmcbField.NmiMask] = State.NmiMasked ? 1UL : 0;
    }

    private void Set(VmcbField register, ulong value)
    {
        State[register] = value;
        Undefined[register] = 0;
    }

    private void SaveHost(ulong nextRip)
    {
        foreach (VmcbField field in StateTables.Host)
        {
            _host[(int)field] = State[field];
            _hostUndefined[(int)field] = Undefined[field];
        }

        _host[(int)VmcbField.Rip] = nextRip;
    }

    private void LoadGuest(Guest guest, in Vmcb vmcb)
    {
        State[VmcbField.Cr4Register] = vmcb[VmcbField.Cr4Register];
        foreach (VmcbField field in StateTables.GuestLoaded)
        {
            State[field] = Canonical(field, vmcb[field]);
            Undefined[field] = Undefined.In(vmcb, field);
        }

        FixBits();

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

    // Registers hold what they can hold: bits that read as 0 or 1 whatever VMRUN finds, and the CPL of a mode that has one only.
    private void FixBits()
    {
        State[VmcbField.EferRegister] = Efer.Bits.Kept(State[VmcbField.EferRegister]);
        State[VmcbField.RflagsRegister] = Rflags.Bits.Kept(State[VmcbField.RflagsRegister]);
        State[VmcbField.Cr0Register] = Cr0.Bits.Kept(State[VmcbField.Cr0Register]);
        State[VmcbField.Dr6] = DebugStatus.Bits.Kept(State[VmcbField.Dr6], processor.Features.Profile);
        State[VmcbField.Dr7] = DebugControl.Bits.Kept(State[VmcbField.Dr7]);
        foreach (VmcbField attributes in StateTables.Attributes)
        {
            State[attributes] &= StateTables.AttributeBits;
        }

        Undefined[VmcbField.Cr0Register] |= State[VmcbField.Cr0Register] & Cr0.Bits.Unspecified;
        if (!State.Bit(VmcbField.Cr0Register, Cr0.PE))
        {
            Set(VmcbField.Cpl, 0);
        }
        else if (State.Bit(VmcbField.RflagsRegister, Rflags.VM))
        {
            Set(VmcbField.Cpl, UserLevel);
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
        if (injected.HasErrorCode && (injected.Type != EventType.Exception || !ExceptionVector.PushesErrorCode(injected.Vector)))
        {
            Undefined.Follows("EVENTINJ has an error code for an event that pushes none");
        }

        if (injected.Type == EventType.Nmi && guest.HasVirtualNmi)
        {
            guest.IntCtl = guest.IntCtl.With(IntCtlBits.VNmiMaskBit, true);
        }

        // Software events return behind their instruction, which nRIP names (APM2 15.20).
        ulong? returnRip = injected.IsSoftware && processor.Features.Has(CpuFeature.NripSave) ? guest[VmcbField.NextRip] : null;
        EventInfo what = injected.Type == EventType.Nmi ? EventInfo.Of(EventType.Nmi, ExceptionVector.Nmi) : EventInfo.Of(injected.Type, injected.Vector);
        return processor.Delivery.Deliver(what, error, returnRip);
    }

    private void SaveGuest(Guest guest, in Effect exit, in Vmcb vmcb)
    {
        Vmcb into = vmcb;
        foreach (VmcbField field in StateTables.GuestSaved)
        {
            ulong reserved = StateTables.Attributes.Contains(field) ? into[field] & ~StateTables.AttributeBits : 0;
            into[field] = State[field];
            Undefined.SetIn(into, field, Undefined[field] | reserved);
        }

        if (exit.Code.IsException || exit.Code == SvmExitCode.Npf)
        {
            // Whether RF is set in what is saved at a fault, as it is in a frame, is not said.
            Undefined.SetIn(into, VmcbField.RflagsRegister, 1UL << Rflags.RF);
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

    // Without V nothing else means anything, without EV the error code does not (APM2 15.7.2). A refused VMRUN delivers nothing, and
    // whether it clears the field is not said.
    private void SaveExitIntInfo(in Effect exit, in Vmcb vmcb)
    {
        Vmcb into = vmcb;
        if (exit.Code == SvmExitCode.Invalid)
        {
            Undefined.SetIn(into, VmcbField.ExitIntInfo, ulong.MaxValue);
            return;
        }

        EventInfo current = processor.Delivery.Current;
        into[VmcbField.ExitIntInfo] = current.Valid ? current.Raw | ((ulong)processor.Delivery.CurrentError << 32) : 0;
        Undefined.SetIn(into, VmcbField.ExitIntInfo, !current.Valid ? ~(ulong)EventInfo.ValidBit : current.HasErrorCode ? 0 : UpperHalf);
    }

    private void SaveInformation(in Effect exit, in Vmcb vmcb)
    {
        Vmcb into = vmcb;
        ExitRow row = ExitTable.Of(exit.Code);
        into[VmcbField.ExitInfo1] = exit.Info1;
        into[VmcbField.ExitInfo2] = exit.Info2;

        // LMSW, CLTS and SMSW tell only that they are not a MOV (APM2 15.8.1).
        bool tellsOnlyThat = (exit.Code.Value < SvmExitCode.DrRead.Value || exit.Code == SvmExitCode.Cr0SelWrite) && (exit.Info1 & IsMove) == 0;
        ulong undefined1 = row.Info1IsAssist && !processor.Features.Has(CpuFeature.DecodeAssists) ? ulong.MaxValue : tellsOnlyThat ? ~IsMove : row.Undefined1;
        bool hidesFetch = exit.Code == SvmExitCode.OfException(ExceptionVector.PF) && !processor.Translation.DefinesFetch;
        Undefined.SetIn(into, VmcbField.ExitInfo1, undefined1 | (hidesFetch ? Translation.FetchBit : 0));
        Undefined.SetIn(into, VmcbField.ExitInfo2, row.Undefined2);
    }

    // After an intercepted shutdown the state saved in the VMCB is undefined (APM2 15.14.3).
    private void ForgetGuest(in Vmcb vmcb)
    {
        foreach (VmcbField field in StateTables.GuestSaved)
        {
            Undefined.SetIn(vmcb, field, ulong.MaxValue);
        }

        Undefined.SetIn(vmcb, VmcbField.InterruptShadow, 1);
        Undefined.SetIn(vmcb, VmcbField.IntCtl, WrittenOfIntCtl);
        Undefined.SetIn(vmcb, VmcbField.ExitIntInfo, ulong.MaxValue);
    }

    // A processor without a feature does not write its fields, and the manual says nothing of what is there then.
    private void SaveAssists(in Effect exit, in Vmcb vmcb)
    {
        bool refused = exit.Code == SvmExitCode.Invalid;
        bool hasNextRip = processor.Features.Has(CpuFeature.NripSave), hasBytes = processor.Features.Has(CpuFeature.DecodeAssists);
        ReadOnlySpan<byte> bytes = Assists.StoresBytes(exit.Code, exit.Info1) ? processor.InstructionBytes : [];
        Vmcb into = vmcb;
        if (hasNextRip)
        {
            into[VmcbField.NextRip] = ExitTable.Of(exit.Code).SavesNextRip ? processor.NextRip : 0;
        }

        if (hasBytes)
        {
            SaveBytes(into, bytes);
        }

        Undefined.SetIn(into, VmcbField.NextRip, hasNextRip && !refused ? 0 : ulong.MaxValue);
        Undefined.SetIn(into, VmcbField.FetchedBytes, hasBytes && !refused ? 0 : ulong.MaxValue);

        // Where nothing is fetched the bytes may be left as they were (APM2 15.8.4).
        ulong stale = hasBytes && bytes.Length > 0 ? 0 : ulong.MaxValue;
        Undefined.SetIn(into, VmcbField.InstructionBytesLow, stale);
        Undefined.SetIn(into, VmcbField.InstructionBytesHigh, stale);
    }

    private static void SaveBytes(Vmcb into, ReadOnlySpan<byte> bytes)
    {
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
        State[VmcbField.Cr4Register] = _host[(int)VmcbField.Cr4Register];
        foreach (VmcbField field in StateTables.Host)
        {
            State[field] = Canonical(field, _host[(int)field]);
            Undefined[field] = _hostUndefined[(int)field];
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
        Set(VmcbField.Dr7, HostDr7);
        Set(VmcbField.Cpl, 0);
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

    // CR4 is there before the bases: it says how many bits they have.
    private ulong Canonical(VmcbField field, ulong value) => StateTables.Canonicalised.Contains(field) ? processor.Canonical(value) : value;

    private bool LbrIsVirtual(Guest guest) =>
        processor.Features.Has(CpuFeature.LbrVirt) && ((guest[VmcbField.VirtualExtensions] >> LbrEnable) & 1) != 0;
}
