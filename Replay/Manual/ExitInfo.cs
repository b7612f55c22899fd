using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Replay.Manual.Tables.ExitInfoBits;

namespace Differ.Replay.Manual;

/// <summary>Asks whether what an exit reports is of the form that the manual lays down.</summary>
internal delegate bool ReportForm(in HardwareExit exit);

/// <summary>What the manual lays down for what an exit reports, beside the bits that <see cref="ExitTable"/> says are zero.</summary>
/// <param name="First">First code of a run.</param>
/// <param name="Last">Last code of the run.</param>
/// <param name="Form">The form.</param>
/// <param name="Section">Where the manual says so.</param>
internal sealed record ReportRow(ulong First, ulong Last, ReportForm Form, string Section);

/// <summary>The form of EXITINFO1 and EXITINFO2 by exit code.</summary>
internal static class ExitInfo
{
    private const ulong ErrorCode = 0xffff_ffff;

    /// <summary>In the order of the exit codes.</summary>
    public static IReadOnlyList<ReportRow> Reports { get; } =
    [
        new(0x000, 0x01f, static (in HardwareExit x) => (x.Info1 & CrMove) == 0 || (x.Info1 & CrZero) == 0, "15.8.1"),
        new(0x04e, 0x04e, ExceptionIntercepts.HasLegalErrorCode, "15.12.15"),
        new(0x079, 0x079, static (in HardwareExit x) => IsCanonical(x.Info1), "15.8.3"),
        new(0x07b, 0x07b, IsPort, "15.10.2"),
        new(0x07d, 0x07d, IsTaskSwitch, "15.14.1"),
        new(0x0a7, 0x3ff, static (in HardwareExit x) => false, "C"),
        new(0x400, 0x400, static (in HardwareExit x) => IsNestedPageFault(x.Info1), "15.25.6"),
        new(0x401, 0x401, static (in HardwareExit x) => x.Info2 >> 32 <= LastAvicReason, "15.29.9.1"),
    ];

    private static readonly ReportForm?[] FormOf = IndexForms();

    private static readonly bool[] HasForm =
    [
        .. FormOf.Select(static (form, code) => form is not null || (ExitTable.Of(new SvmExitCode((ulong)code)) is var row && (row.Zero1 | row.Zero2) != 0)),
    ];

    /// <summary>Whether what an exit reports is of the form that the manual lays down for its code.</summary>
    public static bool IsLegal(in HardwareExit exit)
    {
        ulong code = exit.Code.Value;
        if (code >= (ulong)FormOf.Length)
        {
            return IsDefined(exit.Code);
        }

        // Most codes have no form; asked of every exit (benchmark ReplayBenchmarks.Check).
        if (!HasForm[code])
        {
            return true;
        }

        ExitRow row = ExitTable.Of(exit.Code);
        return ((exit.Info1 & row.Zero1) | (exit.Info2 & row.Zero2)) == 0 && FormOf[code]?.Invoke(exit) != false;
    }

    /// <summary>Whether what L1 is shown is of the form that the manual lays down for its code. L0 may make it up, so RIP is not compared.</summary>
    public static bool IsLegalForL1(in NestedVmexitInject shown)
    {
        ulong code = shown.ExitCode.Value;
        if (code >= (ulong)FormOf.Length)
        {
            return IsDefined(shown.ExitCode);
        }

        if (shown.ExitCode.IsException && !ErrorCodes.IsLegal(shown.ExitCode.Vector, shown.Info1 & ErrorCode))
        {
            return false;
        }

        return (shown.Info1 & ExitTable.Of(shown.ExitCode).Zero1) == 0 && code switch
        {
            // Their intercepts do nothing (15.12.3, 15.12.10).
            0x042 or 0x049 => false,
            0x07b => IsPortSized(shown.Info1),
            0x0a5 => shown.Info2 == 0,
            0x400 => (shown.Info1 & NpfStage) is NpfFinal or NpfWalk && (shown.Info1 & NpfWriteAndFetch) != NpfWriteAndFetch,
            > 0x0a6 and < 0x400 => false,
            _ => true,
        };
    }

    /// <summary>Whether appendix C defines an exit code; the kernel records 32 bits of the negative ones.</summary>
    public static bool IsDefined(SvmExitCode code) =>
        SvmExitTable.Find(code.Value) is not null || code.Value is >= FirstFailure or (>= FirstFailureLow and <= uint.MaxValue);

    /// <summary>The failures -1 to -4, in 64 and in 32 bits.</summary>
    public const ulong FirstFailure = 0xffff_ffff_ffff_fffc, FirstFailureLow = 0xffff_fffc;

    /// <summary>Whether an address is the instruction behind another: up to 15 bytes on, in the width of the address.</summary>
    public static bool IsBehind(ulong next, ulong rip)
    {
        ulong length = unchecked(next - rip);
        return length is > 0 and <= NextRip.LongestInstruction
            || (rip <= uint.MaxValue && unchecked((uint)length) is > 0 and <= (uint)NextRip.LongestInstruction)
            || (rip <= ushort.MaxValue && unchecked((ushort)length) is > 0 and <= (ushort)NextRip.LongestInstruction);
    }

    // With 57-bit addresses bits 63:56 are alike.
    private static bool IsCanonical(ulong address) => address >> 56 is 0 or 0xff;

    private static bool IsPort(in HardwareExit exit) => IsPortSized(exit.Info1) && IsBehind(exit.Info2, exit.Rip);

    private static bool IsTaskSwitch(in HardwareExit exit) =>
        (exit.Info2 & (TaskByIret | TaskByJump)) != (TaskByIret | TaskByJump)
        && ((exit.Info2 & TaskHasError) == 0 || !exit.IntInfo.IsKnown || exit.Interrupted is { Valid: true, Type: EventType.Exception });

    // A walk that is not for a write, or an access that is not the user's, needs features that change what the bits say.
    private static bool IsNestedPageFault(ulong info1) =>
        (info1 & NpfStage) is NpfFinal or NpfWalk && (info1 & NpfWriteAndFetch) != NpfWriteAndFetch && (info1 & User) != 0 && ((info1 & NpfWalk) == 0 || (info1 & Write) != 0);

    private static ReportForm?[] IndexForms()
    {
        var index = new ReportForm?[Reports[^1].Last + 1];
        foreach (ReportRow row in Reports)
        {
            Array.Fill(index, row.Form, (int)row.First, (int)(row.Last - row.First) + 1);
        }

        return index;
    }
}
