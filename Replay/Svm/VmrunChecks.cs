using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm;

/// <summary>Group B: the conditions that make VMRUN exit at once with VMEXIT_INVALID (APM2 15.5.1), and some that must not.</summary>
/// <remarks>Rows stand in the catalogue's order. All are evaluated: a report names every broken rule, not the first.</remarks>
internal static class VmrunChecks
{
    private const ulong High32 = 0xffff_ffff_0000_0000, Low32 = 0xffff_ffff, Low12 = 0xfff;
    private const int SegmentL = 9, SegmentD = 10;
    private const int VirtualNmi = 1;
    private const ulong IopmSize = 0x3000, MsrpmSize = 0x2000;

    // S_CET: SH_STK_EN and WR_SHSTK_EN.
    private const ulong ShadowStackControls = 3;

    // SVME, LMA and LME have conditions of their own.
    private const ulong OtherEfer = ~((1UL << Efer.SVME) | (1UL << Efer.LMA) | (1UL << Efer.LME));

    private static readonly ulong Invalid = SvmExitCode.Invalid.Value;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        Check("SVM-15.5-VMRUN-EFER-SVME0", Evidence.VmcbSaveArea, [VmcbField.EferRegister], static (v, p) => !v[VmcbField.EferRegister][Efer.SVME]),
        Check("SVM-15.5-VMRUN-CR0-CDNW", Evidence.VmcbSaveArea, [VmcbField.Cr0Register], static (v, p) => !v[VmcbField.Cr0Register][Cr0.CD] & v[VmcbField.Cr0Register][Cr0.NW]),
        Check("SVM-15.5-VMRUN-CR0-HI", Evidence.VmcbSaveArea, [VmcbField.Cr0Register], static (v, p) => Cr0.Bits.SetsMustBeZero(v[VmcbField.Cr0Register], p)),
        Check("SVM-15.5-VMRUN-CR3-MBZ", Evidence.VmcbSaveArea, [VmcbField.Cr3Register], static (v, p) =>
            v.NestedPaging.IsNo ? AboveWidth(v[VmcbField.Cr3Register], p) : Truth.Unknown),
        Check("SVM-15.5-VMRUN-CR4-MBZ", VmcbField.Cr4Register, Cr4.Bits, ulong.MaxValue),
        Check("SVM-15.5-VMRUN-DR6-HI", Evidence.VmcbSaveArea, [VmcbField.Dr6], static (v, p) => v[VmcbField.Dr6].Any(High32)),
        Check("SVM-15.5-VMRUN-DR7-HI", Evidence.VmcbSaveArea, [VmcbField.Dr7], static (v, p) => v[VmcbField.Dr7].Any(High32)),
        Check("SVM-15.5-VMRUN-EFER-MBZ", VmcbField.EferRegister, Efer.Bits, OtherEfer),
        Check("SVM-15.5-VMRUN-EFER-NOLM", Evidence.VmcbSaveArea, [], static (v, p) =>
            (v[VmcbField.EferRegister][Efer.LME] | v[VmcbField.EferRegister][Efer.LMA]) & !p.Has(CpuFeature.LongMode)),
        Check("SVM-15.5-VMRUN-LME-PG-NOPAE", Evidence.VmcbSaveArea, [VmcbField.EferRegister, VmcbField.Cr0Register, VmcbField.Cr4Register], static (v, p) => LongModePaging(v) & !v[VmcbField.Cr4Register][Cr4.PAE]),
        Check("SVM-15.5-VMRUN-LME-PG-NOPE", Evidence.VmcbSaveArea, [VmcbField.EferRegister, VmcbField.Cr0Register], static (v, p) => LongModePaging(v) & !v[VmcbField.Cr0Register][Cr0.PE]),
        Check("SVM-15.5-VMRUN-CSL-CSD", Evidence.VmcbSaveArea, [VmcbField.EferRegister, VmcbField.Cr0Register, VmcbField.Cr4Register, VmcbField.CsAttributes], static (v, p) => LongModePaging(v) & v[VmcbField.Cr4Register][Cr4.PAE]
            & v[VmcbField.CsAttributes][SegmentL] & v[VmcbField.CsAttributes][SegmentD]),
        new("SVM-15.5-VMRUN-LMA-IGNORED", Situation.VmrunRefused, static (in Step s) => NotRefusedFor(s, "EFER_LMA")),
        Check("SVM-15.5-VMRUN-INTERCEPT", Evidence.Vmcb12Controls, [VmcbField.InterceptMisc2], static (v, p) => !v.Intercepts(SvmExitCode.Vmrun)),
        Check("SVM-15.5-VMRUN-ASID0", Evidence.Asid, [VmcbField.GuestAsid], static (v, p) => v[VmcbField.GuestAsid].Equal(0, Low32)),
        Check("SVM-15.10-IOPM-RANGE", Evidence.VmcbControlArea, [VmcbField.IopmBasePa], static (v, p) => MapOutside(v[VmcbField.IopmBasePa], IopmSize, p)),
        Check("SVM-15.11-MSRPM-RANGE", Evidence.VmcbControlArea, [VmcbField.MsrpmBasePa], static (v, p) => MapOutside(v[VmcbField.MsrpmBasePa], MsrpmSize, p)),
        Check("SVM-15.20-INJ-TYPE", Evidence.Vmcb12Controls, [VmcbField.EventInj], static (v, p) => Injection(v, HasNoType)),
        new("SVM-15.20-INJ-VEC2", Situation.VmrunOutcome, InjectedVector)
        {
            Illegal = static (v, p) => Injection(v, static e => e.Type == EventType.Exception && NotAnException(e.Vector)),
        },
        new("SVM-15.20-INJ-IMPOSSIBLE", Situation.VmrunOutcome, static (in Step s) =>
        {
            EventInfo injected = s.Vcpu.Vmcb12.EventInj;
            if (injected is { Valid: true, Type: EventType.Exception, Vector: ExceptionVector.OF or ExceptionVector.BR })
            {
                ExpectInvalid(s, s.Vcpu.L2In64BitMode, Evidence.OperatingMode, assumed: true);
            }
        })
        {
            Illegal = static (v, p) => LongModePaging(v) & v[VmcbField.CsAttributes][SegmentL]
                & Injection(v, static e => e.Type == EventType.Exception && e.Vector is ExceptionVector.OF or ExceptionVector.BR),
        },
        new("SVM-15.20-INJ-NOSTATE", Situation.LeftL2, NothingDelivered),
        new("SVM-15.25-NP-HOST-PG", Situation.SvmInstruction, static (in Step s) =>
        {
            if (s.Code == SvmExitCode.Vmrun && s.Vcpu.Svme.IsYes && s.Vcpu.Cr0[Cr0.PG].IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.Exception, ExceptionVector.UD));
            }
        }),
        new("SVM-15.25-NCR3-MBZ", Situation.VmrunEntered | Situation.VmrunOutcome, static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12.NestedPaging.IsYes)
            {
                Truth beyond = AboveWidth(s.Vcpu.Vmcb12[VmcbField.NCr3], s.Vcpu.Profile);
                bool certain = s.Vcpu.Vmcb12[VmcbField.NCr3].Any(~((1UL << 52) - 1)).IsYes;
                ExpectInvalid(s, beyond, Evidence.GuestCpuid, assumed: !certain);
            }
        })
        {
            Illegal = static (v, p) => v.NestedPaging & AboveWidth(v[VmcbField.NCr3], p),
        },
        Check("SVM-15.25-GPAT-VALID", Evidence.VmcbSaveArea, [], static (v, p) => v.NestedPaging & BadPat(v[VmcbField.GPat])),
        new("SVM-15.5-PAE-PDPTE", Situation.VmrunRefused, static (in Step s) =>
        {
            if (s.FailedChecks.Names("pdptr") && s.Seen.HasVmenter && s.Seen.Vmenter.NestedPaging.IsNo)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, Invalid));
            }
        }),
        new("SVM-15.25-PAE-PDPTE-NP", Situation.VmrunRefused, static (in Step s) =>
        {
            if (s.Seen.HasVmenter && s.Seen.Vmenter.NestedPaging.IsYes)
            {
                NotRefusedFor(s, "pdptr");
            }
        }),
        new("SVM-15.21.10-VNMI-NEEDS-NMI", Situation.VmrunOutcome, static (in Step s) =>
        {
            Truth illegal = s.Vcpu.Vmcb12[VmcbField.IntCtl][IntCtlBits.VNmiEnableBit] & !s.Vcpu.Vmcb12[VmcbField.InterceptMisc1][VirtualNmi];
            Truth exposed = s.Vcpu.Profile.Has(CpuFeature.VNmi);
            if (!exposed.IsNo)
            {
                ExpectInvalid(s, illegal, Evidence.GuestCpuid, assumed: exposed.IsUnknown);
            }
        })
        {
            Illegal = static (v, p) => p.Has(CpuFeature.VNmi) & v[VmcbField.IntCtl][IntCtlBits.VNmiEnableBit] & !v[VmcbField.InterceptMisc1][VirtualNmi],
        },
        new("SVM-15.29-AVIC-INDEX", Situation.StatesRecorded, StateRules.AvicIndexLegal),
        new("SVM-15.34-SEV-CHECKS", Situation.InvalidExit, static (in Step s) =>
        {
            if (s.Level == GuestLevel.L1 && s.Vcpu.SevEs.IsYes)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(IsNot(ComparedField.ExitCode, Invalid));
            }
        }),
        new("SVM-15.35-SEVES-INJ", Situation.SevEs | Situation.EventStaged, static (in Step s) =>
        {
            if (s.Vcpu.SevEs.IsYes && s.Seen.RaisedException is { } vector)
            {
                s.Expect().Allow(vector is ExceptionVector.BP or ExceptionVector.OF
                    ? HappensNot(ComparedField.Exception) : IsNot(ComparedField.Exception, ExceptionVector.BP));
            }
        }),

        // What is held against vmcb12: StateRules.LoadsWhatIsNotClean asks the clean bits.
        new("SVM-15.5-CHECK-CLEANBITS", Situation.None, Rule.SaysNothing),
        new("SVM-15.5-NONARCH-CHECK-NP", Situation.VmrunRefused, static (in Step s) => NotRefusedFor(s, "NP_ENABLE", "npt_enabled")),
        new("SVM-15.16-TLBCTL-RSVD", Situation.VmrunRefused, static (in Step s) => NotRefusedFor(s, "tlb_ctl")),
        Check("SVM-15.5-CET-SCET", Evidence.VmcbSaveArea, [VmcbField.Cr4Register, VmcbField.Cr0Register, VmcbField.SCet], static (v, p) =>
            (v[VmcbField.Cr4Register][Cr4.CET] & !v[VmcbField.Cr0Register][Cr0.WP]) | (v[VmcbField.SCet].Any(~ShadowStackControls) & p.Has(CpuFeature.ShadowStacks))),
        Check("SVM-15.5-SSS-NP", Evidence.VmcbControlArea, [VmcbField.NestedControl],
            static (v, p) => v[VmcbField.NestedControl][SssCheck] & !v[VmcbField.NestedControl][NpEnable]),
        new("SVM-15.5-RIP-NOT-ILLEGAL", Situation.VmrunOutcome, static (in Step s) =>
        {
            // Not canonical even with 57-bit addresses: bits 63:56 are not all alike.
            ulong rip = s.Vcpu.Vmcb12[VmcbField.Rip].Value >> 56;
            if (s.Vcpu.Vmcb12[VmcbField.Rip].IsKnown && rip is not (0 or 0xff))
            {
                NoReasonToRefuse(s);
            }
        }),
        new("SVM-15.19-PAGED-REAL", Situation.VmrunRefused, static (in Step s) =>
        {
            if (s.FailedChecks.Names("CR0_PE") && !s.FailedChecks.Names("LME"))
            {
                Truth longMode = s.Vcpu.Vmcb12[VmcbField.EferRegister][Efer.LME];
                s.When(!longMode, Evidence.VmcbSaveArea).Allow(HappensNot(ComparedField.VmrunChecksFailed));
            }
        }),
        new("SVM-15.5-VMRUN-INVALID-CODE", Situation.LeftL2, static (in Step s) =>
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Low32))),
        new("SVM-15.5-VMRUN-INVALID-RIP", Situation.VmrunRefused, ResumesBehindVmrun),
        new("SVM-15.5-VMRUN-INVALID-GIF", Situation.VmrunRefused | Situation.EventStaged | Situation.EntryShowsEvent, static (in Step s) =>
        {
            // VMEXIT_INVALID clears GIF: L1 takes no interrupt at the entry that follows, nor at the next one where it has not moved.
            bool refused = s.Level == GuestLevel.L1 && s.HasExit && s.Code == SvmExitCode.Vmrun && !s.Seen.HasVmenter && s.Seen.HasFailedChecks;
            if (refused || (s.Vcpu.LastVmrunRefused && Vmexit.StandsWithoutGif(s)))
            {
                Vmexit.TakesNoInterrupt(s);
            }
        }),
        new("SVM-15.5-VMRUN-INVALID-EVENTINJ", Situation.VmrunEntered, static (in Step s) =>
        {
            // L1 may have written the same event again.
            if (s.Vcpu.Rejected is { EventInj.Valid: true } rejected && s.Seen.Vmenter.Vmcb12 == rejected.Vmcb12
                && s.Seen.Vmenter.EventInj == rejected.EventInj)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(HappensNot(ComparedField.VmrunsEntered));
            }
        }),
    ];

    private const int NpEnable = 0, SssCheck = 4;

    // Needs are given where without them nothing can be said; a check that another thing may settle has none.
    // A check is in play at every VMRUN; what it would need and recordings lack is said there. When it is known to fail,
    // the first thing L1 or L2 shows must be VMEXIT_INVALID.
    private static RuleRow Check(string id, Evidence missing, VmcbField[] needs, Func<Vmcb12, Profile, Truth> illegal) =>
        new(id, Situation.VmrunEntered | Situation.VmrunOutcome, null,
            (in Step s) => ExpectInvalid(s, illegal(s.Vcpu.Vmcb12, s.Vcpu.Profile), missing, assumed: false),
            new Vmcb12Needs(VmcbFields.Of(needs), missing))
        {
            Illegal = illegal,
        };

    // The bits of a register that must be zero. Which those are, features of the virtual CPU decide too.
    private static RuleRow Check(string id, VmcbField field, RegisterBits bits, ulong mask) =>
        new(id, Situation.VmrunEntered | Situation.VmrunOutcome, null,
            (in Step s) =>
            {
                Bits64 value = Masked(s.Vcpu.Vmcb12[field], mask);
                ExpectInvalid(s, bits.SetsMustBeZero(value, s.Vcpu.Profile), value.IsKnown ? Evidence.GuestCpuid : Evidence.VmcbSaveArea, assumed: false);
            },
            new Vmcb12Needs(VmcbFields.Of(field), Evidence.VmcbSaveArea))
        {
            Illegal = (v, p) => bits.IsRefused(Masked(v[field], mask), p),
        };

    private static Bits64 Masked(Bits64 value, ulong mask) => new(value.Value & mask, value.Known | ~mask);

    private static void ExpectInvalid(in Step s, Truth illegal, Evidence missing, bool assumed)
    {
        bool shows = !s.Seen.HasVmenter || s.Seen.LeftL2;
        if (illegal.IsUnknown && s.Seen.HasVmenter)
        {
            s.Undecided(missing);
        }
        else if (illegal.IsYes && shows)
        {
            (assumed ? s.Assuming(missing) : s.Expect()).Allow(Is(Outcome(s), Invalid));
        }
    }

    /// <summary>What is seen of vmcb12 is no reason to refuse it. Another reason, which no tracepoint shows, may be one all the same.</summary>
    public static void NoReasonToRefuse(in Step s) => s.When(IsLegal(s.Vcpu), Evidence.VmcbSaveArea).Allow(IsNot(Outcome(s), Invalid));

    private static Truth IsLegal(Vcpu vcpu)
    {
        Truth legal = Truth.Yes;
        foreach (RuleRow row in Rows)
        {
            legal &= row.Illegal is { } illegal ? !illegal(vcpu.Vmcb12, vcpu.Profile) : Truth.Yes;
        }

        return legal;
    }

    // KVM may reflect the failure itself, or the processor reports it at the first exit.
    private static ComparedField Outcome(in Step s) => s.Seen.HasVmenter ? ComparedField.ReflectedCode : ComparedField.ExitCode;

    private static Truth LongModePaging(Vmcb12 v) => v[VmcbField.EferRegister][Efer.LME] & v[VmcbField.Cr0Register][Cr0.PG];

    private static Truth AboveWidth(Bits64 address, Profile profile)
    {
        Truth above52 = address.Any(~((1UL << 52) - 1));
        int width = profile.PhysicalAddressBits;
        return above52 | (width is > 0 and < 52 ? address.Any(~((1UL << width) - 1)) : address.Any(~((1UL << 36) - 1)) & Truth.Unknown);
    }

    private static Truth MapOutside(Bits64 start, ulong size, Profile profile)
    {
        int width = profile.PhysicalAddressBits;
        return !start.IsKnown || width == 0 ? Truth.Unknown : Truth.Of(unchecked((start.Value & ~Low12) + size - 1) >> Math.Min(width, 63) != 0);
    }

    private static Truth Injection(Vmcb12 v, Func<EventInfo, bool> illegal) =>
        (v[VmcbField.EventInj].Known & EventInfo.ValidBit) == 0 ? Truth.Unknown : Truth.Of(v.EventInj.Valid && illegal(v.EventInj));

    private static Truth BadPat(Bits64 pat) => pat.IsKnown ? Truth.Of(!Pat.IsLegal(pat.Value)) : Truth.Unknown;

    private static void InjectedVector(in Step s)
    {
        EventInfo injected = s.Vcpu.Vmcb12.EventInj;
        if (!injected.Valid || injected.Type != EventType.Exception)
        {
            return;
        }

        bool certain = HasNoException(injected);
        if (NotAnException(injected.Vector))
        {
            ExpectInvalid(s, Truth.Yes, certain ? Evidence.None : Evidence.GuestCpuid, assumed: !certain);
        }
    }

    /// <summary>Whether VMRUN refuses an event on any processor: a type that does not exist, an exception that none can have (APM2 15.20).</summary>
    public static bool IsIllegalEvent(EventInfo injected) => injected.Valid && (HasNoType(injected) || HasNoException(injected));

    private static bool HasNoType(EventInfo injected) => (int)injected.Type is 1 or > 4;

    private static bool HasNoException(EventInfo injected) => injected is { Type: EventType.Exception, Vector: ExceptionVector.Nmi or > 31 };

    private static bool NotAnException(byte vector) =>
        vector is ExceptionVector.Nmi or > 31 || (ExceptionVector.All[vector].Name is null && vector is not (9 or 20));

    // L1's own failed VMRUN: EXITINTINFO must not be made from the rejected EVENTINJ. An old value may be left standing.
    private static void NothingDelivered(in Step s)
    {
        EventInfo injected = s.Vcpu.Vmcb12.EventInj;
        if (injected.Valid && injected != s.Vcpu.LastReflectedIntInfo && (s.Seen.HasVmenter || s.Vcpu.FirstExitPending))
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Invalid)).Allow(IsNot(ComparedField.ReflectedIntInfo, injected.Raw, Low32));
        }
    }

    private static void NotRefusedFor(in Step s, params ReadOnlySpan<string> words)
    {
        if (s.FailedChecks.Names(words))
        {
            s.Expect().Allow(HappensNot(ComparedField.VmrunChecksFailed));
        }
    }

    private static void ResumesBehindVmrun(in Step s)
    {
        if (!s.HasExit || s.Code != SvmExitCode.Vmrun || s.Level != GuestLevel.L1)
        {
            return;
        }

        // 0f 01 d8, and prefixes that change nothing.
        int length = s.Seen.Instruction.Code == SvmExitCode.Vmrun ? s.Seen.Instruction.Length : 0;
        Expecting expecting = s.Expect();
        for (int i = length == 0 ? 3 : length; i <= (length == 0 ? 6 : length); i++)
        {
            expecting.Allow(Is(ComparedField.EntryRip, unchecked(s.Exit.Rip + (ulong)i)));
        }
    }
}
