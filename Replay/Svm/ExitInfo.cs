using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm;

/// <summary>Which bits of EXITINFO1 and EXITINFO2 the manual defines for an exit code.</summary>
/// <param name="First">First code of a run.</param>
/// <param name="Last">Last code of the run.</param>
/// <param name="Info1">Bits of EXITINFO1 that mean something.</param>
/// <param name="Info2">Bits of EXITINFO2 that mean something.</param>
/// <param name="Section">Where the manual says so.</param>
internal sealed record ExitInfoRow(ulong First, ulong Last, ulong Info1, ulong Info2, string Section);

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

        // The low half of EXITINFO1 is recomputed from L1's own tables; the stage bits are the hardware's.
        new(0x400, 0x400, 0xffff_ffff_0000_0000, Everything, "15.25.6"),
    ];

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
