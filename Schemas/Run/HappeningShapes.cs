namespace Differ.Schemas.Run;

/// <summary>How a field of a happening is written in a run file.</summary>
public enum SlotForm : byte
{
    /// <summary>An unsigned number.</summary>
    Number,

    /// <summary>Instruction bytes: the slot holds the first eight, the next slot the rest, least significant byte first.</summary>
    Bytes,

    /// <summary>The upper half of <see cref="Bytes"/>; has no field of its own.</summary>
    BytesTail,

    /// <summary>A text of the run's <see cref="TextTable"/>.</summary>
    Text,
}

/// <summary>The fields of one kind of happening.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Name">The message's name in run.proto.</param>
/// <param name="Slots">Names of the fields, as in run.proto; the field with number n is in slot n - 1.</param>
public sealed record HappeningShape(HappeningKind Kind, string Name, IReadOnlyList<string> Slots)
{
    /// <summary>How a slot is written.</summary>
    public SlotForm FormOf(int slot) => (Kind, slot) switch
    {
        (HappeningKind.EmulateInstruction, EmulatedInstruction.BytesSlot) => SlotForm.Bytes,
        (HappeningKind.EmulateInstruction, EmulatedInstruction.BytesSlot + 1) => SlotForm.BytesTail,
        (HappeningKind.NestedVmenterFailed, NestedVmenterFailed.MessageSlot) => SlotForm.Text,
        _ => SlotForm.Number,
    };
}

/// <summary>Every kind of happening with its fields: the one place that run.proto, the capture tables and the typed views agree on.</summary>
public static class HappeningShapes
{
    /// <summary>In the order of the numbers.</summary>
    public static IReadOnlyList<HappeningShape> All { get; } =
    [
        new(HappeningKind.NestedVmexit, "NestedVmexit", ["exit_code", "rip", "info1", "info2", "int_info", "int_info_error"]),
        new(HappeningKind.NestedVmenter, "NestedVmenter", ["rip", "vmcb12", "nested_rip", "int_ctl", "event_inj", "nested_paging", "cr3"]),
        new(HappeningKind.NestedIntercepts, "NestedIntercepts", ["cr_read", "cr_write", "exceptions", "word3", "word4", "word5"]),
        new(HappeningKind.NestedVmexitInject, "NestedVmexitInject", ["exit_code", "info1", "info2", "int_info", "int_info_error"]),
        new(HappeningKind.NestedIntrVmexit, "NestedIntrVmexit", ["rip"]),
        new(HappeningKind.NestedVmenterFailed, "NestedVmenterFailed", ["message", "error"]),
        new(HappeningKind.InjectInterrupt, "InjectInterrupt", ["vector", "soft", "reinjected"]),
        new(HappeningKind.InjectException, "InjectException", ["vector", "pushes_error", "error", "reinjected"]),
        new(HappeningKind.MsrAccess, "MsrAccess", ["write", "index", "value", "faulted"]),
        new(HappeningKind.CrAccess, "CrAccess", ["write", "number", "value"]),
        new(HappeningKind.PortAccess, "PortAccess", ["write", "port", "size", "count", "value"]),
        new(HappeningKind.MmioAccess, "MmioAccess", ["type", "length", "gpa", "value"]),
        new(HappeningKind.Cpuid, "Cpuid", ["function", "index", "eax", "ebx", "ecx", "edx", "found"]),
        new(HappeningKind.Hypercall, "Hypercall", ["number", "a0", "a1", "a2", "a3"]),
        new(HappeningKind.HypervHypercall, "HypervHypercall", ["code", "fast", "rep_count", "rep_index", "input", "output"]),
        new(HappeningKind.XenHypercall, "XenHypercall", ["number", "a0", "a1", "a2", "a3", "a4", "a5", "cpl"]),
        new(HappeningKind.EmulateInstruction, "EmulateInstruction", ["rip", "cs_base", "length", "bytes", "bytes_tail", "mode", "failed"]),
        new(HappeningKind.PageFault, "PageFault", ["rip", "address", "error_code"]),
        new(HappeningKind.Invlpga, "Invlpga", ["rip", "asid", "address"]),
        new(HappeningKind.Skinit, "Skinit", ["rip", "slb"]),
        new(HappeningKind.UserspaceExit, "UserspaceExit", ["reason", "errno"]),
        new(HappeningKind.SmmTransition, "SmmTransition", ["smbase", "entering"]),
        new(HappeningKind.VcpuWakeup, "VcpuWakeup", ["nanoseconds", "waited", "valid"]),
        new(HappeningKind.ApicAccess, "ApicAccess", ["write", "register", "value"]),
        new(HappeningKind.ApicAcceptIrq, "ApicAcceptIrq", ["vcpu", "delivery_mode", "trigger_mode", "vector"]),
        new(HappeningKind.Eoi, "Eoi", ["vcpu", "vector"]),
        new(HappeningKind.VmgexitEnter, "VmgexitEnter", ["exit_code", "info1", "info2"]),
        new(HappeningKind.VmgexitExit, "VmgexitExit", ["exit_code", "info1", "info2"]),
        new(HappeningKind.VmgexitMsrEnter, "VmgexitMsrEnter", ["ghcb_gpa"]),
        new(HappeningKind.VmgexitMsrExit, "VmgexitMsrExit", ["ghcb_gpa", "result"]),
        new(HappeningKind.AvicIncompleteIpi, "AvicIncompleteIpi", ["icrh", "icrl", "id", "index"]),
        new(HappeningKind.AvicUnacceleratedAccess, "AvicUnacceleratedAccess", ["offset", "trap", "write", "vector"]),
        new(HappeningKind.AsyncPageFault, "AsyncPageFault", ["token", "address"]),
        new(HappeningKind.KvmRun, "KvmRun", ["load"]),
        new(HappeningKind.HypervFlushTlb, "HypervFlushTlb", ["guest_mode"]),
        new(HappeningKind.ApicIpi, "ApicIpi", ["icr_low", "destination"]),
        new(HappeningKind.ApicvInhibit, "ApicvInhibit", ["reason", "set", "inhibits"]),
        new(HappeningKind.StateValue, "StateValue", ["moment", "position", "value"]),
        new(HappeningKind.GuestRead, "GuestRead", ["address", "length", "value"]),
    ];

    /// <summary>The shape of a kind.</summary>
    public static HappeningShape Of(HappeningKind kind) => All[(int)kind - 1];
}
