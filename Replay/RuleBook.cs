using Differ.Replay.Manual;
using Differ.Replay.Manual.Extensions;
using Differ.Replay.Rules;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay;

/// <summary>Every rule, in the order of the catalogue.</summary>
public static class RuleBook
{
    /// <summary>The rules. A new group is a file and a line here.</summary>
    internal static IReadOnlyList<Rule> All { get; } =
    [
        .. Group('A', Availability.Rows),
        .. Group('B', VmrunChecks.Rows),
        .. Group('C', StateSwitch.Rows),
        .. Group('D', Intercepts.Rows),
        .. Group('E', ExitIntInfo.Rows),
        .. Group('F', EventInjection.Rows),
        .. Group('G', InterruptControl.Rows),
        .. Group('H', NextRip.Rows),
        .. Group('I', NestedPaging.Rows),
        .. Group('J', [.. Lbr.Rows, .. TscRatio.Rows, .. PauseFilter.Rows, .. VirtualVmload.Rows, .. Avic.Rows, .. SevEs.Rows]),
        .. Group('K', Shutdown.Rows),
        .. Group('L', NestedGuest.Rows),
    ];

    /// <summary>The statements.</summary>
    public static IReadOnlyList<RuleInfo> Statements { get; } = [.. All.Select(rule => rule.Info)];

    private static IEnumerable<Rule> Group(char letter, IReadOnlyList<Rule> rules) => rules.Select(rule => rule with { Info = rule.Info with { Group = letter } });
}
