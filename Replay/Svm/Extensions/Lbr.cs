using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm.Extensions;

/// <summary>Group J, LBR virtualization and DBGCTL (APM2 13.1.1, 15.23).</summary>
internal static class Lbr
{
    // Bits 5:0 are LBR, BTF and the pins, 11 and 12 freeze LBRs and counters on an interrupt of the counters.
    private const ulong Defined = 0x3f | (1 << 11) | (1 << 12);

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
            if (s.Seen.HasMsr && s.Seen.Msr is { Write: true, Index: SharedMsrs.DebugCtlIndex } write && (write.Value & ~Defined) != 0)
            {
                s.Assuming(Evidence.GuestCpuid).Allow(Is(ComparedField.MsrFaulted, 1));
            }
        }),
    ];
}
