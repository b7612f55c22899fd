using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual.Tables;

/// <summary>What a #VMEXIT tells about the instruction beside EXITINFO: nRIP and its bytes (APM2 15.7.1, 15.8.4).</summary>
internal static class Assists
{
    /// <summary>Whether nRIP is saved: for instruction intercepts, IOIO, MSR and the exceptions of INT3, INTO and BOUND; otherwise it is 0.</summary>
    public static bool SavesNextRip(SvmExitCode code) =>
        code.Value <= 0x3f
        || (code.IsException && code.Vector is ExceptionVector.BP or ExceptionVector.OF or ExceptionVector.BR)
        || code.Value is (>= 0x65 and <= 0x7c) or (>= 0x80 and <= 0x8e) or (>= 0xa0 and <= 0xa4) or 0xa6;

    /// <summary>Whether the instruction's bytes are stored: for #PF and nested page faults of data accesses.</summary>
    public static bool StoresBytes(SvmExitCode code, ulong info1) =>
        (code == SvmExitCode.Npf || code == SvmExitCode.OfException(ExceptionVector.PF)) && (info1 & 0x10) == 0;
}
