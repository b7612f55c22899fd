using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Group H: RIP at an exit and at the entry that follows (APM2 15.7, 15.7.1, 15.10.2).</summary>
internal static class NextRip
{
    /// <summary>Bytes of the longest instruction.</summary>
    public const ulong LongestInstruction = 15;

    private const int Longest = (int)LongestInstruction;
    private const ulong ResetVector = 0xfff0;

    // MSRs whose write a kernel may carry out before it records the exit, which then shows the RIP behind it.
    private const uint X2ApicIcr = 0x830, TscDeadline = 0x6e0;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.7-NRIP-INSN", "15.7.1", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
                "nRIP is saved for instruction intercepts, MSR, IOIO and INT3/INTO/BOUND exceptions; zero otherwise.",
                "nRIP is not traced; its effect is kvm_entry.rip after a skipped instruction.",
                "For CPUID, MSR, HLT and the like kvm_entry.rip = kvm_exit.rip + instruction length (2 for CPUID/RDMSR/WRMSR without " +
                    "prefixes).") { Rank = 2150, Kvm = KvmFunctions.By("svm_skip_emulated_instruction") },
            Situation.UnusualRip, BehindInstruction),
        new(new("SVM-15.7-NRIP-L1", "15.7.1", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.High,
                "nRIP of vmcb12 is updated when an exit of an instruction is shown to L1.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "It is what the processor saved.") { Rank = 2160, Kvm = KvmFunctions.By("nested_svm_vmexit") },
            Situation.SvmStatesRecorded, StateRules.NextRipForL1),
        new(new("SVM-15.7-RIP-FAULTLIKE", "15.7, 15.7.1", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
                "Instruction intercepts are fault-like: kvm_exit.rip is the instruction itself; trap exits (#DB traps, AVIC traps, CR " +
                    "write traps, VMGEXIT) report the next.",
                "kvm_exit, the kvm_emulate_insn and kvm_entry that follow.",
                "An exit that L0 emulates advances RIP exactly once, starting at the exit's RIP.") { Rank = 2170, Kvm = KvmFunctions.Several },
            Situation.UnusualRip, static (in Step s) =>
        {
            if (ExitTable.RipStepOf(s.Code) is > 0 and < ExitRow.RipByInfo2 && s.Seen.HasInstruction)
            {
                s.Expect().Allow(Is(ComparedField.InstructionRip, s.Exit.Rip)).Allow(Happens(ComparedField.UserspaceReason));
            }
            else if (IsAvicTrap(s.Code) && !IsSoft(s))
            {
                // Trap-like: the access is done, RIP is behind it already. A fault-like one is emulated.
                Explained(s, s.Expect().Allow(Is(ComparedField.EntryRip, s.Exit.Rip)).Allow(Happens(ComparedField.InstructionDecoded)));
            }
        }),
        new(new("SVM-15.7-RETRY", "15.2.5", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
                "Any intercepted instruction except task switches can be restarted: for NPF/INTR/NMI/VINTR exits RIP is unchanged at " +
                    "re-entry unless emulated.",
                "kvm_exit 0x400/0x60/0x61/0x64 then kvm_entry.",
                "kvm_entry.rip==kvm_exit.rip unless kvm_emulate_insn/kvm_inj_exception/kvm_inj_virq/kvm_nested_vmexit_inject in " +
                    "between.") { Rank = 2180, Kvm = KvmFunctions.Several },
            Situation.UnusualRip, static (in Step s) =>
        {
            // L0 skips an access to a device that only has to be told of it.
            if (ExitTable.RipStepOf(s.Code) == 0 && !IsAvicTrap(s.Code) && !IsSoft(s) && !s.Seen.Kinds.Has(KvmEventKind.MmioAccess))
            {
                Explained(s, s.Expect().Allow(Is(ComparedField.EntryRip, s.Exit.Rip)).Allow(Happens(ComparedField.InstructionDecoded)))
                    .Allow(Happens(ComparedField.Interrupt));
            }
        }),
        new(new("SVM-15.8-NRIP-CFLOW", "15.7.1", RuleScope.Processor, Visibility.NotTraced, Confidence.NotChecked, Severity.Low,
                "For instructions that transfer control, nRIP is the address behind the instruction.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "RIP and the instruction's length.") { Rank = 2190, Kvm = KvmFunctions.OfProcessor },
            Situation.SvmStatesRecorded, StateRules.NextRipIsSequential),
        new(new("SVM-15.8-RIP-AFTER-IO", "15.10.2", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
                "After an IN/OUT handled in user space RIP must equal EXITINFO2.",
                "kvm_exit 0x7b info2, kvm_userspace_exit IO, kvm_entry.",
                "kvm_entry.rip = info2, string instructions aside.") { Rank = 2200, Kvm = KvmFunctions.By("kvm_fast_pio") },
            Situation.UnusualRip, static (in Step s) =>
        {
            if (ExitTable.RipStepOf(s.Code) == ExitRow.RipByInfo2)
            {
                Explained(s, s.Expect().Allow(Is(ComparedField.EntryRip, s.Exit.Info2)));
            }
        }),
    ];

    /// <summary>Whether the guest goes on where it usually does after such an exit; where not, the rules look closely.</summary>
    /// <remarks>Asked of every exit of a recording (benchmark ReplayBenchmarks.Check).</remarks>
    public static bool IsUsual(in ExitRecord record)
    {
        if (!record.Entry.Rip.IsKnown)
        {
            return true;
        }

        ulong rip = record.Entry.Rip.Value;
        int least = ExitTable.RipStepOf(record.Exit.Code);
        return least switch
        {
            ExitRow.AnyRip => true,
            ExitRow.RipByInfo2 => rip == record.Exit.Info2 || (record.Exit.Info1 & ExitInfoBits.PortString) != 0,
            _ => unchecked(rip - record.Exit.Rip) == (ulong)least,
        };
    }

    private static bool IsAvicTrap(SvmExitCode code) => code == SvmExitCode.AvicIncompleteIpi || code == SvmExitCode.AvicNoAccel;

    // INTn, INT3 and INTO are delivered again from the RIP of the instruction or from behind it.
    private static bool IsSoft(in Step s) => s.Exit.Interrupted is { Valid: true, IsSoftware: true } || s.Vcpu.Queued is { Valid: true, IsSoftware: true };

    private static void BehindInstruction(in Step s)
    {
        int least = ExitTable.RipStepOf(s.Code);
        if (least is <= 0 or ExitRow.RipByInfo2 || IsSoft(s) || !s.Vcpu.RipMoves)
        {
            return;
        }

        // Prefixes make an instruction longer; its bytes tell by how much, where L0 decoded them.
        bool decoded = s.Seen.Instruction.Length > 0 && s.Seen.Instruction.Code == s.Code;
        Expecting expecting = s.Expect();
        for (int length = decoded ? s.Seen.Instruction.Length : least; length <= (decoded ? s.Seen.Instruction.Length : Longest); length++)
        {
            AllowRip(s, expecting, unchecked(s.Exit.Rip + (ulong)length));
        }

        if (s.Seen.HasMsr && s.Seen.Msr is { Write: true, Index: X2ApicIcr or TscDeadline })
        {
            expecting.Allow(Is(ComparedField.EntryRip, s.Exit.Rip));
        }

        Explained(s, expecting);
    }

    // Outside 64-bit mode RIP wraps at 32 or 16 bits.
    private static void AllowRip(in Step s, Expecting expecting, ulong rip)
    {
        expecting.Allow(Is(ComparedField.EntryRip, rip));
        if (s.Exit.Rip <= ushort.MaxValue && rip > ushort.MaxValue)
        {
            expecting.Allow(Is(ComparedField.EntryRip, rip & ushort.MaxValue));
        }
        else if (s.Exit.Rip <= uint.MaxValue && rip > uint.MaxValue)
        {
            expecting.Allow(Is(ComparedField.EntryRip, rip & uint.MaxValue));
        }
    }

    // What else may move RIP or hold it: an exception, another guest, System Management Mode, INIT and start-up, an instruction
    // that L0 cannot emulate, and the VMM, which sets any RIP but one right beside the instruction.
    private static Expecting Explained(in Step s, Expecting expecting)
    {
        Span<Constraint> elsewhere = stackalloc Constraint[Longest + 2];
        elsewhere[0] = Happens(ComparedField.UserspaceReason);
        for (int i = 0; i <= Longest; i++)
        {
            elsewhere[i + 1] = IsNot(ComparedField.EntryRip, unchecked(s.Exit.Rip + (ulong)i));
        }

        return expecting
            .Allow(Happens(ComparedField.Exception))
            .Allow(Happens(ComparedField.ReflectedCode))
            .Allow(Happens(ComparedField.VmrunsEntered))
            .Allow(Happens(ComparedField.SmmEntered))
            .Allow(Is(ComparedField.EntryRip, ResetVector))
            .Allow(Is(ComparedField.EntryRip, 0))
            .Allow(Is(ComparedField.EmulationFailed, 1))
            .Allow(elsewhere);
    }
}
