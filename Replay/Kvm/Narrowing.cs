using Differ.Replay.Manual;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Kvm;

/// <summary>What was observed narrows what is known: the state adopts the record, whether it kept the manual or not.</summary>
/// <remarks>So a departure is reported once and not as an avalanche. An explicit value (a WRMSR) is stronger than a conclusion.</remarks>
internal static class Narrowing
{
    private const ulong ResetVector = 0xfff0;
    private const uint TimeStampCounter = 0x10, TscAdjust = 0x3b;

    // What each step looks at, for who asks where knowledge came from.
    private static readonly TracepointSet
        OfExit = TracepointSet.Exit | TracepointSet.Of(KvmEventKind.NestedVmexit) | TracepointSet.Of(KvmEventKind.EmulateInstruction),
        OfRun = TracepointSet.Of(KvmEventKind.CrAccess),
        OfRecall = TracepointSet.Of(KvmEventKind.MsrAccess) | TracepointSet.Of(KvmEventKind.ApicvInhibit),
        OfTransitions = TracepointSet.Of(KvmEventKind.NestedVmenter) | TracepointSet.Of(KvmEventKind.NestedVmexitInject) | TracepointSet.Of(KvmEventKind.SmmTransition),
        OfSetting = TracepointSet.Of(KvmEventKind.EferSet) | TracepointSet.Of(KvmEventKind.GifSet) | TracepointSet.Of(KvmEventKind.NestedLeft),
        OfQueue = TracepointSet.Exit | TracepointSet.Of(KvmEventKind.InjectInterrupt) | TracepointSet.Of(KvmEventKind.InjectException);

    /// <summary>Whether the guest goes on within an instruction's length of where it exited, as far as the entry shows.</summary>
    public static bool GoesOnNearby(in ExitRecord record) =>
        !record.HasEntry || !record.Entry.Rip.IsKnown
        || unchecked(record.Entry.Rip.Value - record.Exit.Rip + NextRip.LongestInstruction) <= 2 * NextRip.LongestInstruction;

    /// <summary>What a record without events of interest tells; for most exits of L1 this is all.</summary>
    public static void AfterPlainExit(Vcpu vcpu, in ExitRecord record)
    {
        vcpu.RipMoves |= record.Entry.Rip.Or(record.Exit.Rip) != record.Exit.Rip;
        vcpu.InL2 = vcpu.InL2.IsYes && record.Level == GuestLevel.Unknown ? Truth.Unknown : vcpu.InL2;
        vcpu.AskedMonitor = record.Kinds.Has(KvmEventKind.UserspaceExit);
        vcpu.InterruptAccepted |= record.Kinds.Has(KvmEventKind.ApicAcceptIrq);
        LearnDecodeAssists(vcpu, record.Exit);
        HostPaging.LearnOfExit(vcpu, record);
        vcpu.GoesOnWithoutGif = default;
        if (record.Level == GuestLevel.L1 && !vcpu.GifInstructionsExit.IsYes && vcpu.Gif.IsNo)
        {
            // L1 runs on, and its STGI does not exit.
            vcpu.Gif = Truth.Unknown;
        }
    }

    /// <summary>What any other record tells.</summary>
    /// <param name="vcpu">The state.</param>
    /// <param name="record">The record.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="seen">What was met in it.</param>
    /// <param name="listed">Recorded tracepoints.</param>
    public static void After(Vcpu vcpu, in ExitRecord record, RecordDigest digest, Observations seen, TracepointSet listed)
    {
        if (record.HasExit)
        {
            AfterExit(vcpu, record, digest, seen, listed);
            vcpu.Trail?.Note(vcpu, record, KnownBy.Conclusion, OfExit);
        }

        LearnAccesses(vcpu, record, digest);
        LearnOfRun(vcpu, record, digest);
        vcpu.Trail?.Note(vcpu, record, KnownBy.Event, OfRun);
        Recall.After(vcpu, record, digest);
        vcpu.Trail?.Note(vcpu, record, KnownBy.Event, OfRecall);
        Transitions(vcpu, record, digest);
        vcpu.Trail?.Note(vcpu, record, KnownBy.Conclusion, OfTransitions);
        LearnOfSetting(vcpu, record, digest);
        vcpu.Trail?.Note(vcpu, record, KnownBy.Event, OfSetting);
        QueueEvent(vcpu, record, digest);
        vcpu.Trail?.Note(vcpu, record, KnownBy.Conclusion, OfQueue);
        AfterEntry(vcpu, record, digest);
        vcpu.Trail?.Note(vcpu, record, KnownBy.Conclusion, TracepointSet.Entry);
    }

