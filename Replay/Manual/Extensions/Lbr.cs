using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual.Extensions;

/// <summary>Group J, LBR virtualization and DBGCTL (APM2 13.1.1.6, 15.23).</summary>
internal static class Lbr
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.23-LBRV-SWITCH", "15.23.1", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Low,
                "LBR virtualization: VMRUN/#VMEXIT swap DBGCTL and the four LBR MSRs; otherwise guest and host share them.",
                "kvm_msr 0x1d9,0x1db..0x1de.",
                "L1 value after kvm_nested_vmexit_inject equals value before kvm_nested_vmenter when enabled.") { Rank = 2350, Kvm = KvmFunctions.By("svm_copy_lbrs") },
            Situation.SharedMsr, static (in Step s) =>
        {
            // Without LBR virtualization L1 sees what L2 wrote, and no tracepoint shows which it is.
            bool reads = s.Level == GuestLevel.L1 && s.Seen.HasMsr && s.Seen.Msr is { Write: false, Index: SharedMsrs.DebugCtlIndex };
            if (reads && s.Vcpu.Shared is { DebugCtl.IsKnown: true, L2Ran: true })
            {
                s.When(s.Vcpu.Shared.Swapped, Evidence.VmcbControlArea).Allow(Is(ComparedField.MsrValue, s.Vcpu.Shared.DebugCtl.Value));
            }
        }),
        new(new("SVM-15.23-DBGCTL-RESERVED", "15.23, 13.1.1.6", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Low,
                "DebugCtl bits 6:3 are MBZ -> #GP; before the bus lock trap 5:2 were pins. Bits 63:13 and 10:7 are RAZ: writes are ignored.",
                "kvm_msr write 0x1d9.",
                "The exception flag is set for MBZ bits.") { Rank = 2360, Kvm = KvmFunctions.By("svm_set_msr") },
            Situation.SharedMsr, static (in Step s) =>
        {
            if (!s.Seen.HasMsr || s.Seen.Msr is not { Write: true, Index: SharedMsrs.DebugCtlIndex } write)
            {
                return;
            }

            Truth refused = SetsReserved(s.Vcpu.Instruction.Afresh(Bits64.Of(write.Value)));
            if (refused.IsYes)
            {
                // Processors before the bus lock trap are of older revisions of the manual, which call the bits reserved and say no more.
                (s.Vcpu.Profile.Has(CpuFeature.BusLockTrap).IsYes ? s.Expect() : s.Assuming(Evidence.GuestCpuid)).Allow(Is(ComparedField.MsrFaulted, 1));
            }
            else if (refused.IsUnknown)
            {
                s.Undecided(Evidence.GuestCpuid);
            }
        })
        {
            Raises = RaisedException.ByWrite(DebugCtl.Index, SetsReserved),
        },
    ];

    private static Truth SetsReserved(InstructionState i) => i.SetsMustBeZero(DebugCtl.Bits);
}
