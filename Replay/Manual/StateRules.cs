using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Statements that only a recorder with probes can show: they speak where states of VMCBs and registers were recorded.</summary>
/// <remarks>Their rows stand in the files of their topics; what they do stands here, because all of them work alike.</remarks>
internal static class StateRules
{
    private const ulong HostDr7 = 0x400, FlushOnVmrun = 7, Low32 = 0xffff_ffff, Low48 = 0xffff_ffff_ffff;

    // Bits that read as 0 or 1 whatever was loaded are left out (APM2 3.1.1, 13.1.1).
    private const ulong Cr0Loaded = 0xe005_002f;

    // The bus lock trap decides whether BLD can be loaded.
    private const ulong BusLockDetected = 1 << 11;

    // L0 may step over an IRET of L2 with these, and hides them from the guest.
    private const ulong SteppedFlags = (1UL << Rflags.TF) | (1UL << Rflags.RF);

    private const ulong LongestBehindFirst = NextRip.LongestInstruction - 1;
    private const int Smi = 2, VIntrIntercept = 4;
    private const ulong InLocalTable = 4;
    private const int CleanIntercepts = 0, CleanMaps = 1, CleanAsid = 2, CleanNestedPaging = 4, CleanControlRegisters = 5, CleanDebug = 6, CleanTables = 7, CleanSegments = 8, CleanCr2 = 9;

    // What a processor has whatever its features. SMI is left out: L0 may not see it either.
    private static readonly (VmcbField Field, ulong Always)[] Intercepts =
    [
        (VmcbField.InterceptCr, Low32), (VmcbField.InterceptDr, Low32), (VmcbField.InterceptExceptions, Low32),
        (VmcbField.InterceptMisc1, Low32 & ~(1UL << Smi)), (VmcbField.InterceptMisc2, 0x3f),
    ];

    private static readonly (int Bit, VmcbField[] Fields)[] CleanGroups =
    [
        (CleanControlRegisters, [VmcbField.Cr0Register, VmcbField.Cr4Register, VmcbField.EferRegister]),
        (CleanDebug, [VmcbField.Dr6, VmcbField.Dr7]),
        (CleanTables, [VmcbField.GdtrBase, VmcbField.GdtrLimit, VmcbField.IdtrBase, VmcbField.IdtrLimit]),
        (CleanSegments, [VmcbField.CsSelector, VmcbField.CsBase, VmcbField.SsSelector, VmcbField.SsBase, VmcbField.DsSelector, VmcbField.DsBase,
            VmcbField.EsSelector, VmcbField.EsBase, VmcbField.Cpl]),
        (CleanCr2, [VmcbField.Cr2]),
    ];

    // What L0 gives the processor of its own, which is not what VMRUN found in vmcb12.
    private static readonly (int Bit, VmcbField[] Fields)[] EditedGroups =
    [
        (CleanIntercepts, [.. Intercepts.Select(static one => one.Field), VmcbField.TscOffset]),
        (CleanMaps, [VmcbField.IopmBasePa, VmcbField.MsrpmBasePa]),
        (CleanAsid, [VmcbField.GuestAsid]),
        (CleanNestedPaging, [VmcbField.NCr3, VmcbField.GPat]),
        .. CleanGroups,
    ];

    /// <summary>#VMEXIT disables the host's breakpoints. A debugger of the VMM may have its own in their place.</summary>
    public static void HostDr7Cleared(in Step s) =>
        Shows(s, GoesBackToL1(s), StateMoment.L1AtEntry, VmcbField.Dr7, Bits64.Of(HostDr7), assumed: Evidence.DebugRegisters);

    /// <summary>#VMEXIT forces CR0.PE=1, RFLAGS.VM=0, CPL=0.</summary>
    public static void HostProtected(in Step s)
    {
        Shows(s, GoesBackToL1(s), StateMoment.L1AtEntry, VmcbField.Cr0Register, new Bits64(1, 1));
        Shows(s, GoesBackToL1(s), StateMoment.L1AtEntry, VmcbField.RflagsRegister, new Bits64(0, 1UL << Rflags.VM));
        Shows(s, GoesBackToL1(s), StateMoment.L1AtEntry, VmcbField.Cpl, Bits64.Of(0));
    }

