using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>How an instruction or an access ended.</summary>
internal enum EffectKind : byte
{
    /// <summary>It was carried out.</summary>
    Done,

    /// <summary>It raised an exception.</summary>
    Exception,

    /// <summary>It caused a #VMEXIT.</summary>
    Exit,

    /// <summary>The processor shut down.</summary>
    Shutdown,

    /// <summary>The processor waits for an interrupt.</summary>
    Halted,
}

/// <summary>How an instruction or an access ended, with what the guest or its hypervisor is told.</summary>
/// <param name="Kind">How.</param>
/// <param name="Vector">Vector of the exception.</param>
/// <param name="Error">Its error code; null where it pushes none.</param>
/// <param name="Address">CR2 for #PF.</param>
/// <param name="Code">EXITCODE.</param>
/// <param name="Info1">EXITINFO1.</param>
/// <param name="Info2">EXITINFO2.</param>
/// <param name="IsTrap">A #VMEXIT behind the instruction; otherwise RIP is that of the instruction (APM2 15.7).</param>
internal readonly record struct Effect(
    EffectKind Kind, byte Vector = 0, uint? Error = null, ulong Address = 0, SvmExitCode Code = default, ulong Info1 = 0, ulong Info2 = 0,
    bool IsTrap = false)
{
    /// <summary>Carried out.</summary>
    public static Effect Done => default;

    /// <summary>#UD.</summary>
    public static Effect UD => Raise(ExceptionVector.UD);

    /// <summary>#GP(0).</summary>
    public static Effect GP => Raise(ExceptionVector.GP, 0);

    /// <summary>Whether it was carried out.</summary>
    public bool IsDone => Kind == EffectKind.Done;

    /// <summary>An exception.</summary>
    public static Effect Raise(byte vector, uint? error = null, ulong address = 0) => new(EffectKind.Exception, vector, error, address);

    /// <summary>A #VMEXIT.</summary>
    public static Effect Exit(SvmExitCode code, ulong info1 = 0, ulong info2 = 0) => new(EffectKind.Exit, Code: code, Info1: info1, Info2: info2);

    /// <summary>A #VMEXIT behind the instruction.</summary>
    public static Effect Trap(SvmExitCode code, ulong info1 = 0, ulong info2 = 0) => Exit(code, info1, info2) with { IsTrap = true };
}
