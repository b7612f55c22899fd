using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Perfetto;

/// <summary>How a field of a happening is shown.</summary>
internal enum ActForm : byte
{
    /// <summary>In hexadecimal.</summary>
    Hex,

    /// <summary>In hexadecimal; nothing where the field is 0.</summary>
    HexIfAny,

    /// <summary>In decimal.</summary>
    Count,

    /// <summary>Only that it is so; nothing where the field is 0.</summary>
    Yes,

    Words,

    /// <summary>As the bytes of an instruction.</summary>
    Bytes,
}

/// <summary>An argument of the slice in which L0 handles an exit.</summary>
/// <param name="Kind">The happening it is of.</param>
/// <param name="Slot">The field.</param>
/// <param name="Name">What the argument is called.</param>
/// <param name="Form">How it is shown.</param>
/// <param name="Words">The words, for a form that has them.</param>
internal sealed record ActRow(HappeningKind Kind, int Slot, string Name, ActForm Form = ActForm.Hex, Func<ulong, string>? Words = null);

/// <summary>What L0 did, as arguments of the slice in which it handles an exit.</summary>
internal static class ActTable
{
    /// <summary>In the order of the kinds.</summary>
    public static IReadOnlyList<ActRow> All { get; } =
    [
        new(HappeningKind.NestedVmenter, NestedVmenter.Vmcb12Slot, "vmcb12"),
        new(HappeningKind.NestedVmexitInject, NestedVmexitInject.ExitCodeSlot, "shown to L1", ActForm.Words, SvmExitTable.NameOf),
        new(HappeningKind.NestedIntrVmexit, 0, "INTR for L1 at RIP"),
        new(HappeningKind.NestedVmenterFailed, NestedVmenterFailed.ErrorSlot, "VMRUN check fails with"),
        new(HappeningKind.InjectInterrupt, InjectedInterrupt.VectorSlot, "injects interrupt"),
        new(HappeningKind.InjectException, InjectedException.VectorSlot, "raises", ActForm.Words, ExceptionVector.NameOf),
        new(HappeningKind.InjectException, InjectedException.ErrorSlot, "error code", ActForm.HexIfAny),
        new(HappeningKind.MsrAccess, MsrAccess.IndexSlot, "MSR"),
        new(HappeningKind.MsrAccess, MsrAccess.ValueSlot, "MSR value"),
        new(HappeningKind.MsrAccess, MsrAccess.FaultedSlot, "MSR access faults", ActForm.Yes),
        new(HappeningKind.CrAccess, CrAccess.NumberSlot, "CR", ActForm.Count),
        new(HappeningKind.CrAccess, CrAccess.ValueSlot, "CR value"),
        new(HappeningKind.PortAccess, 1, "port"),
        new(HappeningKind.PortAccess, 4, "port value"),
        new(HappeningKind.MmioAccess, 2, "MMIO address"),
        new(HappeningKind.MmioAccess, 3, "MMIO value"),
        new(HappeningKind.Cpuid, CpuidAccess.FunctionSlot, "CPUID function"),
        new(HappeningKind.Cpuid, CpuidAccess.IndexSlot, "CPUID index"),
        new(HappeningKind.Hypercall, 0, "hypercall", ActForm.Count),
        new(HappeningKind.HypervHypercall, 0, "Hyper-V hypercall"),
        new(HappeningKind.XenHypercall, 0, "Xen hypercall", ActForm.Count),
        new(HappeningKind.EmulateInstruction, EmulatedInstruction.BytesSlot, "decodes", ActForm.Bytes),
        new(HappeningKind.EmulateInstruction, EmulatedInstruction.FailedSlot, "decoding fails", ActForm.Yes),
        new(HappeningKind.PageFault, 1, "page fault at"),
        new(HappeningKind.PageFault, 2, "page fault error code"),
        new(HappeningKind.Invlpga, InvlpgaExecution.AddressSlot, "INVLPGA address"),
        new(HappeningKind.Skinit, 1, "SKINIT SLB"),
        new(HappeningKind.SmmTransition, SmmTransition.EnteringSlot, "SMM", ActForm.Words, static entering => entering != 0 ? "entered" : "left"),
        new(HappeningKind.VcpuWakeup, 0, "halted for ns", ActForm.Count),
        new(HappeningKind.ApicAccess, 1, "APIC register"),
        new(HappeningKind.ApicAccess, 2, "APIC value"),
        new(HappeningKind.ApicAcceptIrq, AcceptedInterrupt.VectorSlot, "APIC accepts"),
        new(HappeningKind.Eoi, EndOfInterrupt.VectorSlot, "EOI"),
        new(HappeningKind.VmgexitEnter, 0, "VMGEXIT for", ActForm.Words, SvmExitTable.NameOf),
        new(HappeningKind.VmgexitExit, 1, "VMGEXIT answer"),
        new(HappeningKind.VmgexitMsrEnter, 0, "GHCB MSR"),
        new(HappeningKind.VmgexitMsrExit, 1, "GHCB MSR result"),
        new(HappeningKind.AvicIncompleteIpi, 1, "AVIC IPI"),
        new(HappeningKind.AvicUnacceleratedAccess, 0, "AVIC access at"),
        new(HappeningKind.AsyncPageFault, 1, "asynchronous page fault at"),
        new(HappeningKind.HypervFlushTlb, 0, "Hyper-V TLB flush of L2", ActForm.Yes),
        new(HappeningKind.ApicIpi, 0, "IPI"),
        new(HappeningKind.ApicvInhibit, ApicvInhibition.InhibitsSlot, "AVIC inhibited by"),
    ];

    /// <summary>Positions in <see cref="All"/> by kind.</summary>
    public static IReadOnlyList<int[]> ByKind { get; } =
        [.. Enum.GetValues<HappeningKind>().Select(kind => Enumerable.Range(0, All.Count).Where(row => All[row].Kind == kind).ToArray())];
}
