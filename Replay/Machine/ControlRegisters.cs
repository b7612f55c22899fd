namespace Differ.Replay.Machine;

/// <summary>Bit numbers of CR0 (APM2 3.1.1).</summary>
internal static class Cr0
{
    public const int PE = 0, MP = 1, TS = 3, NE = 5, NW = 29, CD = 30, PG = 31;
}

/// <summary>Bit numbers of CR4 (APM2 3.1.3).</summary>
internal static class Cr4
{
    public const int DE = 3, PAE = 5, CET = 23;
}

/// <summary>Bit numbers of EFER (APM2 3.1.7).</summary>
internal static class Efer
{
    public const uint Index = 0xc000_0080;
    public const int LME = 8, LMA = 10, SVME = 12;
}

/// <summary>Bit numbers of RFLAGS (APM2 3.1.6).</summary>
internal static class Rflags
{
    public const int TF = 8, IF = 9, NT = 14, RF = 16, VM = 17;
}

/// <summary>Bit numbers of VM_CR (APM2 15.30.1).</summary>
internal static class VmCr
{
    public const uint Index = 0xc001_0114;
    public const int RInit = 1, Lock = 3, SvmDis = 4;
    public const ulong MustBeZero = ~0x1fUL;
}

/// <summary>VM_HSAVE_PA (APM2 15.30.4).</summary>
internal static class HsavePa
{
    public const uint Index = 0xc001_0117;
    public const ulong PageOffset = 0xfff;
}