    /// <summary>#VMEXIT writes back exactly the registers of its list; the others of vmcb12 stay.</summary>
    public static void SavesSubset(in Step s)
    {
        if (!Leaves(s))
        {
            return;
        }

        foreach (VmcbField field in StateTables.GuestSaved)
        {
            if (field is not (VmcbField.Cr2 or VmcbField.Dr6))
            {
                Saved(s, field, field == VmcbField.RflagsRegister ? ~SteppedFlags : ulong.MaxValue);
            }
        }

        foreach (VmcbField field in StateTables.Vmload)
        {
            Shows(s, s.Vcpu.Vmcb12[field].IsKnown, StateMoment.Vmcb12AfterExit, field, s.Vcpu.Vmcb12[field]);
        }
    }

    /// <summary>vmcb12.CR2 receives the guest's CR2.</summary>
    public static void SavesCr2(in Step s) => Saved(s, VmcbField.Cr2);

    /// <summary>The interrupt shadow is saved by #VMEXIT and loaded by VMRUN.</summary>
    public static void SavesShadow(in Step s)
    {
        Saved(s, VmcbField.InterruptShadow, 1);
        LoadsShadow(s);
    }

    /// <summary>V_IRQ of vmcb12 behind a #VMEXIT: what L2 left of the request that L1 made, and never one of the hypervisor's own.</summary>
    public static void SavesVirtualInterrupt(in Step s)
    {
        if (!Leaves(s) || !s.Seen.IsRecorded(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl))
        {
            return;
        }

        Bits64 asked = s.Vcpu.Vmcb12[VmcbField.IntCtl], left = s.Seen.State(StateMoment.L2AtExit, VmcbField.IntCtl);

        // A request of the hypervisor's own, which the intercept of VINTR tells, hides what became of L1's.
        Truth isOwn = s.Seen.State(StateMoment.L2AtExit, VmcbField.InterceptMisc1)[VIntrIntercept] & !s.Intercepted(SvmExitCode.VIntr);
        Truth pending = asked[IntCtlBits.VIrqBit] & (isOwn.IsNo ? left[IntCtlBits.VIrqBit] : Truth.Unknown);
        if (!pending.IsUnknown)
        {
            s.Expect().Allow(Is(At(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl), pending.IsYes ? 1UL << IntCtlBits.VIrqBit : 0, 1UL << IntCtlBits.VIrqBit));
        }
    }

    /// <summary>EVENTINJ of vmcb12 is not valid behind a #VMEXIT.</summary>
    public static void ClearsEventInj(in Step s)
    {
        if (Leaves(s) && s.Seen.IsRecorded(StateMoment.Vmcb12AfterExit, VmcbField.EventInj))
        {
            s.Expect().Allow(Is(At(StateMoment.Vmcb12AfterExit, VmcbField.EventInj), 0, EventInfo.ValidBit));
        }
    }

    /// <summary>The host's shadow does not leak into the guest's.</summary>
    public static void NoShadowLeak(in Step s)
    {
        Bits64 before = s.Vcpu.Vmcb12[VmcbField.InterruptShadow];
        Shows(s, StartsL2(s) && s.Vcpu.L1AtVmrun[VmcbField.InterruptShadow][0].IsYes && before[0].IsNo,
            StateMoment.L2AtEntry, VmcbField.InterruptShadow, before with { Known = before.Known & 1 }, byProcessor: true);
    }

    /// <summary>A host whose code segment lies outside its descriptor table cannot be resumed: shutdown.</summary>
    public static void HostSegmentsReload(in Step s)
    {
        Bits64 selector = s.Vcpu.L1AtVmrun[VmcbField.CsSelector], limit = s.Vcpu.L1AtVmrun[VmcbField.GdtrLimit];
        if (!s.Seen.LeftL2 || (selector.Value & InLocalTable) != 0)
        {
            return;
        }

        if (!selector.IsKnown || !limit.IsKnown)
        {
            s.Undecided(Evidence.MachineStates);
        }
        else if ((selector.Value | 7) > limit.Value)
        {
            s.Expect().Allow(Is(ComparedField.UserspaceReason, UserspaceExit.ShutdownReason));
        }
        else if ((s.Vcpu.L1AtVmrun[VmcbField.Cr4Register][Cr4.PAE] & !s.Vcpu.L1AtVmrun[VmcbField.EferRegister][Efer.LMA]).IsNo)
        {
            // A host with legacy PAE paging may shut down for its page directory pointers.
            s.Expect().Allow(IsNot(ComparedField.UserspaceReason, UserspaceExit.ShutdownReason));
        }
    }

