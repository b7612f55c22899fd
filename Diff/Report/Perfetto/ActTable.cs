using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Perfetto;

/// <summary>How a field of an event is shown.</summary>
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
/// <param name="Kind">The event it is of.</param>
/// <param name="Slot">The field.</param>
/// <param name="Name">What the argument is called.</param>
/// <param name="Form">How it is shown.</param>
/// <param name="Words">The words, for a form that has them.</param>
internal sealed record ActRow(KvmEventKind Kind, int Slot, string Name, ActForm Form = ActForm.Hex, Func<ulong, string>? Words = null);

/// <summary>What L0 did, as arguments of the slice in which it handles an exit.</summary>
internal static class ActTable
{
    /// <summary>In the order of the kinds.</summary>
    public static IReadOnlyList<ActRow> All { get; } =
    [
        new(KvmEventKind.NestedVmenter, NestedVmenter.Vmcb12Slot, "vmcb12"),
        new(KvmEventKind.NestedVmexitInject, NestedVmexitInject.ExitCodeSlot, "shown to L1", ActForm.Words, SvmExitTable.NameOf),
        new(KvmEventKind.NestedIntrVmexit, 0, "INTR for L1 at RIP"),
        new(KvmEventKind.NestedVmenterFailed, NestedVmenterFailed.ErrorSlot, "VMRUN check fails with"),
        new(KvmEventKind.InjectInterrupt, InjectedInterrupt.VectorSlot, "injects interrupt"),
        new(KvmEventKind.InjectException, InjectedException.VectorSlot, "raises", ActForm.Words, ExceptionVector.NameOf),
        new(KvmEventKind.InjectException, InjectedException.ErrorSlot, "error code", ActForm.HexIfAny),
        new(KvmEventKind.MsrAccess, MsrAccess.IndexSlot, "MSR"),
        new(KvmEventKind.MsrAccess, MsrAccess.ValueSlot, "MSR value"),
        new(KvmEventKind.MsrAccess, MsrAccess.FaultedSlot, "MSR access faults", ActForm.Yes),
        new(KvmEventKind.CrAccess, CrAccess.NumberSlot, "CR", ActForm.Count),
        new(KvmEventKind.CrAccess, CrAccess.ValueSlot, "CR value"),
        new(KvmEventKind.PortAccess, 1, "port"),
        new(KvmEventKind.PortAccess, 4, "port value"),
        new(KvmEventKind.MmioAccess, 2, "MMIO address"),
        new(KvmEventKind.MmioAccess, 3, "MMIO value"),
        new(KvmEventKind.Cpuid, CpuidAccess.FunctionSlot, "CPUID function"),
        new(KvmEventKind.Cpuid, CpuidAccess.IndexSlot, "CPUID index"),
        new(KvmEventKind.Hypercall, 0, "hypercall", ActForm.Count),
        new(KvmEventKind.HypervHypercall, 0, "Hyper-V hypercall"),
        new(KvmEventKind.XenHypercall, 0, "Xen hypercall", ActForm.Count),
        new(KvmEventKind.EmulateInstruction, EmulatedInstruction.BytesSlot, "decodes", ActForm.Bytes),
        new(KvmEventKind.EmulateInstruction, EmulatedInstruction.FailedSlot, "decoding fails", ActForm.Yes),
        new(KvmEventKind.PageFault, 1, "page fault at"),
        new(KvmEventKind.PageFault, 2, "page fault error code"),
        new(KvmEventKind.Invlpga, InvlpgaExecution.AddressSlot, "INVLPGA address"),
        new(KvmEventKind.Skinit, 1, "SKINIT SLB"),
        new(KvmEventKind.SmmTransition, SmmTransition.EnteringSlot, "SMM", ActForm.Words, static entering => entering != 0 ? "entered" : "left"),
        new(KvmEventKind.VcpuWakeup, 0, "halted for ns", ActForm.Count),
        new(KvmEventKind.ApicAccess, 1, "APIC register"),
        new(KvmEventKind.ApicAccess, 2, "APIC value"),
        new(KvmEventKind.ApicAcceptIrq, AcceptedInterrupt.VectorSlot, "APIC accepts"),
        new(KvmEventKind.Eoi, EndOfInterrupt.VectorSlot, "EOI"),
        new(KvmEventKind.VmgexitEnter, 0, "VMGEXIT for", ActForm.Words, SvmExitTable.NameOf),
        new(KvmEventKind.VmgexitExit, 1, "VMGEXIT answer"),
        new(KvmEventKind.VmgexitMsrEnter, 0, "GHCB MSR"),
        new(KvmEventKind.VmgexitMsrExit, 1, "GHCB MSR result"),
        new(KvmEventKind.AvicIncompleteIpi, 1, "AVIC IPI"),
        new(KvmEventKind.AvicUnacceleratedAccess, 0, "AVIC access at"),
        new(KvmEventKind.AsyncPageFault, 1, "asynchronous page fault at"),
        new(KvmEventKind.HypervFlushTlb, 0, "Hyper-V TLB flush of L2", ActForm.Yes),
        new(KvmEventKind.ApicIpi, 0, "IPI"),
        new(KvmEventKind.ApicvInhibit, ApicvInhibition.InhibitsSlot, "AVIC inhibited by"),
        new(KvmEventKind.EferSet, EferSet.NewSlot, "sets EFER to"),
        new(KvmEventKind.GifSet, 0, "sets GIF to", ActForm.Count),
        new(KvmEventKind.NestedLeft, 0, "leaves L2 by force on vCPU", ActForm.Count),
    ];

    /// <summary>Positions in <see cref="All"/> by kind.</summary>
    public static IReadOnlyList<int[]> ByKind { get; } =
        [.. Enum.GetValues<KvmEventKind>().Select(kind => Enumerable.Range(0, All.Count).Where(row => All[row].Kind == kind).ToArray())];
}
