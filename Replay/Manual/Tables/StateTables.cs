using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Vocabulary.VmcbField;

namespace Differ.Replay.Manual.Tables;

/// <summary>Which registers VMRUN, #VMEXIT, VMLOAD and VMSAVE move, as the manual lists them.</summary>
internal static class StateTables
{
    /// <summary>Loaded from the guest's VMCB by VMRUN (APM2 15.5.1). CR2 and CPL go with them.</summary>
    public static IReadOnlyList<VmcbField> GuestLoaded { get; } =
    [
        EsSelector, EsAttributes, EsLimit, EsBase,
        CsSelector, CsAttributes, CsLimit, CsBase,
        SsSelector, SsAttributes, SsLimit, SsBase,
        DsSelector, DsAttributes, DsLimit, DsBase,
        GdtrLimit, GdtrBase,
        IdtrLimit, IdtrBase,
        EferRegister, Cr0Register, Cr4Register, Cr3Register, Cr2,
        Dr6, Dr7, RflagsRegister, Rip, Rsp, VmcbField.Rax, Cpl,
    ];

    /// <summary>Segment attributes: 12 bits, which stand for bits 55:52 and 47:40 of a descriptor; the field's upper four are reserved (APM2 15.5.1).</summary>
    public static IReadOnlyList<VmcbField> Attributes { get; } =
        [EsAttributes, CsAttributes, SsAttributes, DsAttributes, FsAttributes, GsAttributes, LdtrAttributes, TrAttributes];

    /// <summary>The same as a set, for what is asked of every recorded state.</summary>
    public static VmcbFields AttributeFields { get; } = VmcbFields.Of([.. Attributes]);

    /// <summary>The bits of a field of segment attributes that mean something.</summary>
    public const ulong AttributeBits = 0xfff;

    /// <summary>Saved to the guest's VMCB by #VMEXIT (APM2 15.6): the same ones.</summary>
    public static IReadOnlyList<VmcbField> GuestSaved => GuestLoaded;

    /// <summary>Saved to the host save area by VMRUN and loaded from it by #VMEXIT (APM2 15.5.1, 15.6).</summary>
    public static IReadOnlyList<VmcbField> Host { get; } =
    [
        EsSelector, EsAttributes, EsLimit, EsBase,
        CsSelector, CsAttributes, CsLimit, CsBase,
        SsSelector, SsAttributes, SsLimit, SsBase,
        DsSelector, DsAttributes, DsLimit, DsBase,
        GdtrLimit, GdtrBase,
        IdtrLimit, IdtrBase,
        EferRegister, Cr0Register, Cr4Register, Cr3Register,
        RflagsRegister, Rip, Rsp, VmcbField.Rax,
    ];

    /// <summary>Moved by VMLOAD and VMSAVE (APM2 15.5.2).</summary>
    public static IReadOnlyList<VmcbField> Vmload { get; } =
    [
        FsSelector, FsAttributes, FsLimit, FsBase,
        GsSelector, GsAttributes, GsLimit, GsBase,
        TrSelector, TrAttributes, TrLimit, TrBase,
        LdtrSelector, LdtrAttributes, LdtrLimit, LdtrBase,
        KernelGsBase, Star, Lstar, Cstar, Sfmask,
        SysenterCs, SysenterEsp, SysenterEip,
    ];

    /// <summary>Swapped by VMRUN and #VMEXIT where LBR virtualization is on (APM2 15.23.1).</summary>
    public static IReadOnlyList<VmcbField> LastBranch { get; } = [DbgCtl, BrFrom, BrTo, LastExcpFrom, LastExcpTo];

    /// <summary>Segment bases and addresses that are sign-extended from bit 47 when they are loaded (APM2 15.5.1).</summary>
    public static IReadOnlyList<VmcbField> Canonicalised { get; } =
        [EsBase, CsBase, SsBase, DsBase, FsBase, GsBase, GdtrBase, IdtrBase, LdtrBase, TrBase, Ssp, IsstAddr];
}
