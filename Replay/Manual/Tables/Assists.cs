using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual.Tables;

/// <summary>What a #VMEXIT tells about the instruction beside EXITINFO and nRIP (APM2 15.8.4).</summary>
internal static class Assists
{
    /// <summary>Whether the instruction's bytes are stored: for #PF and nested page faults of data accesses.</summary>
    public static bool StoresBytes(SvmExitCode code, ulong info1) =>
        (code == SvmExitCode.Npf || code == SvmExitCode.OfException(ExceptionVector.PF)) && (info1 & 0x10) == 0;
}