    /// <summary>VMLOAD and VMSAVE move their set of registers. Most recorders leave these registers out, and then nothing is said.</summary>
    public static void MovesVmloadSet(in Step s)
    {
        bool done = s.Level == GuestLevel.L1 && s.Vcpu.Svme.IsYes && !s.Vcpu.Cpl.Any(3).IsYes && s.Seen.RaisedException is null && !s.Seen.WentToUserspace;
        if (!done || (s.Code != SvmExitCode.Vmsave && s.Code != SvmExitCode.Vmload))
        {
            return;
        }

        foreach (VmcbField field in StateTables.Vmload)
        {
            Bits64 register = s.Seen.State(StateMoment.L1AtExit, field), stored = s.Seen.State(StateMoment.Vmcb12AtVmrun, field);
            bool saves = s.Code == SvmExitCode.Vmsave && register.IsKnown;
            bool loads = s.Code == SvmExitCode.Vmload && s.Seen.IsRecorded(StateMoment.L1AtEntry, field) && !StateTables.Canonicalised.Contains(field);
            Shows(s, saves, StateMoment.Vmcb12AfterExit, field, register);
            Shows(s, loads, StateMoment.L1AtEntry, field, stored);
        }
    }

    /// <summary>Segment bases are sign-extended as they are loaded.</summary>
    /// <remarks>The processor does it too, from a bit that depends on how wide its addresses are: what it is given may have the upper bits either way.</remarks>
    public static void Canonicalises(in Step s)
    {
        if (!StartsL2(s))
        {
            return;
        }

        foreach (VmcbField field in StateTables.Canonicalised)
        {
            Bits64 stored = s.Vcpu.Vmcb12[field];
            bool isTable = field is VmcbField.GdtrBase or VmcbField.IdtrBase;
            bool loads = StateTables.GuestLoaded.Contains(field) && s.Vcpu.Vmcb12[VmcbField.CleanBits][isTable ? CleanTables : CleanSegments].IsNo;
            Shows(s, loads && stored.IsKnown, StateMoment.L2AtEntry, field, stored with { Known = Low48 });
        }
    }

    /// <summary>What is not marked clean is loaded from vmcb12, and the marks are the hypervisor's that made them.</summary>
    public static void LoadsWhatIsNotClean(in Step s)
    {
        Bits64 clean = s.Vcpu.Vmcb12[VmcbField.CleanBits];
        Shows(s, Leaves(s) && clean.IsKnown && s.Seen.IsRecorded(StateMoment.Vmcb12AfterExit, VmcbField.CleanBits), StateMoment.Vmcb12AfterExit, VmcbField.CleanBits, clean);
        if (!StartsL2(s))
        {
            return;
        }

        foreach ((VmcbField field, ulong always) in Intercepts)
        {
            // The hypervisor adds its own; those of L1 must be among them.
            Bits64 asked = s.Vcpu.Vmcb12[field];
            ulong mask = asked.Value & asked.Known & always;
            bool applies = clean[CleanIntercepts].IsNo && mask != 0 && s.Seen.IsRecorded(StateMoment.L2AtEntry, field);
            Shows(s, applies, StateMoment.L2AtEntry, field, new Bits64(mask, mask));
        }

        foreach ((int bit, VmcbField[] fields) in CleanGroups)
        {
            foreach (VmcbField field in fields)
            {
                bool asStored = !StateTables.Canonicalised.Contains(field) && (field != VmcbField.Cpl || KeepsCpl(s)) && (field != VmcbField.Cr2 || s.Seen.RaisedException is null);
                Bits64 stored = s.Vcpu.Vmcb12[field];
                Shows(s, clean[bit].IsNo && asStored && stored.IsKnown, StateMoment.L2AtEntry, field, stored with { Known = LoadedBits(field) });
            }
        }
    }

