using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm;

/// <summary>Group G: GIF, physical and virtual interrupts, NMI, SMI, INIT, virtual TPR (APM2 15.13, 15.17, 15.21).</summary>
internal static class InterruptControl
{
    /// <summary>V_IRQ, bit 8 of the virtual interrupt control: L1 requests a virtual interrupt.</summary>
    public const int VIrq = 8;

    private const ulong NmiEvent = EventInfo.ValidBit | ((ulong)EventType.Nmi << 8), TypeAndValid = EventInfo.ValidBit | EventInfo.TypeField;
    private const int VGif = 9, VNmi = 11, VIntrMasking = 24, VGifEnable = 25, VNmiEnable = 26, AvicEnable = 31;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.17-GIF0-INTR", Situation.EventStaged, static (in Step s) =>
        {
            // "INTR is held pending": none is taken by L1 before STGI.
            Truth gif = GifAtEntry(s);
            if (gif.IsNo)
            {
                s.Expect().Allow(HappensNot(ComparedField.NewInterrupt)).Allow(Is(ComparedField.EntryLevel, 2));
            }
            else if (s.Level == GuestLevel.L1 && gif.IsUnknown && s.Vcpu.GifClearedByExit)
            {
                s.Undecided(Evidence.Gif);
            }
        }),
        new("SVM-15.17-GIF0-NMI", Situation.EntryShowsEvent, static (in Step s) =>
        {
            if (GifAtEntry(s).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.EntryEventInj, NmiEvent, TypeAndValid)).Allow(Is(ComparedField.EntryLevel, 2));
            }
        }),
        new("SVM-15.17-GIF0-SMI-INIT", Situation.Smm, static (in Step s) =>
        {
            if (s.Seen.SmmEntered && GifAtEntry(s).IsNo && !s.Seen.LeftL2ForHostUse)
            {
                s.Assuming(Evidence.Gif).Allow(HappensNot(ComparedField.SmmEntered));
            }
        }),
        new("SVM-15.17-GIF0-DB", Situation.EventStaged, static (in Step s) =>
        {
            if (GifAtEntry(s).IsNo && s.Seen.RaisedException == ExceptionVector.DB)
            {
                s.When(s.Vcpu.BreakpointAtRip, Evidence.DebugRegisters).Allow(IsNot(ComparedField.Exception, ExceptionVector.DB));
            }
        }),
        new("SVM-15.21-VINTRMASK-IF", Situation.L2Exit, Codes.Of(SvmExitCode.Intr), static (in Step s) =>
        {
            // IF of L1 as VMRUN found it; no tracepoint shows it.
            if (s.Seen.LeftL2 && s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes)
            {
                s.When(!s.Vcpu.Rflags[Rflags.IF], Evidence.Rflags).Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Intr.Value));
            }
        }),
        new("SVM-15.21-NOVINTRMASK-IF", Situation.L2Exit, Codes.Of(SvmExitCode.Intr), static (in Step s) =>
        {
            if (s.Seen.LeftL2 && s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsNo)
            {
                // Once L2 ran, it may have changed IF.
                Truth masked = IsAsVmrunLeftIt(s) ? !s.Vcpu.Vmcb12[VmcbField.RflagsRegister][Rflags.IF] : Truth.Unknown;
                s.When(masked, Evidence.Rflags).Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Intr.Value));
            }
        }),
        new("SVM-15.21-INTR-NOINTERCEPT", Situation.LeftL2, static (in Step s) => OnlyIfIntercepted(s, SvmExitCode.Intr)),
        new("SVM-15.13-INTR-INTERCEPT", Situation.EventStaged | Situation.DeliveryInterrupted, static (in Step s) =>
        {
            BegunByNobody(s, EventType.Interrupt, SvmExitCode.Intr, [VIrq, AvicEnable]);

            // What VMRUN itself injects, or was being delivered already, is L2's.
            bool owed = s.Exit.Interrupted.Valid || s.Vcpu.Queued.Valid || s.Vcpu.Vmcb12.EventInj.Valid;
            if (s.Level == GuestLevel.L2 && !owed)
            {
                s.When(s.Intercepted(SvmExitCode.Intr), Evidence.Vmcb12Controls)
                    .Allow(Is(ComparedField.EntryLevel, 1)).Allow(HappensNot(ComparedField.NewInterrupt));
            }
        }),
        new("SVM-15.13-INTR-PRECEDED-TRACE", Situation.LeftL2 | Situation.L2Exit | Situation.VmrunEntered, static (in Step s) =>
        {
            // It comes in the same breath; where vmcb12 cannot be written, L1 shuts down.
            if (s.Seen.Kinds.Has(HappeningKind.NestedIntrVmexit))
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Intr.Value)).Allow(Happens(ComparedField.ShutdownReported));
            }
        }),
        new("SVM-15.13-NMI-INTERCEPT", Situation.LeftL2 | Situation.EntryShowsEvent | Situation.DeliveryInterrupted, static (in Step s) =>
        {
            if (s.Level != GuestLevel.L2 || !s.HasExit)
            {
                return;
            }

            BegunByNobody(s, EventType.Nmi, SvmExitCode.Nmi, [VNmiEnable]);
            if (s.Seen.LeftL2)
            {
                OnlyIfIntercepted(s, SvmExitCode.Nmi);
            }
            bool owed = s.Exit.Interrupted.Valid || s.Vcpu.Queued.Valid || s.Vcpu.Vmcb12.EventInj.Valid;
            if (s.EntryEventInj.IsKnown && !owed && s.Intercepted(SvmExitCode.Nmi).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.EntryLevel, 1)).Allow(IsNot(ComparedField.EntryEventInj, NmiEvent, TypeAndValid));
            }
        }),
        new("SVM-15.13-SMI-INTERCEPT", Situation.LeftL2 | Situation.Smm, static (in Step s) =>
        {
            OnlyIfIntercepted(s, SvmExitCode.Smi);
            if (s.Seen.SmmEntered && s.Level == GuestLevel.L2 && s.Intercepted(SvmExitCode.Smi).IsYes)
            {
                s.Assuming(Evidence.Smm).Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Smi.Value));
            }
        }),
        new("SVM-15.13-INIT-INTERCEPT", Situation.LeftL2, static (in Step s) => OnlyIfIntercepted(s, SvmExitCode.Init)),
        new("SVM-15.21-VIRQ-CONDITIONS", Situation.L2Exit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            // Without V_IRQ in vmcb12 the only virtual interrupt is one that L0 made up for its own window.
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][VIrq].IsNo)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.VIntr.Value));
            }
        }),
        new("SVM-15.21-VIRQ-VECTOR", Situation.StatesRecorded, StateRules.VirtualVector),
        new("SVM-15.21-PHYS-OVER-VIRT", Situation.L2Exit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            // An interrupt that L1 or its APIC masks gives way.
            bool both = s.Intercepted(SvmExitCode.Intr).IsYes && s.Intercepted(SvmExitCode.VIntr).IsYes;
            if (both && s.Vcpu.Vmcb12[VmcbField.IntCtl][VIrq].IsYes && s.Seen.Kinds.Has(HappeningKind.ApicAcceptIrq))
            {
                s.When(s.Vcpu.Rflags[Rflags.IF], Evidence.PendingInterrupts).Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.VIntr.Value));
            }
        }),
        new("SVM-15.21-SHADOW-NOBLOCK-EXIT", Situation.L2Exit, Codes.Of(SvmExitCode.Intr), static (in Step s) =>
        {
            if (s.Seen.Kinds.Has(HappeningKind.ApicAcceptIrq) && !s.Seen.LeftL2 && s.Intercepted(SvmExitCode.Intr).IsYes)
            {
                Truth shadow = IsAsVmrunLeftIt(s) ? s.Vcpu.Vmcb12[VmcbField.InterruptShadow][0] : Truth.Unknown;
                s.When(shadow & s.Vcpu.Rflags[Rflags.IF], Evidence.InterruptShadow).Allow(Happens(ComparedField.ReflectedCode));
            }
        }),
        new("SVM-15.21-CR8-VTPR", Situation.L2Exit, Codes.Of(SvmExitCode.Cr8Write), static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(HappensNot(ComparedField.TaskPriorityWritten)).Allow(Happens(ComparedField.ReflectedCode));
            }
        }),
        new("SVM-15.21-CR8-BOTH", Situation.L2Exit, Codes.Of(SvmExitCode.Cr8Write), static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsNo && s.Intercepted(s.Code).IsNo)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(Happens(ComparedField.TaskPriorityWritten)).Allow(Happens(ComparedField.ReflectedCode));
            }
        }),
        new("SVM-15.29-VTPR-SYNC-AVIC", Situation.AvicExit, Codes.Of(SvmExitCode.Cr8Write), static (in Step s) =>
        {
            if (s.Vcpu.AvicActive.IsYes)
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new("SVM-15.33-VGIF-INIT", Situation.VmrunEntered, static (in Step s) =>
        {
            // L1 may have changed V_GIF itself in between.
            bool again = s.Vcpu.LastVmrun is { } last && last.Vmcb12 == s.Seen.Vmenter.Vmcb12
                && (last.IntCtl & s.Seen.Vmenter.IntCtl & (1u << VGifEnable)) != 0
                && ((last.IntCtl ^ s.Seen.Vmenter.IntCtl) & (1u << VGif)) != 0;
            if (again)
            {
                s.Assuming(Evidence.VirtualGif).Allow(HappensNot(ComparedField.VmrunsEntered));
            }
        }),
        new("SVM-15.33-VGIF-INTERCEPT", Situation.L2Exit, Codes.Of(SvmExitCode.Stgi, SvmExitCode.Clgi), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new("SVM-15.33-VGIF-NOT-INTERCEPTED", Situation.L2Exit, Codes.Of(SvmExitCode.Stgi, SvmExitCode.Clgi), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo && s.Vcpu.Vmcb12[VmcbField.IntCtl][VGifEnable].IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new("SVM-15.21-VNMI-MASK", Situation.VmrunEntered, static (in Step s) =>
        {
            // L1 may have made another NMI pending, or cleared the mask.
            bool changed = s.Vcpu.LastVmrun is { } last && last.Vmcb12 == s.Seen.Vmenter.Vmcb12
                && (last.IntCtl & s.Seen.Vmenter.IntCtl & (1u << VNmiEnable)) != 0 && (last.IntCtl & (1u << VNmi)) != 0;
            if (changed)
            {
                s.Undecided(Evidence.VmcbControlArea);
            }
        }),
        new("SVM-15.21-VNMI-PHYS-ONLY", Situation.LeftL2, static (in Step s) =>
        {
            Bits64 control = s.Vcpu.Vmcb12[VmcbField.IntCtl];
            bool physical = s.HasExit && s.Code == SvmExitCode.Nmi;
            if ((control[VNmiEnable] & control[VNmi]).IsYes && !physical && !s.Vcpu.Profile.Has(CpuFeature.VNmi).IsNo)
            {
                // A physical NMI may have waited since before the VMRUN, or come from the VMM.
                s.Undecided(Evidence.PendingInterrupts);
            }
        }),
        new("SVM-15.21-NMI-IRET", Situation.EntryShowsEvent, static (in Step s) =>
        {
            // One whose delivery was interrupted is the same NMI again.
            bool again = s.Exit.Interrupted is { Valid: true, Type: EventType.Nmi } || s.Vcpu.Queued is { Valid: true, Type: EventType.Nmi };
            bool unblocked = s.HasExit && (s.Code == SvmExitCode.Iret || s.Code == SvmExitCode.Rsm);
            if (s.Vcpu.NmiTaken && s.HasExit && s.Level == GuestLevel.L1 && !again && !unblocked && !s.Seen.WentToUserspace && !s.Vcpu.SevEs.IsYes)
            {
                s.Assuming(Evidence.NmiInjection)
                    .Allow(Is(ComparedField.EntryLevel, 2)).Allow(IsNot(ComparedField.EntryEventInj, NmiEvent, TypeAndValid));
            }
        }),
    ];

    private static bool IsGifInstruction(in Step s) => s.Code == SvmExitCode.Stgi || s.Code == SvmExitCode.Clgi;

    // #VMEXIT clears GIF (15.6), a VMRUN sets it (15.5.1); STGI and CLGI that exit change it before L1 goes on.
    private static Truth GifAtEntry(in Step s)
    {
        if (s.Seen.LeftL2)
        {
            return Truth.No;
        }

        if (s.Level != GuestLevel.L1 || s.Seen.HasVmenter)
        {
            return Truth.Unknown;
        }

        return s.HasExit && IsGifInstruction(s) ? Truth.Unknown : s.Vcpu.Gif;
    }

    private static bool IsAsVmrunLeftIt(in Step s) => s.Vcpu.FirstExitPending && s.RanNothing.IsYes;

    // An event that L1 intercepts reaches L2 only where VMRUN injects it, where it is delivered again, or where a feature of vmcb12
    // lets the processor deliver it by itself.
    private static void BegunByNobody(in Step s, EventType type, SvmExitCode intercept, ReadOnlySpan<int> features)
    {
        bool inDelivery = s.HasExit && s.Level == GuestLevel.L2 && s.Exit.Interrupted.Valid && s.Exit.Interrupted.Type == type;
        bool begun = s.Vcpu.Vmcb12.EventInj.Valid || s.Vcpu.Queued.Valid || s.Vcpu.InDelivery == s.Exit.Interrupted;
        if (!inDelivery || begun || !s.Intercepted(intercept).IsYes)
        {
            return;
        }

        Truth virtually = Truth.No;
        foreach (int feature in features)
        {
            virtually |= s.Vcpu.Vmcb12[VmcbField.IntCtl][feature];
        }

        if (!s.Vcpu.QueuedSeen || s.Vcpu.AskedMonitorInL2 || s.Vcpu.Vmcb12[VmcbField.EventInj].Known == 0)
        {
            s.Undecided(Evidence.QueuedEvent);
        }
        else
        {
            s.When(!virtually, Evidence.VmcbControlArea).Allow(IsNot(ComparedField.ExitIntInfo, EventInfo.ValidBit | ((ulong)type << 8), TypeAndValid));
        }
    }

    private static void OnlyIfIntercepted(in Step s, SvmExitCode code)
    {
        if (s.Intercepted(code).IsNo)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, code.Value));
        }
    }
}
