using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm;

/// <summary>Group A: which SVM instructions exist, and which exception comes first (APM2 15.4, 15.9 table 15-7).</summary>
internal static class Availability
{
    private const ulong UD = ExceptionVector.UD, GP = ExceptionVector.GP, EntryL2 = 2;

    private static readonly SvmExitCode UdExit = SvmExitCode.OfException(ExceptionVector.UD);

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.4-SVME-UD-VMRUN", Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmrun), UdWithoutSvme),
        new("SVM-15.4-SVME-UD-VMLOAD", Situation.SvmInstruction | Situation.SvmMsr, Codes.Of(SvmExitCode.Vmload), static (in Step s) =>
        {
            UdWithoutSvme(s);
            BlindWithoutSvme(s, s.Vcpu.VmloadExits, Evidence.VirtualVmload);
        }),
        new("SVM-15.4-SVME-UD-VMSAVE", Situation.SvmInstruction | Situation.SvmMsr, Codes.Of(SvmExitCode.Vmsave), static (in Step s) =>
        {
            UdWithoutSvme(s);
            BlindWithoutSvme(s, s.Vcpu.VmloadExits, Evidence.VirtualVmload);
        }),
        new("SVM-15.4-SVME-UD-CLGI", Situation.SvmInstruction | Situation.SvmMsr, Codes.Of(SvmExitCode.Clgi), static (in Step s) =>
        {
            UdWithoutSvme(s);
            BlindWithoutSvme(s, s.Vcpu.GifInstructionsExit, Evidence.VirtualGif);
        }),
        new("SVM-15.4-SVME-UD-INVLPGA", Situation.SvmInstruction, Codes.Of(SvmExitCode.Invlpga), UdWithoutSvme),
        new("SVM-15.4-SVME-UD-VMMCALL", Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmmcall), UdWithoutSvme),
        new("SVM-15.4-STGI-SKINIT-AVAIL", Situation.SvmInstruction | Situation.SvmMsr, Codes.Of(SvmExitCode.Stgi, SvmExitCode.Skinit), StgiOrSkinitWithoutSvme),
        new("SVM-15.5-VMRUN-CPL", Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmrun), ExceptionsFirst.GpBeforeExit),
        new("SVM-15.5-VMLOADSAVE-CPL", Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmload, SvmExitCode.Vmsave), ExceptionsFirst.GpBeforeExit),
        new("SVM-15.9-GIF-CPL", Situation.SvmInstruction,
            Codes.Of(SvmExitCode.Stgi, SvmExitCode.Clgi, SvmExitCode.Skinit, SvmExitCode.Invlpga), ExceptionsFirst.NoGpAfterExit),
        new("SVM-15.4-UD-OVER-GP", Situation.L1Exception, Codes.OfExceptions(ExceptionVector.GP), UdOverGp),
        new("SVM-15.5-VMRUN-RAX-ALIGN", Situation.VmrunEntered, VmcbAddressLegal),
        new("SVM-15.5-VMRUN-MAPFAIL-GP", Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmrun), VmrunDoesSomething),
        new("SVM-15.5-VMRUN-SMM", Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmrun), static (in Step s) =>
        {
            if (s.Vcpu.InSmm.IsYes)
            {
                s.Expect().Allow(Is(ComparedField.Exception, UD));
            }
        }),
        new("SVM-15.30.4-HSAVE-SET", Situation.VmrunEntered, static (in Step s) =>
        {
            Truth unset = s.Vcpu.HsavePa.Equal(0, ulong.MaxValue);
            if (ByVmrun(s) && unset.IsYes)
            {
                s.Assuming(Evidence.HsavePa).Allow(HappensNot(ComparedField.VmrunsEntered));
            }
            else if (ByVmrun(s))
            {
                s.When(unset, Evidence.HsavePa);
            }
        }),
        new("SVM-15.30.4-HSAVE-GP", Situation.SvmMsr, HsaveLegal),
        new("SVM-15.30.1-VMCR-SVMDIS-GP", Situation.SvmMsr, static (in Step s) =>
        {
            if (Writes(s, VmCr.Index) && Bit(s.Seen.Msr.Value, VmCr.SvmDis))
            {
                s.WhenSvme(true).Allow(Is(ComparedField.MsrFaulted, 1));
            }
        }),
        new("SVM-15.30.1-VMCR-LOCK", Situation.SvmMsr, static (in Step s) =>
        {
            if (!s.Seen.Msr.Write && s.Seen.Msr.Index == VmCr.Index && s.Vcpu.VmCr[VmCr.Lock].IsYes)
            {
                s.Expect().Allow(Is(ComparedField.MsrValue, s.Vcpu.VmCr.Value, VmCr.Lockable & s.Vcpu.VmCr.Known));
            }
        }),
        new("SVM-15.30.1-VMCR-MBZ", Situation.SvmMsr, static (in Step s) =>
        {
            if (Writes(s, VmCr.Index) && VmCr.Bits.SetsMustBeZero(Bits64.Of(s.Seen.Msr.Value), s.Vcpu.Profile).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.MsrFaulted, 1));
            }
        }),
        new("SVM-15.30.1-SVMDIS-EFER", Situation.SvmMsr, static (in Step s) =>
        {
            if (s.Level == GuestLevel.L1 && Writes(s, Efer.Index) && Bit(s.Seen.Msr.Value, Efer.SVME))
            {
                s.When(s.Vcpu.VmCr[VmCr.SvmDis], Evidence.VmCr).Allow(Is(ComparedField.MsrFaulted, 1));
            }
        }),
        new("SVM-15.9-VMMCALL-NOCPL", Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmmcall), ExceptionsFirst.NoGpAfterExit),
        new("SVM-15.18-VMMCALL-UNINT-UD", Situation.L2Exit,
            static code => code == SvmExitCode.Vmmcall || code == UdExit, VmmcallNotIntercepted),
        new("SVM-15.9-VMMCALL-PRIO", Situation.L2Exit, Codes.Of(SvmExitCode.Vmmcall), static (in Step s) =>
        {
            if (!s.Seen.MayFlushForHyperv)
            {
                ReflectedIfIntercepted(s);
            }
        }),
        new("SVM-15.9-RDPRU-EXC", Situation.L1Rare | Situation.L2Exit, Codes.Of(SvmExitCode.Rdpru), static (in Step s) =>
            s.When(!s.Vcpu.Profile.Has(CpuFeature.Rdpru), Evidence.GuestCpuid)
                .Allow(Is(ComparedField.Exception, UD)).Allow(Is(ComparedField.ReflectedCode, UdExit.Value))),
        new("SVM-15.9-XSETBV-PRIO", Situation.L2Exit, Codes.Of(SvmExitCode.Xsetbv), ReflectedIfIntercepted),
        new("SVM-15.9-UNSUPPORTED-INSN", Situation.L2Exit,
            Codes.Of(SvmExitCode.Rdtscp, SvmExitCode.Xsetbv, SvmExitCode.Rdpru, SvmExitCode.Invpcid), UnsupportedInstruction),
        new("SVM-15.9-MONITOR-PRIO", Situation.L2Exit, Codes.Of(SvmExitCode.Monitor), OwnedByBit),
        new("SVM-15.9-MWAIT-COND-PRIO", Situation.L2Exit, Codes.Of(SvmExitCode.Mwait), MwaitConditional),
        new("SVM-15.9-INVLPGB-PRIO", Situation.L2Exit,
            Codes.Of(SvmExitCode.Invlpgb, SvmExitCode.IllegalInvlpgb, SvmExitCode.Invpcid, SvmExitCode.Tlbsync), OwnedByBit),
        new("SVM-15.9-RSM-PRIO", Situation.L1Rare | Situation.L2Exit, Codes.Of(SvmExitCode.Rsm), RsmIntercept),
        new("SVM-15.9-PUSHF-POPF-IRET-PRIO", Situation.L2Exit,
            Codes.Of(SvmExitCode.Pushf, SvmExitCode.Popf, SvmExitCode.Iret, SvmExitCode.SwInt), ReflectedIfIntercepted),
        new("SVM-15.9-CR-EXC-FIRST", Situation.L1Rare | Situation.L2Exit, Codes.Between(SvmExitCode.CrRead, new(0x01f)), ExceptionsFirst.ControlRegisterLegal),
        new("SVM-15.9-DR-EXC-FIRST", Situation.L2Exit, Codes.Between(SvmExitCode.DrRead, new(0x03f)), static (in Step s) =>
            s.When(s.Intercepted(s.Code), Evidence.DrIntercepts).Allow(Is(ComparedField.ReflectedCode, s.Code.Value))),
        new("SVM-15.9-RDTSC-PMC-EXC-FIRST", Situation.L1Rare | Situation.L2Exit,
            Codes.Of(SvmExitCode.Rdtsc, SvmExitCode.Hlt, SvmExitCode.Invd, SvmExitCode.Wbinvd, SvmExitCode.Invlpg), ExceptionsFirst.LegalAtExit),
        new("SVM-15.9-LIDT-PRIO", Situation.L2Exit, Codes.Between(SvmExitCode.IdtrRead, SvmExitCode.TrWrite), ReflectedIfIntercepted),
        new("SVM-15.11-MSR-PRIO", Situation.L2Exit, Codes.Of(SvmExitCode.Msr), MsrOwner),
        new("SVM-15.10-IOIO-PRIO", Situation.L2Exit, Codes.Of(SvmExitCode.Ioio), static (in Step s) =>
            s.When(s.Intercepted(s.Code) & s.Vcpu.PortIntercepted, Evidence.IoPermissionMap).Allow(Is(ComparedField.ReflectedCode, s.Code.Value))),
        new("SVM-15.9-BREAKPOINT-FIRST", Situation.L2Exit, Codes.ByBit, static (in Step s) =>
        {
            if (s.Vcpu.BreakpointAtRip.IsYes)
            {
                s.Expect().Allow(IsNot(ComparedField.ExitCode, s.Code.Value)).ByProcessor();
            }
        }),
        new("SVM-15.35.6-VMGEXIT-NONES", Situation.L1Rare, Codes.Of(SvmExitCode.Vmgexit), static (in Step s) =>
            s.When(!s.Vcpu.SevEs, Evidence.GuestCpuid).Allow(IsNot(ComparedField.ExitCode, s.Code.Value)).ByProcessor()),
        new("SVM-15.27-SKINIT-ABSENT", Situation.SvmInstruction, Codes.Of(SvmExitCode.Skinit), SkinitAbsent),
        new("SVM-15.4-SVME-NO-NESTED", Situation.NestedWithoutSvme, static (in Step s) => s.Expect().Allow(
            HappensNot(ComparedField.VmrunsEntered), HappensNot(ComparedField.ReflectedCode), HappensNot(ComparedField.InvlpgaExecuted))),

        // An inference, not a check: Narrowing draws it.
        new("SVM-15.4-SVME-INFER", Situation.None, Rule.SaysNothing),

        // Why nothing is expected of VMLOAD and VMSAVE that do exit although they could run virtualized.
        new("SVM-15.5-VMLOADSAVE-INTEL", Situation.None, Rule.SaysNothing),
        new("SVM-15.17-GIF-SVME", Situation.SvmMsr, static (in Step s) =>
        {
            if (ClearsSvme(s) && s.Vcpu.Gif.IsNo)
            {
                s.Expect().Allow(HappensNot(ComparedField.NewInterrupt));
            }

            if (s.Seen.HasStates)
            {
                StateRules.GifSurvivesSvme(s);
            }
        }),
    ];

    /// <summary>Whether an exit is for an instruction that SVM defines.</summary>
    public static bool IsSvmInstruction(SvmExitCode code) =>
        code == SvmExitCode.Invlpga || (code.Value >= SvmExitCode.Vmrun.Value && code.Value <= SvmExitCode.Skinit.Value);

    /// <summary>Whether an MSR belongs to SVM.</summary>
    public static bool IsSvmMsr(uint index) => index is Efer.Index or VmCr.Index or HsavePa.Index;

    private static bool Bit(ulong value, int bit) => ((value >> bit) & 1) != 0;

    private static bool Writes(in Step s, uint msr) => s.Seen.HasMsr && s.Seen.Msr.Write && s.Seen.Msr.Index == msr;

    private static bool ClearsSvme(in Step s) =>
        s.Level == GuestLevel.L1 && Writes(s, Efer.Index) && !Bit(s.Seen.Msr.Value, Efer.SVME) && s.Vcpu.Svme.IsYes;

    private static bool ByVmrun(in Step s) => s.HasExit && s.Level == GuestLevel.L1 && s.Code == SvmExitCode.Vmrun;

    // "Attempting to execute ... with EFER.SVME set to zero causes #UD": nothing else happens, RIP stays.
    private static void UdWithoutSvme(in Step s)
    {
        if (s.HasExit && IsSvmInstruction(s.Code))
        {
            s.WhenSvme(false).Allow(Is(ComparedField.Exception, UD), Is(ComparedField.EntryRip, s.Exit.Rip));
            NoUdWithSvme(s);
        }
    }

    // An instruction that exits has passed the processor's checks of mode and CPL: with EFER.SVME set by L1 there is no #UD left,
    // outside System Management Mode; without paging L0 departs in a way it documents.
    private static void NoUdWithSvme(in Step s)
    {
        Truth paging = s.Vcpu.Cr0[Cr0.PG] | Truth.Of(s.Exit.Rip > uint.MaxValue);
        bool legal = s.Level == GuestLevel.L1 && !s.Vcpu.SvmeConcluded && (s.Vcpu.Svme & !s.Vcpu.InSmm & paging).IsYes;
        if (legal && s.Code != SvmExitCode.Vmmcall && s.Code != SvmExitCode.Skinit)
        {
            s.Expect().Allow(IsNot(ComparedField.Exception, UD)).Allow(Is(ComparedField.EntryLevel, EntryL2));
        }
    }

    // Where the instruction does not exit, its #UD or its execution cannot be seen.
    private static void BlindWithoutSvme(in Step s, Truth exits, Evidence hidden)
    {
        if (ClearsSvme(s) && !exits.IsYes)
        {
            s.Undecided(hidden);
        }
    }

    private static void StgiOrSkinitWithoutSvme(in Step s)
    {
        BlindWithoutSvme(s, s.Vcpu.GifInstructionsExit, Evidence.VirtualGif);
        if (!s.HasExit || !IsSvmInstruction(s.Code))
        {
            return;
        }

        Truth available = s.Vcpu.Profile.Has(CpuFeature.Skinit) | s.Vcpu.Profile.Has(CpuFeature.SvmLock);
        if (!s.Vcpu.Svme.IsNo)
        {
            s.WhenSvme(false);
            NoUdWithSvme(s);
        }
        else if (available.IsYes)
        {
            s.Expect().Allow(IsNot(ComparedField.Exception, UD));
        }
        else
        {
            Expecting expecting = available.IsNo ? s.Expect() : s.Assuming(Evidence.GuestCpuid);
            expecting.Allow(Is(ComparedField.Exception, UD), Is(ComparedField.EntryRip, s.Exit.Rip));
        }
    }

    // The processor checks CPL before the intercept: an exit at CPL > 0 is its fault. The exit itself tells that CPL is 0.
    private static void UdOverGp(in Step s)
    {
        if (s.Seen.Instruction.Code is { } instruction && IsSvmInstruction(instruction) && instruction != SvmExitCode.Vmmcall)
        {
            s.WhenSvme(false).Allow(Is(ComparedField.Exception, UD));
        }
    }

    private static void VmcbAddressLegal(in Step s)
    {
        if (!ByVmrun(s))
        {
            return;
        }

        ulong address = s.Seen.Vmenter.Vmcb12;
        int width = s.Vcpu.Profile.PhysicalAddressBits;
        if ((address & 0xfff) != 0 || address >> 52 != 0)
        {
            s.Expect().Allow(HappensNot(ComparedField.VmrunsEntered), Is(ComparedField.Exception, GP));
        }
        else if (width is > 0 and < 52 && address >> width != 0)
        {
            s.Assuming(Evidence.GuestCpuid).Allow(HappensNot(ComparedField.VmrunsEntered), Is(ComparedField.Exception, GP));
        }
        else if (width == 0 && address >> 36 != 0)
        {
            // 36 bits is the least any processor with SVM has.
            s.Undecided(Evidence.GuestCpuid);
        }
    }

    private static void VmrunDoesSomething(in Step s)
    {
        // Where failed checks are not named, a refused VMRUN leaves no other sign than RIP behind it.
        s.Expect()
            .Allow(Happens(ComparedField.VmrunsEntered)).Allow(Happens(ComparedField.Exception))
            .Allow(Happens(ComparedField.ReflectedCode)).Allow(Happens(ComparedField.UserspaceReason))
            .Allow(s.Header.NamesFailedChecks ? Happens(ComparedField.VmrunChecksFailed) : IsNot(ComparedField.EntryRip, s.Exit.Rip));
    }

    private static void HsaveLegal(in Step s)
    {
        if (!Writes(s, HsavePa.Index))
        {
            return;
        }

        ulong value = s.Seen.Msr.Value;
        int width = s.Vcpu.Profile.PhysicalAddressBits;
        if ((value & HsavePa.PageOffset) != 0 || value >> 52 != 0)
        {
            s.Expect().Allow(Is(ComparedField.MsrFaulted, 1));
        }
        else if (width is > 0 and < 52 && value >> width != 0)
        {
            s.Assuming(Evidence.GuestCpuid).Allow(Is(ComparedField.MsrFaulted, 1));
        }
        else if (width == 0 && value >> 36 != 0)
        {
            s.Undecided(Evidence.GuestCpuid);
        }
    }

    // The instruction exits by itself, or the processor raised #UD because the hypervisor let it run.
    private static void VmmcallNotIntercepted(in Step s)
    {
        bool vmmcall = s.Code == SvmExitCode.Vmmcall || (s.Code == UdExit && s.Seen.Instruction.Code == SvmExitCode.Vmmcall);
        if (!vmmcall || s.Seen.HypervFlush)
        {
            return;
        }

        Truth udIntercepted = s.Intercepted(UdExit);
        Expecting expecting = s.When(!s.Intercepted(SvmExitCode.Vmmcall), Evidence.Vmcb12Controls);
        if (!udIntercepted.IsYes)
        {
            expecting.Allow(Is(ComparedField.Exception, UD), Is(ComparedField.EntryRip, s.Exit.Rip));
        }

        if (!udIntercepted.IsNo)
        {
            expecting.Allow(Is(ComparedField.ReflectedCode, UdExit.Value));
        }
    }

    private static void ReflectedIfIntercepted(in Step s)
    {
        if (s.Intercepted(s.Code).IsYes)
        {
            NestedReflection.AllowUnsupported(s, s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value)));
        }
    }

    private static void OwnedByBit(in Step s)
    {
        ReflectedIfIntercepted(s);
        if (s.Intercepted(s.Code).IsNo)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
        }
    }

    private static void UnsupportedInstruction(in Step s)
    {
        if (CpuFeature.Behind(s.Code) is { } feature)
        {
            s.When(!s.Vcpu.Profile.Has(feature), Evidence.GuestCpuid).Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
        }
    }

    private static void MwaitConditional(in Step s)
    {
        bool both = s.Intercepted(SvmExitCode.Mwait).IsYes && s.Intercepted(SvmExitCode.MwaitConditional).IsYes;
        if (both)
        {
            s.When(s.Vcpu.MonitorArmed, Evidence.MonitorArmed).Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Mwait.Value));
        }
    }

    private static void RsmIntercept(in Step s)
    {
        if (s.Level == GuestLevel.L2)
        {
            ReflectedIfIntercepted(s);
        }
        else if (s.Level == GuestLevel.L1 && s.Vcpu.InSmm.IsNo)
        {
            s.Expect().Allow(Is(ComparedField.Exception, UD));
        }
    }

    // An MSR outside the map is always intercepted; for the others the map decides, and no tracepoint carries it.
    private static void MsrOwner(in Step s)
    {
        Truth uncovered = s.Seen.HasMsr ? Truth.Of(!MsrPermissionMap.Covers(s.Seen.Msr.Index)) : Truth.Unknown;
        s.When(s.Intercepted(s.Code) & (uncovered | s.Vcpu.MsrIntercepted), Evidence.MsrPermissionMap)
            .Allow(Is(ComparedField.ReflectedCode, s.Code.Value), HappensNot(ComparedField.MsrAccessed));
    }

    private static void SkinitAbsent(in Step s)
    {
        if (s.Vcpu.Svme.IsNo)
        {
            return;
        }

        Truth present = s.Vcpu.Profile.Has(CpuFeature.Skinit);
        Expecting expecting = present.IsUnknown ? s.Assuming(Evidence.GuestCpuid) : s.Expect();
        if (present.IsYes)
        {
            expecting.Allow(IsNot(ComparedField.Exception, UD));
        }
        else
        {
            expecting.Allow(Is(ComparedField.Exception, UD), Is(ComparedField.EntryRip, s.Exit.Rip));
        }
    }
}