    /// <summary>The hypervisor clears the clean bit of every group it edits between an exit and the next entry.</summary>
    public static void ClearsCleanBits(in Step s)
    {
        if (s.Seen.LeftL2)
        {
            return;
        }

        foreach ((int bit, VmcbField[] fields) in EditedGroups)
        {
            foreach (VmcbField field in fields)
            {
                Bits64 left = s.Seen.State(StateMoment.L2AtExit, field), entered = s.Seen.State(StateMoment.L2AtEntry, field);
                bool edited = left.IsKnown && entered.IsKnown && left.Value != entered.Value;
                if (edited)
                {
                    Shows(s, true, StateMoment.L2AtEntry, VmcbField.CleanBits, new Bits64(0, 1UL << bit));
                    break;
                }
            }
        }
    }

    /// <summary>An intercepted #DB leaves DR6 as the handler would see it.</summary>
    public static void DebugStatusSaved(in Step s)
    {
        if (s.HasExit && s.Code == SvmExitCode.OfException(ExceptionVector.DB))
        {
            Saved(s, VmcbField.Dr6);
        }
    }

    /// <summary>The vector of a virtual interrupt is V_INTR_VECTOR.</summary>
    public static void VirtualVector(in Step s)
    {
        Bits64 control = s.Vcpu.Vmcb12[VmcbField.IntCtl];
        bool isVirtual = s.Level == GuestLevel.L2 && s.HasExit && s.Exit.Interrupted is { Valid: true, Type: EventType.Interrupt }
            && control[IntCtlBits.VIrqBit].IsYes && s.Intercepted(SvmExitCode.Intr).IsYes && !s.Vcpu.Vmcb12.EventInj.Valid;
        if (isVirtual && !control.IsKnown)
        {
            s.Undecided(Evidence.MachineStates);
        }
        else if (isVirtual)
        {
            s.Expect().Allow(Is(ComparedField.ExitIntInfo, new IntCtlBits(control.Value).Vector, byte.MaxValue));
        }
    }

    /// <summary>vmcb12.nRIP is what the processor saved.</summary>
    public static void NextRipForL1(in Step s)
    {
        if (s.HasExit && s.Level == GuestLevel.L2 && ExitTable.Of(s.Code).SavesNextRip && s.Seen.LeftL2)
        {
            Truth saves = s.Vcpu.Profile.Has(CpuFeature.NripSave);
            if (saves.IsYes)
            {
                Saved(s, VmcbField.NextRip);
            }
            else
            {
                s.When(saves, Evidence.GuestCpuid);
            }
        }
    }

    /// <summary>nRIP of an instruction that branches is the address behind it.</summary>
    public static void NextRipIsSequential(in Step s)
    {
        if (s.HasExit && s.Level == GuestLevel.L2 && ExitTable.Of(s.Code).SavesNextRip && s.Seen.Instruction is { IsBranch: true } branch && branch.Code == s.Code)
        {
            Shows(s, true, StateMoment.L2AtExit, VmcbField.NextRip, Bits64.Of(unchecked(s.Exit.Rip + (ulong)branch.Length)), byProcessor: true);
        }
    }

    /// <summary>TLB_CONTROL is honoured and stays as it is. A hypervisor honours it with the same control, or with an ASID that has no entries yet.</summary>
    public static void TlbControlHonoured(in Step s)
    {
        Bits64 asked = s.Vcpu.Vmcb12[VmcbField.TlbControl];
        Shows(s, Leaves(s) && asked.IsKnown, StateMoment.Vmcb12AfterExit, VmcbField.TlbControl, asked);
        if (!StartsL2(s) || !asked.IsKnown || asked.Value is not (1 or 3 or FlushOnVmrun))
        {
            return;
        }

        bool isRecorded = s.Seen.IsRecorded(StateMoment.L2AtEntry, VmcbField.TlbControl) && s.Seen.IsRecorded(StateMoment.L2AtEntry, VmcbField.GuestAsid);
        if (!isRecorded || !s.Vcpu.L2Asid.IsKnown)
        {
            s.Undecided(Evidence.MachineStates);
            return;
        }

        // On another CPU, or once all were given out anew, the same ASID has no entries either.
        s.Assuming(Evidence.MachineStates).Allow(IsNot(At(StateMoment.L2AtEntry, VmcbField.TlbControl), 0)).Allow(IsNot(At(StateMoment.L2AtEntry, VmcbField.GuestAsid), s.Vcpu.L2Asid.Value));
    }

