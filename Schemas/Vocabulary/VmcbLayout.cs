using System.Collections.Immutable;

namespace Differ.Schemas.Vocabulary;

/// <summary>A field of the VMCB, in the order of <see cref="VmcbLayout"/>.</summary>
internal enum VmcbField : byte
{
    InterceptCr, InterceptDr, InterceptExceptions, InterceptMisc1, InterceptMisc2, InterceptMisc3, PauseFilterThreshold, PauseFilterCount,
    IopmBasePa, MsrpmBasePa, TscOffset, GuestAsid, TlbControl, IntCtl, InterruptShadow, ExitCode, ExitInfo1, ExitInfo2, ExitIntInfo,
    NestedControl, AvicApicBar, GhcbPa, EventInj, NCr3, VirtualExtensions, CleanBits, NextRip, FetchedBytes, InstructionBytesLow,
    InstructionBytesHigh, AvicBackingPage, AvicLogicalTable, AvicPhysicalTable, VmsaPointer, BusLockCounter, EsSelector, EsAttributes,
    EsLimit, EsBase, CsSelector, CsAttributes, CsLimit, CsBase, SsSelector, SsAttributes, SsLimit, SsBase, DsSelector, DsAttributes,
    DsLimit, DsBase, FsSelector, FsAttributes, FsLimit, FsBase, GsSelector, GsAttributes, GsLimit, GsBase, GdtrLimit, GdtrBase,
    LdtrSelector, LdtrAttributes, LdtrLimit, LdtrBase, IdtrLimit, IdtrBase, TrSelector, TrAttributes, TrLimit, TrBase, Cpl, EferRegister,
    Cr4Register, Cr3Register, Cr0Register, Dr7, Dr6, RflagsRegister, Rip, Rsp, SCet, Ssp, IsstAddr, Rax, Star, Lstar, Cstar, Sfmask,
    KernelGsBase, SysenterCs, SysenterEsp, SysenterEip, Cr2, GPat, DbgCtl, BrFrom, BrTo, LastExcpFrom, LastExcpTo, Gif, VmHsavePa,
    VmCrRegister, TscRatio, Tsc, NmiMask, GuestRcx,
    Count,
}

/// <summary>A set of fields of the VMCB.</summary>
/// <param name="Low">Bit n is set for the field with number n.</param>
/// <param name="High">Bit n is set for the field with number 64 + n.</param>
internal readonly record struct VmcbFields(ulong Low, ulong High)
{
    /// <summary>Whether the set is empty.</summary>
    public bool IsEmpty => (Low | High) == 0;

    /// <summary>Fields in either.</summary>
    public static VmcbFields operator |(VmcbFields left, VmcbFields right) => new(left.Low | right.Low, left.High | right.High);

    /// <summary>Fields in both.</summary>
    public static VmcbFields operator &(VmcbFields left, VmcbFields right) => new(left.Low & right.Low, left.High & right.High);

    /// <summary>The set without a field.</summary>
    public static VmcbFields operator -(VmcbFields left, VmcbField right) => new(left.Low & ~Of(right).Low, left.High & ~Of(right).High);

    /// <summary>The set of some fields.</summary>
    public static VmcbFields Of(params ReadOnlySpan<VmcbField> fields)
    {
        ulong low = 0, high = 0;
        foreach (VmcbField field in fields)
        {
            low |= (int)field < 64 ? 1UL << (int)field : 0;
            high |= (int)field >= 64 ? 1UL << ((int)field - 64) : 0;
        }

        return new VmcbFields(low, high);
    }
}

/// <summary>Which part of the VMCB a field is in.</summary>
internal enum VmcbArea : byte
{
    /// <summary>Control area, offsets 000h to 3FFh.</summary>
    Control,

    /// <summary>State save area, offsets from 400h.</summary>
    Save,

    /// <summary>Not in the VMCB: a register that SVM has beside it. Numbers from 700h stand for them where states are recorded.</summary>
    Register,
}

