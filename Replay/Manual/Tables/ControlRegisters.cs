using static Differ.Replay.Manual.Tables.BitKind;

namespace Differ.Replay.Manual.Tables;

/// <summary>CR0 (APM2 3.1.1).</summary>
internal static class Cr0
{
    /// <summary>Bit numbers.</summary>
    public const int PE = 0, MP = 1, TS = 3, NE = 5, WP = 16, NW = 29, CD = 30, PG = 31;

    /// <summary>The bits that may change without the selective write intercept (APM2 table 15-7).</summary>
    public const ulong NotSelective = (1UL << TS) | (1UL << MP);

    /// <summary>The bits. Reserved ones below 32 are to be left as they are, and nothing is said of what happens otherwise.</summary>
    public static RegisterBits Bits { get; } = new(
        "3.1.1",
        new(63, 32, MustBeZero),
        new(PG, "PG"),
        new(CD, "CD"),
        new(NW, "NW"),
        new(28, 19, Unspecified),
        new(18, "AM"),
        new(17, 17, Unspecified),
        new(WP, "WP"),
        new(15, 6, Unspecified),
        new(NE, "NE"),
        new(4, 4, "ET", ReadsAsOne),
        new(TS, "TS"),
        new(2, "EM"),
        new(MP, "MP"),
        new(PE, "PE"));
}

/// <summary>CR4 (APM2 3.1.3).</summary>
internal static class Cr4
{
    /// <summary>Bit numbers.</summary>
    public const int DE = 3, PSE = 4, PAE = 5, MCE = 6, LA57 = 12, PCIDE = 17, SMEP = 20, SMAP = 21, CET = 23;

    /// <summary>The bits. "Software can use CPUID to verify that each feature is supported"; what its bit does otherwise the section does not say.</summary>
    public static RegisterBits Bits { get; } = new(
        "3.1.3",
        new(63, 24, MustBeZero),
        new(CET, "CET") { Feature = CpuFeature.ShadowStacks, Without = Unspecified },
        new(22, "PKE") { Feature = CpuFeature.ProtectionKeys, Without = Unspecified },
        new(21, "SMAP") { Feature = CpuFeature.Smap, Without = Unspecified },
        new(20, "SMEP") { Feature = CpuFeature.Smep, Without = Unspecified },
        new(19, 19, MustBeZero),
        new(18, "OSXSAVE") { Feature = CpuFeature.Xsave, Without = Unspecified },
        new(17, "PCIDE") { Feature = CpuFeature.Pcid, Without = Unspecified },
        new(16, "FSGSBASE") { Feature = CpuFeature.FsGsBase, Without = Unspecified },
        new(15, 13, MustBeZero),
        new(12, "LA57") { Feature = CpuFeature.FiveLevelPaging, Without = Unspecified },
        new(11, "UMIP") { Feature = CpuFeature.Umip, Without = Unspecified },
        new(10, "OSXMMEXCPT"),
        new(9, "OSFXSR"),
        new(8, "PCE"),
        new(7, "PGE"),
        new(6, "MCE"),
        new(PAE, "PAE"),
        new(4, "PSE"),
        new(DE, "DE"),
        new(2, "TSD"),
        new(1, "PVI"),
        new(0, "VME"));
}

/// <summary>EFER (APM2 3.1.7).</summary>
internal static class Efer
{
    /// <summary>Number of the register.</summary>
    public const uint Index = 0xc000_0080;

    /// <summary>Bit numbers.</summary>
    public const int LME = 8, LMA = 10, NXE = 11, SVME = 12;

    /// <summary>
    /// The bits. "Attempting to set an enable bit for a feature that is not supported by the processor will result in a #GP(0)
    /// exception": without its feature a bit must be zero.
    /// </summary>
    public static RegisterBits Bits { get; } = new(
        "3.1.7",
        new(63, 22, MustBeZero),
        new(21, "AIBRSE") { Feature = CpuFeature.AutomaticIbrs, Without = MustBeZero },
        new(20, "UAIE") { Feature = CpuFeature.UpperAddressIgnore, Without = MustBeZero },
        new(19, 19, MustBeZero),
        new(18, "INTWB") { Feature = CpuFeature.InterruptibleWbinvd, Without = MustBeZero },
        new(17, "MCOMMIT") { Feature = CpuFeature.Mcommit, Without = MustBeZero },
        new(16, 16, MustBeZero),
        new(15, "TCE") { Feature = CpuFeature.TranslationCacheExtension, Without = MustBeZero },
        new(14, "FFXSR") { Feature = CpuFeature.FastFxsave, Without = MustBeZero },
        new(13, 13, "LMSLE", MustBeZero) { Feature = CpuFeature.LmsleUnsupported, Without = Writable },
        new(SVME, "SVME") { Feature = CpuFeature.Svm, Without = MustBeZero },
        new(11, "NXE") { Feature = CpuFeature.NoExecute, Without = MustBeZero },
        new(LMA, "LMA") { Feature = CpuFeature.LongMode, Without = MustBeZero },
        new(9, 9, MustBeZero),
        new(LME, "LME") { Feature = CpuFeature.LongMode, Without = MustBeZero },
        new(7, 1, ReadsAsZero),
        new(0, "SCE"));
}

/// <summary>RFLAGS (APM2 3.1.6).</summary>
internal static class Rflags
{
    /// <summary>Bit numbers.</summary>
    public const int TF = 8, IF = 9, NT = 14, RF = 16, VM = 17, AC = 18;