    /// <summary>A VMRUN that is carried out sets GIF.</summary>
    public static void GifIsSet(in Step s)
    {
        if (StartsL2(s) && s.Seen.IsRecorded(StateMoment.L2AtEntry, VmcbField.Gif))
        {
            s.Expect().Allow(Is(At(StateMoment.L2AtEntry, VmcbField.Gif), 1));
        }
    }

    /// <summary>#VMEXIT clears GIF.</summary>
    public static void GifIsClearBehindExit(in Step s)
    {
        if (GoesBackToL1(s))
        {
            GifIsClear(s);
        }
    }

    /// <summary>L1 is entered without GIF.</summary>
    public static void GifIsClear(in Step s)
    {
        if (s.Seen.IsRecorded(StateMoment.L1AtEntry, VmcbField.Gif))
        {
            s.Expect().Allow(Is(At(StateMoment.L1AtEntry, VmcbField.Gif), 0));
        }
    }

    /// <summary>Without EFER.SVME neither CLGI nor STGI is carried out: GIF is what it was when the guest was entered.</summary>
    public static void GifStaysWithoutSvme(in Step s, bool set)
    {
        if (s.Level == GuestLevel.L1 && s.HasExit && s.Vcpu.Svme.IsNo && !s.Vcpu.SvmeConcluded && s.Vcpu.GifAtEntry == Truth.Of(!set) && s.Seen.IsRecorded(StateMoment.L1AtExit, VmcbField.Gif))
        {
            s.Expect().Allow(Is(At(StateMoment.L1AtExit, VmcbField.Gif), set ? 0UL : 1));
        }
    }

    /// <summary>An instruction that must raise #UD without EFER.SVME exits, since the processor itself runs with EFER.SVME=1. A write that faults changes nothing.</summary>
    public static void ExitsOnceEntered(in Step s, SvmExitCode code)
    {
        ulong bit = 1UL << (int)(code.Value % 32);
        s.Expect().Allow(Is(At(StateMoment.L1AtEntry, VmcbField.InterceptMisc2), bit, bit))
            .Allow(Is(ComparedField.MsrFaulted, 1)).Allow(Happens(ComparedField.UserspaceReason));
    }

    /// <summary>L1 goes on without the TSC offset of L2.</summary>
    public static void TscOffsetOfL1(in Step s)
    {
        // L2 moves it by writes to the TSC that L1 does not intercept, and L0 itself where the host's TSC is not stable; but not to the offset of L2.
        Bits64 before = s.Vcpu.L1AtVmrun[VmcbField.TscOffset], ofL2 = s.Seen.State(StateMoment.L2AtExit, VmcbField.TscOffset);
        bool mayMove = s.Vcpu.AskedMonitorInL2 || s.Seen.WentToUserspace || s.Vcpu.TscWrittenInL2 || s.Seen.HasMsr || !s.Header.Listed.Has(KvmEventKind.MsrAccess);
        if (!s.Seen.LeftL2 || !before.IsKnown || mayMove)
        {
            return;
        }

        if (!ofL2.IsKnown || !s.Seen.IsRecorded(StateMoment.L1AtEntry, VmcbField.TscOffset))
        {
            s.Undecided(Evidence.MachineStates);
        }
        else if (ofL2.Value != before.Value)
        {
            s.Expect().Allow(IsNot(At(StateMoment.L1AtEntry, VmcbField.TscOffset), ofL2.Value));
        }
    }

