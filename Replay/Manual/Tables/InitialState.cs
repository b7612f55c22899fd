using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Vocabulary.VmcbField;

namespace Differ.Replay.Manual.Tables;

/// <summary>What INIT makes of the registers (APM2 14.1.3, tables 14-1 and 14-2). Model-specific registers, the FPU and SMBASE it does not modify.</summary>
internal static class InitialState
{
    /// <summary>The bits of CR0 that INIT leaves as they are; of the others ET is set.</summary>
    public const ulong KeptOfCr0 = (1UL << Cr0.CD) | (1UL << Cr0.NW);

    // P, S and type. Whether a segment counts as accessed the table leaves at 0.
    private const ulong Code = 0x9a, Data = 0x92, LocalTable = 0x82, BusyTask16 = 0x83, SmallLimit = 0xffff;

    /// <summary>The registers with their values; CR0 apart. General registers are 0, but RDX, which identifies the processor.</summary>
    public static IReadOnlyList<(VmcbField Register, ulong Value)> Registers { get; } =
    [
        (Cr2, 0), (Cr3Register, 0), (Cr4Register, 0), (EferRegister, 0), (RflagsRegister, Rflags.Bits.Kept(0)), (Rip, 0xfff0), (Cpl, 0),
        (CsSelector, 0xf000), (CsBase, 0xffff_0000), (CsLimit, SmallLimit), (CsAttributes, Code),
        .. Segment(DsSelector, DsBase, DsLimit, DsAttributes, Data),
        .. Segment(EsSelector, EsBase, EsLimit, EsAttributes, Data),
        .. Segment(FsSelector, FsBase, FsLimit, FsAttributes, Data),
        .. Segment(GsSelector, GsBase, GsLimit, GsAttributes, Data),
        .. Segment(SsSelector, SsBase, SsLimit, SsAttributes, Data),
        .. Segment(LdtrSelector, LdtrBase, LdtrLimit, LdtrAttributes, LocalTable),
        .. Segment(TrSelector, TrBase, TrLimit, TrAttributes, BusyTask16),
        (GdtrBase, 0), (GdtrLimit, SmallLimit), (IdtrBase, 0), (IdtrLimit, SmallLimit),
        (Dr6, 0xffff_0ff0), (Dr7, 0x400), (InterruptShadow, 0),
    ];

    private static (VmcbField Register, ulong Value)[] Segment(VmcbField selector, VmcbField start, VmcbField limit, VmcbField attributes, ulong kind) =>
        [(selector, 0), (start, 0), (limit, SmallLimit), (attributes, kind)];
}
