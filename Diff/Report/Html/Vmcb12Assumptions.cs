using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>Fields of vmcb12 that a kind of evidence would show: where a finding assumes the evidence, it assumes them.</summary>
internal static class Vmcb12Assumptions
{
    private static readonly Assumption[] All =
    [
        new(Evidence.Asid, VmcbField.GuestAsid, VmcbField.TlbControl),
        new(Evidence.IoPermissionMap, VmcbField.IopmBasePa),
        new(Evidence.MsrPermissionMap, VmcbField.MsrpmBasePa),
        new(Evidence.DrIntercepts, VmcbField.InterceptDr),
        new(Evidence.NextRip, VmcbField.NextRip),
        new(Evidence.Cpl, VmcbField.Cpl),
        new(Evidence.Rax, VmcbField.Rax),
        new(Evidence.Rflags, VmcbField.RflagsRegister),
        new(Evidence.InterruptShadow, VmcbField.InterruptShadow),
        new(Evidence.DebugRegisters, VmcbField.Dr6, VmcbField.Dr7),
        new(Evidence.OperatingMode, VmcbField.CsAttributes, VmcbField.EferRegister),
        new(Evidence.NestedPageTables, VmcbField.NCr3),
        new(Evidence.VirtualVmload, VmcbField.VirtualExtensions),
        new(Evidence.VmcbSaveArea, VmcbField.Cr0Register, VmcbField.Cr3Register, VmcbField.Cr4Register, VmcbField.EferRegister, VmcbField.Dr6, VmcbField.Dr7),
        new(Evidence.Vmcb12Controls,
            VmcbField.InterceptCr, VmcbField.InterceptExceptions, VmcbField.InterceptMisc1, VmcbField.InterceptMisc2, VmcbField.InterceptMisc3,
            VmcbField.IntCtl, VmcbField.NestedControl, VmcbField.EventInj),
    ];

    /// <summary>The fields; none for evidence that is not about vmcb12.</summary>
    public static IReadOnlyList<VmcbField> Of(Evidence evidence) => All.FirstOrDefault(row => row.Evidence == evidence)?.Fields ?? [];

    private sealed record Assumption(Evidence Evidence, params VmcbField[] Fields);
}