/// <summary>A row of the VMCB layout.</summary>
/// <param name="Field">The field.</param>
/// <param name="Name">The manual's name.</param>
/// <param name="Area">Which part.</param>
/// <param name="Offset">Bytes from the start of the part.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Section">Where the manual describes the field.</param>
internal sealed record VmcbRow(VmcbField Field, string Name, VmcbArea Area, int Offset, int Size, string Section)
{
    /// <summary>Bytes from the start of the VMCB; from 700h for registers beside it.</summary>
    public int Position { get; } = Offset + (Area == VmcbArea.Control ? 0 : 0x400);

    /// <summary>The bits a field of this size has.</summary>
    public ulong Mask => Size == 8 ? ulong.MaxValue : (1UL << (8 * Size)) - 1;
}

/// <summary>APM2 appendix B, tables B-1 and B-2, and the registers that SVM has beside the VMCB.</summary>
internal static class VmcbLayout
{
    /// <summary>In the order of the manual.</summary>
    public static ImmutableArray<VmcbRow> All { get; } =
    [
        new(VmcbField.InterceptCr, "Intercept reads and writes of CR0-15", VmcbArea.Control, 0x000, 4, "15.9"),
        new(VmcbField.InterceptDr, "Intercept reads and writes of DR0-15", VmcbArea.Control, 0x004, 4, "15.9"),
        new(VmcbField.InterceptExceptions, "Intercept exception vectors 0-31", VmcbArea.Control, 0x008, 4, "15.12"),
        new(VmcbField.InterceptMisc1, "Intercepts, word 3", VmcbArea.Control, 0x00c, 4, "15.9"),
        new(VmcbField.InterceptMisc2, "Intercepts, word 4", VmcbArea.Control, 0x010, 4, "15.9"),
        new(VmcbField.InterceptMisc3, "Intercepts, word 5", VmcbArea.Control, 0x014, 4, "15.9"),
        new(VmcbField.PauseFilterThreshold, "PAUSE filter threshold", VmcbArea.Control, 0x03c, 2, "15.14.4"),
        new(VmcbField.PauseFilterCount, "PAUSE filter count", VmcbArea.Control, 0x03e, 2, "15.14.4"),
        new(VmcbField.IopmBasePa, "IOPM_BASE_PA", VmcbArea.Control, 0x040, 8, "15.10.1"),
        new(VmcbField.MsrpmBasePa, "MSRPM_BASE_PA", VmcbArea.Control, 0x048, 8, "15.11"),
        new(VmcbField.TscOffset, "TSC_OFFSET", VmcbArea.Control, 0x050, 8, "15.30.5"),
        new(VmcbField.GuestAsid, "Guest ASID", VmcbArea.Control, 0x058, 4, "15.16"),
        new(VmcbField.TlbControl, "TLB_CONTROL", VmcbArea.Control, 0x05c, 1, "15.16.1"),
        new(VmcbField.IntCtl, "Virtual interrupt control", VmcbArea.Control, 0x060, 8, "15.21"),
        new(VmcbField.InterruptShadow, "INTERRUPT_SHADOW", VmcbArea.Control, 0x068, 8, "15.21.5"),
        new(VmcbField.ExitCode, "EXITCODE", VmcbArea.Control, 0x070, 8, "15.6"),
        new(VmcbField.ExitInfo1, "EXITINFO1", VmcbArea.Control, 0x078, 8, "15.6"),
        new(VmcbField.ExitInfo2, "EXITINFO2", VmcbArea.Control, 0x080, 8, "15.6"),
        new(VmcbField.ExitIntInfo, "EXITINTINFO", VmcbArea.Control, 0x088, 8, "15.7.2"),
        new(VmcbField.NestedControl, "NP_ENABLE and others", VmcbArea.Control, 0x090, 8, "15.25.3"),
        new(VmcbField.AvicApicBar, "AVIC APIC_BAR", VmcbArea.Control, 0x098, 8, "15.29.4"),
        new(VmcbField.GhcbPa, "GHCB physical address", VmcbArea.Control, 0x0a0, 8, "15.35.7"),
        new(VmcbField.EventInj, "EVENTINJ", VmcbArea.Control, 0x0a8, 8, "15.20"),
        new(VmcbField.NCr3, "N_CR3", VmcbArea.Control, 0x0b0, 8, "15.25.4"),
        new(VmcbField.VirtualExtensions, "LBR and VMLOAD/VMSAVE virtualization", VmcbArea.Control, 0x0b8, 8, "15.23"),
        new(VmcbField.CleanBits, "VMCB clean bits", VmcbArea.Control, 0x0c0, 4, "15.15"),
        new(VmcbField.NextRip, "nRIP", VmcbArea.Control, 0x0c8, 8, "15.7.1"),
        new(VmcbField.FetchedBytes, "Number of bytes fetched", VmcbArea.Control, 0x0d0, 1, "15.8.4"),
        new(VmcbField.InstructionBytesLow, "Guest instruction bytes 0-6", VmcbArea.Control, 0x0d1, 7, "15.8.4"),
        new(VmcbField.InstructionBytesHigh, "Guest instruction bytes 7-14", VmcbArea.Control, 0x0d8, 8, "15.8.4"),
        new(VmcbField.AvicBackingPage, "AVIC APIC_BACKING_PAGE", VmcbArea.Control, 0x0e0, 8, "15.29.4"),
        new(VmcbField.AvicLogicalTable, "AVIC LOGICAL_TABLE", VmcbArea.Control, 0x0f0, 8, "15.29.4"),
        new(VmcbField.AvicPhysicalTable, "AVIC PHYSICAL_TABLE and MAX_INDEX", VmcbArea.Control, 0x0f8, 8, "15.29.4"),
        new(VmcbField.VmsaPointer, "VMSA pointer", VmcbArea.Control, 0x108, 8, "15.35.1"),
        new(VmcbField.BusLockCounter, "Bus lock threshold counter", VmcbArea.Control, 0x120, 2, "15.14.5"),
        new(VmcbField.EsSelector, "ES selector", VmcbArea.Save, 0x000, 2, "15.5.1"),
        new(VmcbField.EsAttributes, "ES attributes", VmcbArea.Save, 0x002, 2, "15.5.1"),
        new(VmcbField.EsLimit, "ES limit", VmcbArea.Save, 0x004, 4, "15.5.1"),
        new(VmcbField.EsBase, "ES base", VmcbArea.Save, 0x008, 8, "15.5.1"),
        new(VmcbField.CsSelector, "CS selector", VmcbArea.Save, 0x010, 2, "15.5.1"),
        new(VmcbField.CsAttributes, "CS attributes", VmcbArea.Save, 0x012, 2, "15.5.1"),
        new(VmcbField.CsLimit, "CS limit", VmcbArea.Save, 0x014, 4, "15.5.1"),
        new(VmcbField.CsBase, "CS base", VmcbArea.Save, 0x018, 8, "15.5.1"),
        new(VmcbField.SsSelector, "SS selector", VmcbArea.Save, 0x020, 2, "15.5.1"),
        new(VmcbField.SsAttributes, "SS attributes", VmcbArea.Save, 0x022, 2, "15.5.1"),
        new(VmcbField.SsLimit, "SS limit", VmcbArea.Save, 0x024, 4, "15.5.1"),
        new(VmcbField.SsBase, "SS base", VmcbArea.Save, 0x028, 8, "15.5.1"),
        new(VmcbField.DsSelector, "DS selector", VmcbArea.Save, 0x030, 2, "15.5.1"),
        new(VmcbField.DsAttributes, "DS attributes", VmcbArea.Save, 0x032, 2, "15.5.1"),
        new(VmcbField.DsLimit, "DS limit", VmcbArea.Save, 0x034, 4, "15.5.1"),
        new(VmcbField.DsBase, "DS base", VmcbArea.Save, 0x038, 8, "15.5.1"),
        new(VmcbField.FsSelector, "FS selector", VmcbArea.Save, 0x040, 2, "15.5.2"),
        new(VmcbField.FsAttributes, "FS attributes", VmcbArea.Save, 0x042, 2, "15.5.2"),
        new(VmcbField.FsLimit, "FS limit", VmcbArea.Save, 0x044, 4, "15.5.2"),
        new(VmcbField.FsBase, "FS base", VmcbArea.Save, 0x048, 8, "15.5.2"),
        new(VmcbField.GsSelector, "GS selector", VmcbArea.Save, 0x050, 2, "15.5.2"),
        new(VmcbField.GsAttributes, "GS attributes", VmcbArea.Save, 0x052, 2, "15.5.2"),
        new(VmcbField.GsLimit, "GS limit", VmcbArea.Save, 0x054, 4, "15.5.2"),
        new(VmcbField.GsBase, "GS base", VmcbArea.Save, 0x058, 8, "15.5.2"),
        new(VmcbField.GdtrLimit, "GDTR limit", VmcbArea.Save, 0x064, 4, "15.5.1"),
        new(VmcbField.GdtrBase, "GDTR base", VmcbArea.Save, 0x068, 8, "15.5.1"),
        new(VmcbField.LdtrSelector, "LDTR selector", VmcbArea.Save, 0x070, 2, "15.5.2"),
        new(VmcbField.LdtrAttributes, "LDTR attributes", VmcbArea.Save, 0x072, 2, "15.5.2"),
        new(VmcbField.LdtrLimit, "LDTR limit", VmcbArea.Save, 0x074, 4, "15.5.2"),
        new(VmcbField.LdtrBase, "LDTR base", VmcbArea.Save, 0x078, 8, "15.5.2"),
        new(VmcbField.IdtrLimit, "IDTR limit", VmcbArea.Save, 0x084, 4, "15.5.1"),
        new(VmcbField.IdtrBase, "IDTR base", VmcbArea.Save, 0x088, 8, "15.5.1"),
        new(VmcbField.TrSelector, "TR selector", VmcbArea.Save, 0x090, 2, "15.5.2"),
        new(VmcbField.TrAttributes, "TR attributes", VmcbArea.Save, 0x092, 2, "15.5.2"),
        new(VmcbField.TrLimit, "TR limit", VmcbArea.Save, 0x094, 4, "15.5.2"),
        new(VmcbField.TrBase, "TR base", VmcbArea.Save, 0x098, 8, "15.5.2"),
        new(VmcbField.Cpl, "CPL", VmcbArea.Save, 0x0cb, 1, "15.5.1"),
        new(VmcbField.EferRegister, "EFER", VmcbArea.Save, 0x0d0, 8, "15.5.1"),
        new(VmcbField.Cr4Register, "CR4", VmcbArea.Save, 0x148, 8, "15.5.1"),
        new(VmcbField.Cr3Register, "CR3", VmcbArea.Save, 0x150, 8, "15.5.1"),
        new(VmcbField.Cr0Register, "CR0", VmcbArea.Save, 0x158, 8, "15.5.1"),
        new(VmcbField.Dr7, "DR7", VmcbArea.Save, 0x160, 8, "15.5.1"),
        new(VmcbField.Dr6, "DR6", VmcbArea.Save, 0x168, 8, "15.5.1"),
        new(VmcbField.RflagsRegister, "RFLAGS", VmcbArea.Save, 0x170, 8, "15.5.1"),
        new(VmcbField.Rip, "RIP", VmcbArea.Save, 0x178, 8, "15.5.1"),
        new(VmcbField.Rsp, "RSP", VmcbArea.Save, 0x1d8, 8, "15.5.1"),
        new(VmcbField.SCet, "S_CET", VmcbArea.Save, 0x1e0, 8, "15.5.1"),
        new(VmcbField.Ssp, "SSP", VmcbArea.Save, 0x1e8, 8, "15.5.1"),
        new(VmcbField.IsstAddr, "ISST_ADDR", VmcbArea.Save, 0x1f0, 8, "15.5.1"),
        new(VmcbField.Rax, "RAX", VmcbArea.Save, 0x1f8, 8, "15.5.1"),
        new(VmcbField.Star, "STAR", VmcbArea.Save, 0x200, 8, "15.5.2"),
        new(VmcbField.Lstar, "LSTAR", VmcbArea.Save, 0x208, 8, "15.5.2"),
        new(VmcbField.Cstar, "CSTAR", VmcbArea.Save, 0x210, 8, "15.5.2"),
        new(VmcbField.Sfmask, "SFMASK", VmcbArea.Save, 0x218, 8, "15.5.2"),
        new(VmcbField.KernelGsBase, "KernelGsBase", VmcbArea.Save, 0x220, 8, "15.5.2"),
        new(VmcbField.SysenterCs, "SYSENTER_CS", VmcbArea.Save, 0x228, 8, "15.5.2"),
        new(VmcbField.SysenterEsp, "SYSENTER_ESP", VmcbArea.Save, 0x230, 8, "15.5.2"),
        new(VmcbField.SysenterEip, "SYSENTER_EIP", VmcbArea.Save, 0x238, 8, "15.5.2"),
        new(VmcbField.Cr2, "CR2", VmcbArea.Save, 0x240, 8, "15.6"),
        new(VmcbField.GPat, "G_PAT", VmcbArea.Save, 0x268, 8, "15.25.4"),
        new(VmcbField.DbgCtl, "DBGCTL", VmcbArea.Save, 0x270, 8, "15.23.1"),
        new(VmcbField.BrFrom, "BR_FROM", VmcbArea.Save, 0x278, 8, "15.23.1"),
        new(VmcbField.BrTo, "BR_TO", VmcbArea.Save, 0x280, 8, "15.23.1"),
        new(VmcbField.LastExcpFrom, "LASTEXCPFROM", VmcbArea.Save, 0x288, 8, "15.23.1"),
        new(VmcbField.LastExcpTo, "LASTEXCPTO", VmcbArea.Save, 0x290, 8, "15.23.1"),
        new(VmcbField.Gif, "GIF", VmcbArea.Register, 0x300, 1, "15.17"),
        new(VmcbField.VmHsavePa, "VM_HSAVE_PA", VmcbArea.Register, 0x308, 8, "15.30.4"),
        new(VmcbField.VmCrRegister, "VM_CR", VmcbArea.Register, 0x310, 8, "15.30.1"),
        new(VmcbField.TscRatio, "TSC_RATIO", VmcbArea.Register, 0x318, 8, "15.30.5"),
        new(VmcbField.Tsc, "TSC", VmcbArea.Register, 0x320, 8, "15.30.5"),
        new(VmcbField.NmiMask, "NMIs are held", VmcbArea.Register, 0x328, 1, "15.21.10"),
        new(VmcbField.GuestRcx, "Guest RCX", VmcbArea.Register, 0x330, 8, "15.11"),
    ];

    private static readonly byte[] Sizes = SizesByPosition();

    /// <summary>Bytes of the field at a position; 1 where the table has none.</summary>
    public static int SizeAt(int position) => Sizes[position];

    /// <summary>The row of a field.</summary>
    public static VmcbRow Of(VmcbField field) => All[(int)field];

    /// <summary>The field at a position; null where the table has none.</summary>
    public static VmcbRow? At(int position) => All.FirstOrDefault(row => row.Position == position);

    private static byte[] SizesByPosition()
    {
        byte[] sizes = new byte[0x800];
        Array.Fill(sizes, (byte)1);
        foreach (VmcbRow row in All)
        {
            sizes[row.Position] = (byte)row.Size;
        }

        return sizes;
    }
}
