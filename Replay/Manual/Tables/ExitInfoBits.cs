namespace Differ.Replay.Manual.Tables;

/// <summary>The bits of EXITINFO1 and EXITINFO2, and which of them are zero, by kind of exit.</summary>
internal static class ExitInfoBits
{
    /// <summary>EXITINFO1 of MOV from or to CRn, which bit 63 tells from LMSW, CLTS and SMSW; and of DRn, above the number of the general register (15.8.1).</summary>
    public const ulong CrMove = 1UL << 63, CrZero = 0x7fff_ffff_ffff_fff0, DrZero = ~0xfUL;

    /// <summary>Bits of EXITINFO1 that are zero: beside an INTn's vector (15.8.2), an SMI's source and segment (15.13.3), RDMSR's or WRMSR's bit (15.11), a task's selector (15.14.1).</summary>
    public const ulong VectorZero = ~0xffUL, SmiZero = 0xffff_e3fc, MsrZero = ~1UL, SelectorZero = ~0xffffUL;

    /// <summary>EXITINFO1 of port I/O (figure 15-2): input, string, REP, sizes, address sizes, segment, port, and what is zero.</summary>
    public const ulong PortIn = 1, PortString = 1 << 2, PortRep = 1 << 3, PortSizes = 0x70, PortAddressSizes = 0x380, PortSegment = 0x1c00,
        PortNumber = 0xffff_0000, PortZero = 0xe002;

    /// <summary>Where the fields of EXITINFO1 of port I/O start.</summary>
    public const int PortSizesShift = 4, PortAddressSizesShift = 7, PortSegmentShift = 10, PortNumberShift = 16;

    /// <summary>The error code of a page fault, also in EXITINFO1 of a nested one (8.4.2, 15.25.6).</summary>
    public const ulong Present = 1, Write = 1 << 1, User = 1 << 2, Reserved = 1 << 3, Fetch = 1 << 4, ShadowStack = 1 << 6;

    /// <summary>The stage of a nested page fault: bit 32 the final access, bit 33 the walk of the guest's tables; bit 37 a shadow stack check failed (15.25.6).</summary>
    public const ulong NpfFinal = 1UL << 32, NpfWalk = 1UL << 33, NpfStage = NpfFinal | NpfWalk, NpfShadowStackCheck = 1UL << 37;

    /// <summary>A nested page fault of a write and of a fetch at once, which no access is: walks of the guest's tables are data writes.</summary>
    public const ulong NpfWriteAndFetch = Write | Fetch;

    /// <summary>EXITINFO2 of a task switch: by IRET, by JMP, with error code (15.14.1).</summary>
    public const ulong TaskByIret = 1UL << 36, TaskByJump = 1UL << 38, TaskHasError = 1UL << 44;

    /// <summary>Highest reason (ID) of an interrupt that AVIC could not deliver (15.29.9.1), highest type of INVPCID.</summary>
    public const ulong LastAvicReason = 5, InvpcidTypes = 3;

    /// <summary>EXITINFO1 of an access to the APIC that AVIC does not carry out: bit 32 a write, the offset of the register (15.29.9.2).</summary>
    public const ulong AvicWrite = 1UL << 32, AvicOffset = 0xff0;

    /// <summary>The port that EXITINFO1 of an IOIO exit names.</summary>
    public static ulong PortOf(ulong info1) => (info1 & PortNumber) >> PortNumberShift;

    /// <summary>Bytes that are transferred, 1, 2 or 4, of a legal EXITINFO1 of an IOIO exit.</summary>
    public static int PortSizeOf(ulong info1) => (int)((info1 & PortSizes) >> PortSizesShift);

    /// <summary>Whether EXITINFO1 of port I/O names one size. A processor may leave the address size out; it must not name two.</summary>
    public static bool IsPortSized(ulong info1) =>
        ulong.PopCount(info1 & PortSizes) == 1 && ulong.PopCount(info1 & PortAddressSizes) <= 1;
}