    /// <summary>The bits.</summary>
    public static RegisterBits Bits { get; } = new(
        "3.1.6",
        new(63, 22, ReadsAsZero),
        new(21, "ID"),
        new(20, "VIP"),
        new(19, "VIF"),
        new(AC, "AC"),
        new(VM, "VM"),
        new(RF, "RF"),
        new(15, 15, ReadsAsZero),
        new(NT, "NT"),
        new(13, 12, "IOPL", Writable),
        new(11, "OF"),
        new(10, "DF"),
        new(IF, "IF"),
        new(TF, "TF"),
        new(7, "SF"),
        new(6, "ZF"),
        new(5, 5, ReadsAsZero),
        new(4, "AF"),
        new(3, 3, ReadsAsZero),
        new(2, "PF"),
        new(1, 1, ReadsAsOne),
        new(0, "CF"));
}

/// <summary>DR6, the debug status register (APM2 13.1.1.3).</summary>
internal static class DebugStatus
{
    /// <summary>The bits. The bus lock trap clears BLD, which is 1 without it.</summary>
    public static RegisterBits Bits { get; } = new(
        "13.1.1.3",
        new(63, 32, MustBeZero),
        new(31, 16, ReadsAsOne),
        new(15, "BT"),
        new(14, "BS"),
        new(13, "BD"),
        new(12, 12, ReadsAsZero),
        new(11, "BLD") { Feature = CpuFeature.BusLockTrap, Without = ReadsAsOne },
        new(10, 4, ReadsAsOne),
        new(3, 0, "B", Writable));
}

/// <summary>DR7, the debug control register (APM2 13.1.1.4).</summary>
internal static class DebugControl
{
    /// <summary>The bits.</summary>
    public static RegisterBits Bits { get; } = new(
        "13.1.1.4",
        new(63, 32, MustBeZero),
        new(31, 16, "LEN and R/W", Writable),
        new(15, 14, ReadsAsZero),
        new(13, "GD"),
        new(12, 11, ReadsAsZero),
        new(10, 10, ReadsAsOne),
        new(9, "GE"),
        new(8, "LE"),
        new(7, 0, "G and L", Writable));
}

/// <summary>DebugCtl (APM2 13.1.1.6).</summary>
internal static class DebugCtl
{
    /// <summary>Number of the register.</summary>
    public const uint Index = 0x1d9;

    /// <summary>Bit numbers.</summary>
    public const int LBR = 0;

    /// <summary>
    /// The bits. Before there was the bus lock trap, 5:2 were the pins PB3 to PB0, read and write; now 2 enables the trap, and 6:3 must
    /// be zero. Of the freeze bits the section does not say what they do where they are not supported.
    /// </summary>
    public static RegisterBits Bits { get; } = new(
        "13.1.1.6",
        new(63, 13, ReadsAsZero),
        new(12, "FPMCI") { Feature = CpuFeature.LbrAndPmcFreeze, Without = Unspecified },
        new(11, "FLBRI") { Feature = CpuFeature.LbrAndPmcFreeze, Without = Unspecified },
        new(10, 7, ReadsAsZero),
        new(6, 6, MustBeZero),
        new(5, 3, MustBeZero) { Feature = CpuFeature.BusLockTrap, Without = Writable },
        new(2, "BLCKDB"),
        new(1, "BTF"),
        new(LBR, "LBR"));
}

/// <summary>VM_CR (APM2 15.30.1).</summary>
internal static class VmCr
{
    /// <summary>Number of the register.</summary>
    public const uint Index = 0xc001_0114;

    /// <summary>Bit numbers.</summary>
    public const int RInit = 1, Lock = 3, SvmDis = 4;

    /// <summary>The bits to which writes are ignored while LOCK is set.</summary>
    public const ulong Lockable = (1UL << Lock) | (1UL << SvmDis);

    /// <summary>The bits.</summary>
    public static RegisterBits Bits { get; } = new(
        "15.30.1",
        new(63, 5, MustBeZero),
        new(SvmDis, "SVMDIS"),
        new(Lock, "LOCK"),
        new(2, "DIS_A20M"),
        new(RInit, "R_INIT"),
        new(0, "DPD"));
}

/// <summary>VM_HSAVE_PA (APM2 15.30.4).</summary>
internal static class HsavePa
{
    /// <summary>Number of the register.</summary>
    public const uint Index = 0xc001_0117;

    /// <summary>Bits that must be zero whatever the width of addresses.</summary>
    public const ulong PageOffset = 0xfff;
}

/// <summary>The TSC ratio (APM2 15.30.5).</summary>
internal static class TscRatioMsr
{
    /// <summary>Number of the register.</summary>
    public const uint Index = 0xc000_0104;

    /// <summary>The bits.</summary>
    public static RegisterBits Bits { get; } = new(
        "15.30.5",
        new(63, 40, MustBeZero),
        new(39, 32, "INT", Writable),
        new(31, 0, "FRAC", Writable));
}

/// <summary>The page attribute table (APM2 7.8.1).</summary>
internal static class Pat
{
    /// <summary>Number of the register.</summary>
    public const uint Index = 0x277;

    /// <summary>Whether each of the eight types exists: 0 UC, 1 WC, 4 WT, 5 WP, 6 WB, 7 UC-; 2, 3 and bits 7:3 are reserved.</summary>
    public static bool IsLegal(ulong value)
    {
        for (int i = 0; i < 8; i++)
        {
            if (((value >> (8 * i)) & 0xff) is 2 or 3 or > 7)
            {
                return false;
            }
        }

        return true;
    }
}
