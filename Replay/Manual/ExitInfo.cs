using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual;

/// <summary>Which bits of EXITINFO1 and EXITINFO2 the manual defines for an exit code.</summary>
/// <param name="First">First code of a run.</param>
/// <param name="Last">Last code of the run.</param>
/// <param name="Info1">Bits of EXITINFO1 that mean something.</param>
/// <param name="Info2">Bits of EXITINFO2 that mean something.</param>
/// <param name="Section">Where the manual says so.</param>
internal sealed record ExitInfoRow(ulong First, ulong Last, ulong Info1, ulong Info2, string Section);

/// <summary>Asks whether what an exit reports is of the form that the manual lays down.</summary>
internal delegate bool ReportForm(in HardwareExit exit);

/// <summary>Which bits of EXITINFO1 and EXITINFO2 must be zero for an exit code, and what else must hold.</summary>
/// <param name="First">First code of a run.</param>
/// <param name="Last">Last code of the run.</param>
/// <param name="Zero1">Bits of EXITINFO1 that are zero.</param>
/// <param name="Zero2">Bits of EXITINFO2 that are zero.</param>
/// <param name="Form">What else; null for nothing.</param>
/// <param name="Section">Where the manual says so.</param>
internal sealed record ReportRow(ulong First, ulong Last, ulong Zero1, ulong Zero2, ReportForm? Form, string Section);

/// <summary>EXITINFO1 and EXITINFO2 by exit code. A code without a row defines neither.</summary>
internal static class ExitInfo
{
    private const ulong Nothing = 0, Everything = ulong.MaxValue, ErrorCode = 0xffff_ffff;

    /// <summary>In the order of the exit codes.</summary>
    public static IReadOnlyList<ExitInfoRow> Rows => Table;

    private static readonly ExitInfoRow[] Table =
    [
        new(0x000, 0x01f, Everything, Nothing, "15.8.1"),
        new(0x020, 0x03f, Everything, Nothing, "15.8.1"),

        // Only exceptions with an error code; the upper half is undefined.
        new(0x048, 0x048, ErrorCode, Nothing, "15.12"),
        new(0x04a, 0x04d, ErrorCode, Nothing, "15.12"),
        new(0x04e, 0x04e, ErrorCode, Everything, "15.12.15"),
        new(0x051, 0x051, ErrorCode, Nothing, "15.12"),
        new(0x055, 0x055, ErrorCode, Nothing, "15.12"),
        new(0x05d, 0x05e, ErrorCode, Nothing, "15.12"),
        new(0x062, 0x062, Everything, Nothing, "15.13.3"),
        new(0x065, 0x065, Everything, Nothing, "15.8.1"),
        new(0x075, 0x075, Everything, Nothing, "15.8.2"),
        new(0x079, 0x079, Everything, Nothing, "15.8.3"),
        new(0x07b, 0x07b, Everything, Everything, "15.10.2"),
        new(0x07c, 0x07c, Everything, Nothing, "15.11"),
        new(0x07d, 0x07d, Everything, Everything, "15.14.1"),
        new(0x0a2, 0x0a2, Everything, Everything, "15.9"),
        new(0x0a5, 0x0a5, Everything, Everything, "15.14.5"),

        // What L1's own tables allow is recomputed; the stage and whether the access writes are the hardware's.
        new(0x400, 0x400, 0xffff_ffff_0000_0002, Everything, "15.25.6"),
    ];

    /// <summary>Bits of EXITINFO1 that are zero when MOV from or to CRn reports itself by bit 63; those above the register's number for DRn.</summary>
    public const ulong CrZero = 0x7fff_ffff_ffff_fff0, DrZero = ~0xfUL;

    /// <summary>Bits of EXITINFO1 that are zero: beside an INTn's vector, an SMI's source and segment, RDMSR's or WRMSR's bit, a task's selector.</summary>
    public const ulong VectorZero = ~0xffUL, SmiZero = 0xffff_e3fc, MsrZero = ~1UL, SelectorZero = ~0xffffUL;

    /// <summary>Bits of EXITINFO1 of port I/O (figure 15-2): those that are zero, the sizes, the address sizes; and its fields.</summary>
    public const ulong PortZero = 0xe002, PortSizes = 0x70, PortAddressSizes = 0x380, PortSegment = 0x1c00, PortNumber = 0xffff_0000, PortIn = 1;

    /// <summary>The stage of a nested page fault: bit 32 the final access, bit 33 the walk of the guest's tables.</summary>
    public const ulong NpfStage = 3UL << 32, NpfFinal = 1UL << 32, NpfWalk = 1UL << 33, NpfPresent = 1, NpfWrite = 2, NpfUser = 4;

    /// <summary>A nested page fault of a write and of a fetch at once, which no access is: walks of the guest's tables are data writes.</summary>
    public const ulong NpfWriteAndFetch = NpfWrite | (1 << 4);

    /// <summary>EXITINFO2 of a task switch: by IRET, by JMP, with error code.</summary>
    public const ulong TaskByIret = 1UL << 36, TaskByJump = 1UL << 38, TaskHasError = 1UL << 44;

    /// <summary>Highest reason (ID) of an interrupt that AVIC could not deliver, highest type of INVPCID.</summary>
    public const ulong LastAvicReason = 5, InvpcidTypes = 3;

