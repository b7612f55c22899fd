namespace Differ.Schemas.Run;

/// <summary>How a field of an event is written in a run file.</summary>
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

/// <summary>The fields of one kind of event.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Name">The message's name in run.proto.</param>
/// <param name="Slots">Names of the fields, as in run.proto; the field with number n is in slot n - 1.</param>
public sealed record EventSchema(KvmEventKind Kind, string Name, IReadOnlyList<string> Slots)
{
    /// <summary>How a slot is written.</summary>
    public SlotForm FormOf(int slot) => (Kind, slot) switch
    {
        (KvmEventKind.EmulateInstruction, EmulatedInstruction.BytesSlot) => SlotForm.Bytes,
        (KvmEventKind.EmulateInstruction, EmulatedInstruction.BytesSlot + 1) => SlotForm.BytesTail,
        (KvmEventKind.NestedVmenterFailed, NestedVmenterFailed.MessageSlot) => SlotForm.Text,
        _ => SlotForm.Number,
    };
}

/// <summary>Every kind of event with its fields: the one place that run.proto, the capture tables and the typed views agree on.</summary>
public static class EventSchemas
{
    /// <summary>In the order of the numbers.</summary>
    public static IReadOnlyList<EventSchema> All { get; } =
    [
        new(KvmEventKind.NestedVmexit, "NestedVmexit", ["exit_code", "rip", "info1", "info2", "int_info", "int_info_error"]),
        new(KvmEventKind.NestedVmenter, "NestedVmenter", ["rip", "vmcb12", "nested_rip", "int_ctl", "event_inj", "nested_paging", "cr3"]),
        new(KvmEventKind.NestedIntercepts, "NestedIntercepts", ["cr_read", "cr_write", "exceptions", "word3", "word4", "word5"]),
        new(KvmEventKind.NestedVmexitInject, "NestedVmexitInject", ["exit_code", "info1", "info2", "int_info", "int_info_error"]),
        new(KvmEventKind.NestedIntrVmexit, "NestedIntrVmexit", ["rip"]),
        new(KvmEventKind.NestedVmenterFailed, "NestedVmenterFailed", ["message", "error"]),
        new(KvmEventKind.InjectInterrupt, "InjectInterrupt", ["vector", "soft", "reinjected"]),
        new(KvmEventKind.InjectException, "InjectException", ["vector", "pushes_error", "error", "reinjected"]),
        new(KvmEventKind.MsrAccess, "MsrAccess", ["write", "index", "value", "faulted"]),
        new(KvmEventKind.CrAccess, "CrAccess", ["write", "number", "value"]),
        new(KvmEventKind.PortAccess, "PortAccess", ["write", "port", "size", "count", "value"]),
        new(KvmEventKind.MmioAccess, "MmioAccess", ["type", "length", "gpa", "value"]),
        new(KvmEventKind.Cpuid, "Cpuid", ["function", "index", "eax", "ebx", "ecx", "edx", "found"]),
        new(KvmEventKind.Hypercall, "Hypercall", ["number", "a0", "a1", "a2", "a3"]),
        new(KvmEventKind.HypervHypercall, "HypervHypercall", ["code", "fast", "rep_count", "rep_index", "input", "output"]),
        new(KvmEventKind.XenHypercall, "XenHypercall", ["number", "a0", "a1", "a2", "a3", "a4", "a5", "cpl"]),
        new(KvmEventKind.EmulateInstruction, "EmulateInstruction", ["rip", "cs_base", "length", "bytes", "bytes_tail", "mode", "failed"]),
        new(KvmEventKind.PageFault, "PageFault", ["rip", "address", "error_code"]),
        new(KvmEventKind.Invlpga, "Invlpga", ["rip", "asid", "address"]),
        new(KvmEventKind.Skinit, "Skinit", ["rip", "slb"]),
        new(KvmEventKind.UserspaceExit, "UserspaceExit", ["reason", "errno"]),
        new(KvmEventKind.SmmTransition, "SmmTransition", ["smbase", "entering"]),
        new(KvmEventKind.VcpuWakeup, "VcpuWakeup", ["nanoseconds", "waited", "valid"]),
        new(KvmEventKind.ApicAccess, "ApicAccess", ["write", "register", "value"]),
        new(KvmEventKind.ApicAcceptIrq, "ApicAcceptIrq", ["vcpu", "delivery_mode", "trigger_mode", "vector"]),
        new(KvmEventKind.Eoi, "Eoi", ["vcpu", "vector"]),
        new(KvmEventKind.VmgexitEnter, "VmgexitEnter", ["exit_code", "info1", "info2"]),
        new(KvmEventKind.VmgexitExit, "VmgexitExit", ["exit_code", "info1", "info2"]),
        new(KvmEventKind.VmgexitMsrEnter, "VmgexitMsrEnter", ["ghcb_gpa"]),
        new(KvmEventKind.VmgexitMsrExit, "VmgexitMsrExit", ["ghcb_gpa", "result"]),
        new(KvmEventKind.AvicIncompleteIpi, "AvicIncompleteIpi", ["icrh", "icrl", "id", "index"]),
        new(KvmEventKind.AvicUnacceleratedAccess, "AvicUnacceleratedAccess", ["offset", "trap", "write", "vector"]),
        new(KvmEventKind.AsyncPageFault, "AsyncPageFault", ["token", "address"]),
        new(KvmEventKind.KvmRun, "KvmRun", ["load"]),
        new(KvmEventKind.HypervFlushTlb, "HypervFlushTlb", ["guest_mode"]),
        new(KvmEventKind.ApicIpi, "ApicIpi", ["icr_low", "destination"]),
        new(KvmEventKind.ApicvInhibit, "ApicvInhibit", ["reason", "set", "inhibits"]),
        new(KvmEventKind.StateValue, "StateValue", ["moment", "position", "value"]),
        new(KvmEventKind.GuestRead, "GuestRead", ["address", "length", "value"]),
        new(KvmEventKind.GuestCpuid, "GuestCpuid", ["function", "index", "eax", "ebx", "ecx", "edx"]),
        new(KvmEventKind.EferSet, "EferSet", ["old", "new"]),
        new(KvmEventKind.GifSet, "GifSet", ["value"]),
        new(KvmEventKind.NestedLeft, "NestedLeft", ["vcpu"]),
    ];

    /// <summary>The shape of a kind.</summary>
    public static EventSchema Of(KvmEventKind kind) => All[(int)kind - 1];
}