    /// <summary>A vCPU that was sent to the reset vector is known to have been reset once it exits as L1.</summary>
    /// <param name="vcpu">The state.</param>
    /// <param name="record">The record behind that entry.</param>
    /// <param name="listed">Recorded tracepoints: without the writes to MSRs their values at reset are soon out of date.</param>
    public static void ConfirmReset(Vcpu vcpu, in ExitRecord record, TracepointSet listed)
    {
        if (vcpu.ResetSuspected && record.Level == GuestLevel.L1 && (record.Flags & RecordFlags.LossBefore) == 0)
        {
            vcpu.Reset(listed);
        }

        vcpu.ResetSuspected = false;
    }

    // MOV to and from CRn alone sets bit 63 of EXITINFO1 (APM2 15.8.1).
    private static void LearnDecodeAssists(Vcpu vcpu, in HardwareExit exit)
    {
        if (exit.Code.Value < SvmExitCode.DrRead.Value && exit.Info1 >> 63 != 0)
        {
            vcpu.DecodeAssists = Truth.Yes;
        }
    }

    private static void AfterExit(Vcpu vcpu, in ExitRecord record, RecordDigest digest, Observations seen, TracepointSet listed)
    {
        SvmExitCode code = record.Exit.Code;
        vcpu.GoesOnWithoutGif = default;
        LearnDecodeAssists(vcpu, record.Exit);
        HostPaging.LearnOfExit(vcpu, record);
        vcpu.ProcessorDeparted |= !record.Exit.Interrupted.IsLegal;
        if (record.Level == GuestLevel.L2)
        {
            vcpu.InL2 = Truth.Yes;
            vcpu.FirstExitPending = false;
            vcpu.FruitlessWindows = code == SvmExitCode.VIntr && !digest.HasStaged ? vcpu.FruitlessWindows + 1 : 0;
            if (digest.HasInstruction)
            {
                vcpu.L2In64BitMode = seen.Mode == DecodeMode.Unknown ? Truth.Unknown : Truth.Of(seen.Mode == DecodeMode.Long64);
            }
        }
        else if (record.Level == GuestLevel.L1)
        {
            if (vcpu.InL2.IsYes)
            {
                // L2 was left without a sign; what it did to EFER then counts for L1.
                vcpu.Efer = vcpu.SvmeClearedByL2 ? Bits64.Hidden : vcpu.Efer;
                vcpu.LeaveL2();
            }

            vcpu.InL2 = Truth.No;
            LearnPaging(vcpu, code, digest, seen);
            AfterL1Instruction(vcpu, record, digest, listed);
        }
    }

    // 64-bit mode needs paging, and a write of CR0 may end it. Only at exits that are always looked at closely.
    private static void LearnPaging(Vcpu vcpu, SvmExitCode code, RecordDigest digest, Observations seen)
    {
        bool closely = (Availability.IsSvmInstruction(code) && code != SvmExitCode.Vmload && code != SvmExitCode.Vmsave)
            || (digest.HasMsr && Availability.IsSvmMsr(digest.Msr.Index));
        if (closely && digest.HasInstruction && seen.Mode == DecodeMode.Long64)
        {
            vcpu.Cr0 = vcpu.Cr0.Set(Cr0.PG);
        }
        else if (code == SvmExitCode.CrWrite || code == SvmExitCode.Cr0SelWrite)
        {
            vcpu.Cr0 = default;
        }
    }