    /// <summary>In the order of the exit codes.</summary>
    public static IReadOnlyList<ReportRow> Reports { get; } =
    [
        new(0x000, 0x01f, Nothing, Nothing, static (in HardwareExit x) => x.Info1 >> 63 == 0 || (x.Info1 & CrZero) == 0, "15.8.1"),
        new(0x020, 0x03f, DrZero, Nothing, null, "15.8.1"),

        // Their intercepts do nothing, so that L1 is never shown them.
        new(0x042, 0x042, Nothing, Nothing, null, "15.12.3"),
        new(0x049, 0x049, Nothing, Nothing, null, "15.12.10"),
        new(0x04e, 0x04e, Nothing, Nothing, ExceptionIntercepts.HasLegalErrorCode, "15.12.15"),
        new(0x062, 0x062, SmiZero, Nothing, null, "15.13.3"),
        new(0x075, 0x075, VectorZero, Nothing, null, "15.8.2"),
        new(0x079, 0x079, Nothing, Nothing, static (in HardwareExit x) => IsCanonical(x.Info1), "15.8.3"),
        new(0x07b, 0x07b, PortZero, Nothing, IsPort, "15.10.2"),
        new(0x07c, 0x07c, MsrZero, Nothing, null, "15.11"),
        new(0x07d, 0x07d, SelectorZero, Nothing, IsTaskSwitch, "15.14.1"),
        new(0x0a2, 0x0a2, Nothing, ~InvpcidTypes, null, "15.9"),
        new(0x0a5, 0x0a5, Everything, Everything, null, "15.14.5"),
        new(0x0a7, 0x3ff, Nothing, Nothing, static (in HardwareExit x) => false, "C"),
        new(0x400, 0x400, Nothing, Nothing, static (in HardwareExit x) => IsNestedPageFault(x.Info1), "15.25.6"),
        new(0x401, 0x401, Nothing, Nothing, static (in HardwareExit x) => x.Info2 >> 32 <= LastAvicReason, "15.29.9.1"),
    ];

    private static readonly ReportRow?[] ReportOf = IndexReports();

    /// <summary>Whether what an exit reports is of the form that the manual lays down for its code.</summary>
    public static bool IsLegal(in HardwareExit exit)
    {
        ulong code = exit.Code.Value;
        if (code >= (ulong)ReportOf.Length)
        {
            return IsDefined(exit.Code);
        }

        ReportRow? row = ReportOf[code];
        return row is null || (((exit.Info1 & row.Zero1) | (exit.Info2 & row.Zero2)) == 0 && (row.Form is null || row.Form(exit)));
    }

    /// <summary>Whether what L1 is shown is of the form that the manual lays down for its code. L0 may make it up, so RIP is not compared.</summary>
    public static bool IsLegalForL1(in NestedVmexitInject shown)
    {
        ulong code = shown.ExitCode.Value;
        if (code >= (ulong)ReportOf.Length)
        {
            return IsDefined(shown.ExitCode);
        }

        if (shown.ExitCode.IsException && !ErrorCodes.IsLegal(shown.ExitCode.Vector, shown.Info1 & ErrorCode))
        {
            return false;
        }

        return ReportOf[code] is not { } row || ((shown.Info1 & row.Zero1) == 0 && code switch
        {
            0x042 or 0x049 => false,
            0x07b => IsPortSized(shown.Info1),
            0x0a5 => shown.Info2 == 0,
            0x400 => (shown.Info1 & NpfStage) is NpfFinal or NpfWalk && (shown.Info1 & NpfWriteAndFetch) != NpfWriteAndFetch,
            > 0x0a6 and < 0x400 => false,
            _ => true,
        });
    }

    /// <summary>Whether appendix C defines an exit code; the kernel records 32 bits of the negative ones.</summary>
    public static bool IsDefined(SvmExitCode code) =>
        SvmExitTable.Find(code.Value) is not null || code.Value is >= FirstFailure or (>= FirstFailureLow and <= uint.MaxValue);

    /// <summary>The failures -1 to -4, in 64 and in 32 bits.</summary>
    public const ulong FirstFailure = 0xffff_ffff_ffff_fffc, FirstFailureLow = 0xffff_fffc;

    /// <summary>The port that EXITINFO1 of an IOIO exit names.</summary>
    public static ulong PortOf(ulong info1) => (info1 & PortNumber) >> 16;

    /// <summary>Bytes that are transferred, 1, 2 or 4, of a legal EXITINFO1 of an IOIO exit.</summary>
    public static int PortSizeOf(ulong info1) => (int)((info1 & PortSizes) >> 4);

    /// <summary>Whether EXITINFO1 of port I/O names one size. A processor may leave the address size out; it must not name two.</summary>
    public static bool IsPortSized(ulong info1) =>
        ulong.PopCount(info1 & PortSizes) == 1 && ulong.PopCount(info1 & PortAddressSizes) <= 1;

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
        (info1 & NpfStage) is NpfFinal or NpfWalk && (info1 & NpfWriteAndFetch) != NpfWriteAndFetch && (info1 & NpfUser) != 0 && ((info1 & NpfWalk) == 0 || (info1 & NpfWrite) != 0);

    private static ReportRow?[] IndexReports()
    {
        var index = new ReportRow?[Reports[^1].Last + 1];
        foreach (ReportRow row in Reports)
        {
            for (ulong code = row.First; code <= row.Last; code++)
            {
                index[code] = row;
            }
        }

        return index;
    }

    /// <summary>The defined bits for a code.</summary>
    public static (ulong Info1, ulong Info2) DefinedFor(SvmExitCode code)
    {
        foreach (ExitInfoRow row in Table)
        {
            if (code.Value >= row.First && code.Value <= row.Last)
            {
                return (row.Info1, row.Info2);
            }
        }

        return (Nothing, Nothing);
    }
}
