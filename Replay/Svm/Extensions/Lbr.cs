using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm.Extensions;

/// <summary>Group J, LBR virtualization and DBGCTL (APM2 13.1.1.6, 15.23).</summary>
internal static class Lbr
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.23-LBRV-SWITCH", Situation.SharedMsr, static (in Step s) =>
        {
            // Without LBR virtualization L1 sees what L2 wrote, and no tracepoint shows which it is.
            bool reads = s.Level == GuestLevel.L1 && s.Seen.HasMsr && s.Seen.Msr is { Write: false, Index: SharedMsrs.DebugCtlIndex };
            if (reads && s.Vcpu.Shared is { DebugCtl.IsKnown: true, L2Ran: true })
            {
                s.When(s.Vcpu.Shared.Swapped, Evidence.VmcbControlArea).Allow(Is(ComparedField.MsrValue, s.Vcpu.Shared.DebugCtl.Value));
            }
        }),
        new("SVM-15.23-DBGCTL-RESERVED", Situation.SharedMsr, static (in Step s) =>
        {
            if (!s.Seen.HasMsr || s.Seen.Msr is not { Write: true, Index: SharedMsrs.DebugCtlIndex } write)
            {
                return;
            }

            Truth refused = DebugCtl.Bits.SetsMustBeZero(Bits64.Of(write.Value), s.Vcpu.Profile);
            if (refused.IsYes)
            {
                // Processors before the bus lock trap are of older revisions of the manual, which call the bits reserved and say no more.
                (s.Vcpu.Profile.Has(CpuFeature.BusLockTrap).IsYes ? s.Expect() : s.Assuming(Evidence.GuestCpuid)).Allow(Is(ComparedField.MsrFaulted, 1));
            }
            else if (refused.IsUnknown)
            {
                s.Undecided(Evidence.GuestCpuid);
            }
        }),
    ];
}