    // An SVM instruction that worked proves EFER.SVME, unless a write said otherwise.
    private static void AfterL1Instruction(Vcpu vcpu, in ExitRecord record, RecordDigest digest, TracepointSet listed)
    {
        SvmExitCode code = record.Exit.Code;
        if (code == SvmExitCode.Rsm && !listed.Has(KvmEventKind.SmmTransition))
        {
            vcpu.ForgetModes();
        }

        if (!Availability.IsSvmInstruction(code))
        {
            return;
        }

        bool moved = record.HasEntry && record.Entry.Rip.IsKnown && record.Entry.Rip.Value != record.Exit.Rip && !digest.HasException;
        bool worked = digest.Vmenters > 0 || digest.FailedChecks > 0 || (moved && code != SvmExitCode.Vmmcall && code != SvmExitCode.Skinit);
        if (worked && vcpu.Svme.IsUnknown)
        {
            vcpu.Efer = vcpu.Efer.Set(Efer.SVME);
            vcpu.SvmeConcluded = true;
        }

        if (code == SvmExitCode.Vmload || code == SvmExitCode.Vmsave)
        {
            vcpu.VmloadExits = Truth.Yes;
        }

        if (code == SvmExitCode.Clgi)
        {
            // With virtual GIF L0 never intercepts CLGI of an L1 that has SVM enabled. VMRUN sets GIF too.
            vcpu.GifInstructionsExit = vcpu.Svme.IsYes && listed.Has(KvmEventKind.NestedVmenter) ? Truth.Yes : vcpu.GifInstructionsExit;
            vcpu.Gif = moved ? Truth.No : vcpu.Gif;
        }

        if (code == SvmExitCode.Stgi && moved)
        {
            vcpu.Gif = Truth.Yes;
        }

        if (code == SvmExitCode.Vmrun && digest.Vmenters == 0 && (digest.FailedChecks > 0 || (moved && listed.Has(KvmEventKind.NestedVmenter))))
        {
            // Refused: VMEXIT_INVALID, behind which L1 goes on as behind any #VMEXIT.
            vcpu.Gif = Truth.No;
            vcpu.GifClearedByExit = true;
            vcpu.GoesOnWithoutGif = record.HasEntry ? record.Entry.Rip : default;
            vcpu.LastVmrunRefused = true;
        }
    }