    /// <summary>Bit 20 of a guest physical address is never masked: without paging a fetch faults at the linear address.</summary>
    public static void NoA20Mask(in Step s)
    {
        const ulong Bit20 = 1 << 20;
        if (!s.HasExit || s.Code != SvmExitCode.Npf || (s.Exit.Info1 & ExitInfoBits.Fetch) == 0 || s.Level != GuestLevel.L2)
        {
            return;
        }

        Bits64 paging = s.Seen.State(StateMoment.L2AtExit, VmcbField.Cr0Register), start = s.Seen.State(StateMoment.L2AtExit, VmcbField.CsBase);
        if (!start.IsKnown)
        {
            s.Undecided(Evidence.MachineStates);
        }
        else if (paging[Cr0.PG].IsNo)
        {
            // The last bytes of an instruction may lie behind the border of the megabyte.
            ulong first = unchecked(start.Value + s.Exit.Rip);
            s.Expect().Allow(Is(ComparedField.ExitInfo2, first, Bit20)).Allow(Is(ComparedField.ExitInfo2, unchecked(first + LongestBehindFirst), Bit20)).ByProcessor();
        }
    }

    /// <summary>VMRUN reloads the PAUSE counter. A hypervisor may count some of it itself, and so start with less.</summary>
    public static void PauseCountReloaded(in Step s)
    {
        Bits64 count = s.Vcpu.Vmcb12[VmcbField.PauseFilterCount];
        if (!StartsL2(s) || !count.IsKnown || !s.Intercepted(SvmExitCode.Pause).IsYes)
        {
            return;
        }

        if (s.Seen.IsRecorded(StateMoment.L2AtEntry, VmcbField.PauseFilterCount))
        {
            s.When(s.Vcpu.Profile.Has(CpuFeature.PauseFilter), Evidence.GuestCpuid).Allow(IsAtMost(At(StateMoment.L2AtEntry, VmcbField.PauseFilterCount), count.Value));
        }
        else
        {
            s.Undecided(Evidence.MachineStates);
        }
    }

