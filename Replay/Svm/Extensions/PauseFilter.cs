namespace Differ.Replay.Svm.Extensions;

/// <summary>Group J: the PAUSE filter (APM2 15.14.4).</summary>
internal static class PauseFilter
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.14-PAUSE-RELOAD", Situation.StatesRecorded, StateRules.PauseCountReloaded),
    ];
}