    private static void LearnAccesses(Vcpu vcpu, in ExitRecord record, RecordDigest digest)
    {
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            switch (kvmEvent.Kind)
            {
                case KvmEventKind.MsrAccess when record.Level == GuestLevel.L2:
                    vcpu.TscWrittenInL2 |= MsrAccess.Of(kvmEvent) is { Write: true, Index: TimeStampCounter or TscAdjust };
                    break;
                case KvmEventKind.MsrAccess when !(vcpu.InSmm.IsYes && MsrAccess.Of(kvmEvent).Index == Efer.Index):
                    LearnMsr(vcpu, MsrAccess.Of(kvmEvent));
                    break;
                case KvmEventKind.CrAccess when record.Level == GuestLevel.L1 && !digest.HasException:
                    LearnCr(vcpu, CrAccess.Of(kvmEvent));
                    break;
                case KvmEventKind.Cpuid when record.Level != GuestLevel.L2:
                    vcpu.Profile.Learn(CpuidAccess.Of(kvmEvent));
                    HostPaging.LearnOfCpuid(vcpu);
                    break;
                case KvmEventKind.GuestCpuid:
                    vcpu.Profile.Learn(CpuidAccess.Of(kvmEvent));
                    break;
                case KvmEventKind.VmgexitEnter or KvmEventKind.VmgexitMsrEnter:
                    vcpu.SevEs = Truth.Yes;
                    break;
                default:
                    break;
            }

            vcpu.Trail?.Note(vcpu, record, KnownBy.Event, TracepointSet.Of(kvmEvent.Kind));
        }
    }

    // What L2 does that shows in vmcb12 or at the next exit.
    private static void LearnOfRun(Vcpu vcpu, in ExitRecord record, RecordDigest digest)
    {
        vcpu.AskedMonitor = digest.UserspaceReason is not null;
        vcpu.InterruptAccepted = (vcpu.InterruptAccepted || record.Kinds.Has(KvmEventKind.ApicAcceptIrq))
            && !(digest.EntryLevel == GuestLevel.L1 && digest.HasInterrupt);
        if (record.Level != GuestLevel.L2 || !record.HasExit)
        {
            return;
        }

        if (record.Exit.Code == SvmExitCode.Ioio && vcpu.Vmcb12.Address.IsKnown && digest.UserspaceReason is null)
        {
            bool shown = digest.Reflections > 0 && digest.Reflection.ExitCode == SvmExitCode.Ioio;
            if (shown || digest.Reflections == 0)
            {
                vcpu.PortDecisions.Note(vcpu.Vmcb12.Address.Value, IoPermissions.Access(record.Exit.Info1), shown);
            }
        }

        vcpu.SvmeClearedByL2 |= digest is { HasMsr: true, Reflections: 0, Msr: { Write: true, Index: Efer.Index, Faulted: false } }
            && (digest.Msr.Value & (1UL << Efer.SVME)) == 0;
        if (digest is { HasCrWrite: true, HasException: false, Reflections: 0 })
        {
            LearnCrOfL2(vcpu, digest.CrWrite);
        }
    }

    private static void LearnCrOfL2(Vcpu vcpu, in CrAccess access)
    {
        if (access.Number == 0)
        {
            vcpu.L2Cr0 = Bits64.Of(access.Value);
        }
        else if (access.Number == 8)
        {
            vcpu.L2TaskPriority = Observed<ulong>.Of(access.Value);
        }
    }

    private static void LearnMsr(Vcpu vcpu, in MsrAccess msr)
    {
        if (msr.Faulted)
        {
            return;
        }

        switch (msr.Index)
        {
            case Efer.Index:
                vcpu.Efer = Bits64.Of(msr.Value);
                vcpu.SvmeConcluded = false;
                break;
            case VmCr.Index:
                vcpu.VmCr = msr.Write ? WrittenVmCr(vcpu.VmCr, msr.Value) : Bits64.Of(msr.Value);
                break;
            case HsavePa.Index:
                vcpu.HsavePa = Bits64.Of(msr.Value);
                break;
            default:
                break;
        }
    }

    // "With LOCK=1 writes to LOCK and SVMDIS are ignored" (15.30.1): what may have been locked keeps its bits.
    private static Bits64 WrittenVmCr(Bits64 before, ulong value)
    {
        const ulong Lockable = (1 << VmCr.Lock) | (1 << VmCr.SvmDis);
        Truth locked = before[VmCr.Lock];
        if (locked.IsNo)
        {
            return Bits64.Of(value);
        }

        // Locked or not, LOCK is set behind a write that sets it, and a bit that does not change stays known.
        ulong written = locked.IsYes ? before.Value : value;
        ulong known = locked.IsYes ? before.Known : (before.Known & ~(before.Value ^ value)) | (value & (1 << VmCr.Lock));
        return new Bits64((value & ~Lockable) | (written & Lockable), ~Lockable | (known & Lockable));
    }

    private static void LearnCr(Vcpu vcpu, in CrAccess access)
    {
        switch (access.Number)
        {
            case 0:
                vcpu.Cr0 = Bits64.Of(access.Value);
                break;
            case 4:
                vcpu.Cr4 = Bits64.Of(access.Value);
                break;
            default:
                break;
        }
    }

    private static void Transitions(Vcpu vcpu, in ExitRecord record, RecordDigest digest)
    {
        if (digest.Reflections > 0)
        {
            vcpu.LastReflectedIntInfo = digest.Reflection.IntInfo.Normalised;
            vcpu.SmmFromL2 = digest.SmmEntered && digest.Reflection.ExitCode == SvmExitCode.HostUse;
        }

        vcpu.L2Due = vcpu.SmmFromL2 && digest is { SmmLeft: true, SmmEntered: false, Vmenters: 0, Reflections: 0, UserspaceReason: null };
        if (digest.SmmEntered || digest.SmmLeft)
        {
            vcpu.InSmm = Truth.Of(digest.SmmEntered);
            vcpu.SmmFromL2 &= digest.SmmEntered;

            // The handler has control registers and EFER of its own, and RSM loads what it left in its state-save area (APM2 10.3).
            vcpu.ForgetModes();
        }

        switch (digest.EntryLevel)
        {
            case GuestLevel.L2 when digest.Vmenters > 0:
                vcpu.InL2 = Truth.Yes;
                vcpu.Gif = Truth.Yes;
                vcpu.GifClearedByExit = false;
                vcpu.ProcessorDeparted = false;
                vcpu.FirstExitPending = true;
                vcpu.FirstExitForced = record.HasEntry ? record.Entry.ImmediateExit : default;
                vcpu.AskedMonitorInL2 = digest.UserspaceReason is not null;
                vcpu.InDelivery = default;
                HostPaging.LearnOfRun(vcpu);
                break;
            case GuestLevel.L1 when digest.Reflections > 0:
                vcpu.LastRun = PastRun.Of(vcpu, digest.Reflection, record.States.At(StateMoment.Vmcb12AfterExit, VmcbLayout.Of(VmcbField.IntCtl).Position).IsKnown);
                vcpu.LeaveL2();
                vcpu.Gif = Truth.No;
                vcpu.GifClearedByExit = true;
                vcpu.GoesOnWithoutGif = digest.Reflection.ExitCode == SvmExitCode.HostUse ? default : vcpu.ResumeRip;
                vcpu.LastVmrunRefused = false;
                break;
            case GuestLevel.Unknown:
                vcpu.LeaveL2();
                vcpu.InL2 = Truth.Unknown;
                break;
            default:
                break;
        }
    }

    // What L0 set without an instruction of the guest. In L2, EFER is L2's; where STGI and CLGI do not exit, GIF is soon another.
    private static void LearnOfSetting(Vcpu vcpu, in ExitRecord record, RecordDigest digest)
    {
        if (record.Kinds.Has(KvmEventKind.NestedLeft) && digest is { Reflections: 0, Vmenters: 0, UserspaceReason: not null })
        {
            // The VMM resets the vCPU or gives it another state: L1 is shown no #VMEXIT.
            vcpu.LeaveL2();
            vcpu.Gif = default;
        }

        bool entersL1 = digest.EntryLevel == GuestLevel.L1 || (!record.HasExit && record.Level == GuestLevel.Unknown && digest is { Vmenters: 0, SmmLeft: false });
        if (!entersL1 || !(record.Kinds.Has(KvmEventKind.EferSet) || record.Kinds.Has(KvmEventKind.GifSet)))
        {
            return;
        }

        bool lacksEfer = !vcpu.Efer.IsKnown, lacksGif = vcpu.Gif.IsUnknown && vcpu.GifInstructionsExit.IsYes;
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            vcpu.Efer = lacksEfer && kvmEvent.Kind == KvmEventKind.EferSet ? Bits64.Of(EferSet.Of(kvmEvent).New) : vcpu.Efer;
            vcpu.Gif = lacksGif && kvmEvent.Kind == KvmEventKind.GifSet ? Truth.Of(kvmEvent.Values[0] != 0) : vcpu.Gif;
        }
    }

    // An event that was not staged again is still owed, for instance because an exception took precedence.
    private static void QueueEvent(Vcpu vcpu, in ExitRecord record, RecordDigest digest)
    {
        bool dropped = digest.Reflections > 0 || digest.Vmenters > 0 || digest.SmmEntered || !record.HasExit;
        EventInfo interrupted = record.Exit.Interrupted;
        vcpu.QueuedSeen = record.HasExit && (vcpu.QueuedSeen || dropped || interrupted.Valid || digest.HasStaged);
        if (dropped)
        {
            vcpu.Queued = default;
        }
        else if (interrupted.Valid)
        {
            vcpu.Queued = digest.Staged == interrupted ? default : interrupted;
        }
        else if (digest.HasStaged)
        {
            vcpu.Queued = default;
        }
    }

    private static void AfterEntry(Vcpu vcpu, in ExitRecord record, RecordDigest digest)
    {
        if (digest.EntryLevel == GuestLevel.L1 && digest.HasInterrupt)
        {
            vcpu.GifClearedByExit = false;
        }

        if (digest.EntryLevel == GuestLevel.L1 && !vcpu.GifInstructionsExit.IsYes && vcpu.Gif.IsNo)
        {
            vcpu.Gif = Truth.Unknown;
        }

        if (record.HasExit && record.HasEntry && !digest.SmmEntered && !digest.SmmLeft && ChangedUnseen(vcpu, record, digest))
        {
            vcpu.Forget();
        }

        // The stream starts, or the VMM was asked, and the vCPU stands at the reset vector.
        vcpu.ResetSuspected = record.HasEntry && record.Entry.Rip.Or(0) == ResetVector && digest.Vmenters == 0
            && (!record.HasExit || (digest.UserspaceReason is not null && record.Exit.Rip != ResetVector));
    }

    // INIT resets the vCPU, and the VMM may set any register, without a trace; a RIP that the exit does not explain shows it.
    private static bool ChangedUnseen(Vcpu vcpu, in ExitRecord record, RecordDigest digest)
    {
        bool emulated = digest.HasInstruction || record.Exit.Code == SvmExitCode.TaskSwitch;
        bool explained = digest.Reflections > 0 || digest.Vmenters > 0 || (emulated && digest.UserspaceReason is null)
            || (record.Level == GuestLevel.L2 && record.Entry.Rip == vcpu.ResumeRip);
        return digest.UserspaceReason == UserspaceExit.ShutdownReason || (!explained && !GoesOnNearby(record));
    }
}