    /// <summary>An index of AVIC's physical table beyond the largest makes VMRUN fail.</summary>
    public static void AvicIndexLegal(in Step s)
    {
        Bits64 control = s.Seen.State(StateMoment.L2AtEntry, VmcbField.IntCtl), table = s.Seen.State(StateMoment.L2AtEntry, VmcbField.AvicPhysicalTable);
        if (!control[IntCtlBits.AvicEnableBit].IsYes)
        {
            return;
        }

        var bits = new IntCtlBits(control.Value);
        if (!table.IsKnown)
        {
            s.Undecided(Evidence.MachineStates);
        }
        else if ((table.Value & 0xfff) > bits.MostPhysicalIndex)
        {
            // With x2AVIC a processor may take larger ones.
            (bits.X2Avic ? s.Assuming(Evidence.GuestCpuid) : s.Expect()).Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Invalid.Value)).ByProcessor();
        }
    }

    /// <summary>Clearing EFER.SVME leaves GIF alone.</summary>
    public static void GifSurvivesSvme(in Step s)
    {
        bool clears = s.Seen.HasMsr && s.Seen.Msr is { Write: true, Index: Efer.Index, Faulted: false } write
            && ((write.Value >> Efer.SVME) & 1) == 0;
        Bits64 gif = s.Seen.State(StateMoment.L1AtExit, VmcbField.Gif);
        Shows(s, clears && s.Level == GuestLevel.L1, StateMoment.L1AtEntry, VmcbField.Gif, gif);
    }

    /// <summary>What the VMM saves and restores of a nested guest is what it was.</summary>
    public static void RestoreIsTransparent(in Step s)
    {
        if (s.Level != GuestLevel.L2 || !s.Seen.WentToUserspace || s.Seen.LeftL2)
        {
            return;
        }

        foreach (VmcbField field in (ReadOnlySpan<VmcbField>)[VmcbField.InterruptShadow, VmcbField.GPat, VmcbField.Gif])
        {
            Bits64 left = s.Seen.State(StateMoment.L2AtExit, field);
            if (left.IsKnown && s.Seen.IsRecorded(StateMoment.L2AtEntry, field))
            {
                // An instruction that the VMM completes ends the shadow.
                s.Expect().Allow(Is(At(StateMoment.L2AtEntry, field), left.Value)).Allow(IsNot(ComparedField.EntryRip, s.Exit.Rip));
            }
            else
            {
                s.Undecided(Evidence.MachineStates);
            }
        }
    }

    // What L2 is entered with is from VMRUN alone: the VMM may set any register, and RSM loads what the handler left in memory.
    private static bool StartsL2(in Step s) => s.Seen.HasVmenter && !s.Seen.WentToUserspace && !s.Seen.SmmLeft;

    // L1 is entered with what #VMEXIT made of it, and not with what System Management Mode or the VMM did.
    private static bool GoesBackToL1(in Step s) =>
        s.Seen.LeftL2 && !s.Seen.LeftL2ForHostUse && !s.Seen.SmmEntered && !s.Seen.SmmLeft && !s.Seen.WentToUserspace;

    private static bool Leaves(in Step s) => s.Seen.LeftL2 && s.Level == GuestLevel.L2 && !s.Seen.LeftL2ForHostUse;

    private static void LoadsShadow(in Step s)
    {
        Bits64 stored = s.Vcpu.Vmcb12[VmcbField.InterruptShadow];
        Shows(s, StartsL2(s) && stored.IsKnown, StateMoment.L2AtEntry, VmcbField.InterruptShadow, stored with { Known = 1 });
    }

    private static ulong LoadedBits(VmcbField field) => field switch
    {
        VmcbField.EferRegister => Efer.Bits.Kept(~(1UL << Efer.LMA)),
        VmcbField.Cr0Register => Cr0Loaded,
        VmcbField.Dr6 => ~(DebugStatus.Bits.ReadsAsZero | DebugStatus.Bits.ReadsAsOne | BusLockDetected),
        VmcbField.Dr7 => ~(DebugControl.Bits.ReadsAsZero | DebugControl.Bits.ReadsAsOne),
        _ => ulong.MaxValue,
    };

    // "In real mode CPL is 0, in virtual-8086 mode 3" whatever vmcb12 has (15.5.1).
    private static bool KeepsCpl(in Step s) => (s.Vcpu.Vmcb12[VmcbField.Cr0Register][Cr0.PE] & !s.Vcpu.Vmcb12[VmcbField.RflagsRegister][Rflags.VM]).IsYes;

    // Exits that L0 handles without a change of L2's registers, unless it decodes an instruction.
    private static bool LeavesRegisters(SvmExitCode code) => code.Value is >= 0x60 and <= 0x64 || code == SvmExitCode.Npf;

    // A register of L2 is in vmcb12 as L2 left it. L0 may carry an instruction out before it shows L1 another #VMEXIT than came.
    private static void Saved(in Step s, VmcbField field, ulong mask = ulong.MaxValue)
    {
        if (!Leaves(s) || s.Seen.WentToUserspace)
        {
            return;
        }

        Bits64 left = s.Seen.State(StateMoment.L2AtExit, field);
        if (!left.IsKnown || !s.Seen.IsRecorded(StateMoment.Vmcb12AfterExit, field) || s.Seen.MayHaveInstruction)
        {
            s.Undecided(Evidence.MachineStates);
            return;
        }

        Expecting expecting = s.Expect().Allow(Is(At(StateMoment.Vmcb12AfterExit, field), left.Value & mask, mask));
        if (!LeavesRegisters(s.Code))
        {
            expecting.Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
        }
    }

    // The known bits of a value must be seen; undecided where either side was not recorded. What reserved bits of attributes hold is open.
    private static void Shows(
        in Step s, bool applies, StateMoment moment, VmcbField field, Bits64 value, bool byProcessor = false, Evidence assumed = Evidence.None)
    {
        if (!applies)
        {
            return;
        }

        value = !(StateTables.AttributeFields & VmcbFields.Of(field)).IsEmpty ? value with { Known = value.Known & StateTables.AttributeBits } : value;
        if (value.Known == 0 || !s.Seen.IsRecorded(moment, field))
        {
            s.Undecided(Evidence.MachineStates);
            return;
        }

        Expecting expecting = (assumed == Evidence.None ? s.Expect() : s.Assuming(assumed)).Allow(Is(At(moment, field), value.Value & value.Known, value.Known));
        if (byProcessor)
        {
            expecting.ByProcessor();
        }
    }

    private static ComparedField At(StateMoment moment, VmcbField field) => ComparedState.Of(moment, VmcbLayout.Of(field).Position);
}
