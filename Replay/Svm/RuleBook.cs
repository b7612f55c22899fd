using Differ.Replay.Svm.Extensions;
using Differ.Replay.Svm.Statements;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm;

/// <summary>Every rule, in the order of the catalogue: the statements of a group and how they are executed.</summary>
public static class RuleBook
{
    /// <summary>The statements.</summary>
    public static IReadOnlyList<RuleInfo> Statements => [.. All.Select(rule => rule.Info)];

    /// <summary>The rules. A new group is a pair of files and a line here.</summary>
    internal static IReadOnlyList<Rule> All { get; } =
    [
        .. Bind(AvailabilityStatements.All, Availability.Rows),
        .. Bind(VmrunCheckStatements.All, VmrunChecks.Rows),
        .. Bind(StateSwitchStatements.All, StateSwitch.Rows),
        .. Bind(InterceptStatements.All, Intercepts.Rows),
        .. Bind(ExitIntInfoStatements.All, ExitIntInfo.Rows),
        .. Bind(EventInjectionStatements.All, EventInjection.Rows),
        .. Bind(InterruptControlStatements.All, InterruptControl.Rows),
        .. Bind(NextRipStatements.All, NextRip.Rows),
        .. Bind(NestedPagingStatements.All, NestedPaging.Rows),
        .. Bind(ExtensionStatements.All, [.. Lbr.Rows, .. TscRatio.Rows, .. PauseFilter.Rows, .. VirtualVmload.Rows, .. Avic.Rows, .. SevEs.Rows]),
        .. Bind(ShutdownStatements.All, Shutdown.Rows),
        .. Bind(NestedGuestStatements.All, NestedGuest.Rows),
    ];

    // Statements and rows stand in the same order, so a forgotten one shows at the first start.
    private static IEnumerable<Rule> Bind(IReadOnlyList<RuleInfo> statements, IReadOnlyList<RuleRow> rows)
    {
        for (int i = 0; i < Math.Max(statements.Count, rows.Count); i++)
        {
            string statement = i < statements.Count ? statements[i].Id : "(none)";
            string row = i < rows.Count ? rows[i].Id : "(none)";
            if (statement != row)
            {
                throw new InvalidOperationException($"statement {statement} stands beside row {row}");
            }

            yield return new Rule(statements[i], rows[i].When, rows[i].Judge, rows[i].Codes, rows[i].Needs);
        }
    }
}
