using Differ.Replay.Rules;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual.Extensions;

/// <summary>Group J: the PAUSE filter (APM2 15.14.4).</summary>
internal static class PauseFilter
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.14-PAUSE-RELOAD", "15.14.4", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.Low,
                "The PAUSE counter is reloaded by VMRUN, and when PAUSEs are further apart than the threshold.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "L2 starts with vmcb12's count.") { Rank = 2390, Kvm = KvmFunctions.OfProcessor },
            Situation.SvmStatesRecorded, StateRules.PauseCountReloaded),
    ];
}
