using Differ.Replay.Manual;
using Differ.Replay.Manual.Extensions;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>The exceptions of instructions that rules speak of, in the order in which a processor looks for them (APM2 table 15-7).</summary>
internal static class InstructionExceptions
{
    /// <summary>The statements, by rule: those of one instruction stand in the manual's order of priority, #UD before #GP.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
        [.. Availability.Rows.Concat(TscRatio.Rows).Concat(Lbr.Rows).Where(static row => row.Raises is not null)];

    /// <summary>The exception that an instruction raises; null for none.</summary>
    /// <param name="instruction">The exit code of its intercept.</param>
    /// <param name="behindIntercept">Whether its intercept was looked at.</param>
    /// <param name="state">What it looks at.</param>
    /// <param name="msr">The register that WRMSR writes.</param>
    public static byte? First(SvmExitCode instruction, bool behindIntercept, InstructionState state, uint msr = 0) => Rows
        .Select(static row => row.Raises!)
        .FirstOrDefault(raised => raised.BehindIntercept == behindIntercept && raised.Msr == msr && raised.Of.Contains(instruction) && raised.When(state).IsYes)?.Vector;
}
