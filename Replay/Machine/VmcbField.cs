namespace Differ.Replay.Machine;

/// <summary>A field of the VMCB, in the order of <see cref="VmcbLayout"/>.</summary>
internal enum VmcbField : byte
{
    InterceptCr, InterceptDr, InterceptExceptions, InterceptMisc1, InterceptMisc2, InterceptMisc3,
    PauseFilterThreshold, PauseFilterCount, IopmBasePa, MsrpmBasePa, TscOffset, GuestAsid, TlbControl,
    IntCtl, InterruptShadow, ExitCode, ExitInfo1, ExitInfo2, ExitIntInfo, NestedControl, EventInj,
    NCr3, VirtualExtensions, CleanBits, NextRip,
    CsAttributes, Cpl, EferRegister, Cr4Register, Cr3Register, Cr0Register, Dr7, Dr6, RflagsRegister, Rip, Rsp, SCet, Rax, Cr2, GPat,
    Count,
}

/// <summary>A set of fields of the VMCB.</summary>
/// <param name="Bits">Bit n is set for the field with number n.</param>
internal readonly record struct VmcbFields(ulong Bits)
{
    /// <summary>Whether the set is empty.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>Fields in either.</summary>
    public static VmcbFields operator |(VmcbFields left, VmcbFields right) => new(left.Bits | right.Bits);

    /// <summary>Fields in both.</summary>
    public static VmcbFields operator &(VmcbFields left, VmcbFields right) => new(left.Bits & right.Bits);

    /// <summary>The set without a field.</summary>
    public static VmcbFields operator -(VmcbFields left, VmcbField right) => new(left.Bits & ~Of(right).Bits);

    /// <summary>The set of some fields.</summary>
    public static VmcbFields Of(params ReadOnlySpan<VmcbField> fields)
    {
        ulong bits = 0;
        foreach (VmcbField field in fields)
        {
            bits |= 1UL << (int)field;
        }

        return new VmcbFields(bits);
    }
}

/// <summary>Which part of the VMCB a field is in.</summary>
internal enum VmcbArea : byte
{
    /// <summary>Control area, offsets 000h to 3FFh.</summary>
    Control,

    /// <summary>State save area, offsets from 400h.</summary>
    Save,
}

/// <summary>A row of the VMCB layout.</summary>
/// <param name="Field">The field.</param>
/// <param name="Name">The manual's name.</param>
/// <param name="Area">Which part.</param>
/// <param name="Offset">Bytes from the start of the part.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Section">Where the manual describes the field.</param>
internal sealed record VmcbRow(VmcbField Field, string Name, VmcbArea Area, int Offset, int Size, string Section);

/// <summary>APM2 appendix B, tables B-1 and B-2: the fields that statements of the manual speak of.</summary>
internal static class VmcbLayout
{
    /// <summary>In the order of the manual.</summary>
    public static IReadOnlyList<VmcbRow> All { get; } =
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
        new(VmcbField.EventInj, "EVENTINJ", VmcbArea.Control, 0x0a8, 8, "15.20"),
        new(VmcbField.NCr3, "N_CR3", VmcbArea.Control, 0x0b0, 8, "15.25.4"),
        new(VmcbField.VirtualExtensions, "LBR and VMLOAD/VMSAVE virtualization", VmcbArea.Control, 0x0b8, 8, "15.23"),
        new(VmcbField.CleanBits, "VMCB clean bits", VmcbArea.Control, 0x0c0, 4, "15.15"),
        new(VmcbField.NextRip, "nRIP", VmcbArea.Control, 0x0c8, 8, "15.7.1"),
        new(VmcbField.CsAttributes, "CS attributes", VmcbArea.Save, 0x012, 2, "15.5.1"),
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
        new(VmcbField.Rax, "RAX", VmcbArea.Save, 0x1f8, 8, "15.5.1"),
        new(VmcbField.Cr2, "CR2", VmcbArea.Save, 0x240, 8, "15.6"),
        new(VmcbField.GPat, "G_PAT", VmcbArea.Save, 0x268, 8, "15.25.4"),
    ];
}
