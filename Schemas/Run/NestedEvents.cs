using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>kvm_nested_vmenter or kvm_nested_vmrun: what L1 asked for in vmcb12 (Linux arch/x86/kvm/trace.h).</summary>
/// <param name="Rip">L1's RIP in the VMCB: of VMRUN itself up to 5.12, of the next instruction since.</param>
/// <param name="Vmcb12">Guest-physical address of vmcb12, RAX of VMRUN.</param>
/// <param name="NestedRip">RIP of vmcb12, where L2 starts.</param>
/// <param name="IntCtl">Low 32 bits of vmcb12 offset 060h.</param>
/// <param name="EventInj">Low 32 bits of EVENTINJ in vmcb12.</param>
/// <param name="NestedPaging">Whether any bit of vmcb12 offset 090h is set, not only NP_ENABLE.</param>
/// <param name="Cr3">nCR3 when <paramref name="NestedPaging"/>, else CR3 of vmcb12; unseen before 6.1.</param>
public readonly record struct NestedVmenter(
    ulong Rip, ulong Vmcb12, ulong NestedRip, uint IntCtl, EventInfo EventInj, Truth NestedPaging, Observed<ulong> Cr3)
{
    /// <summary>Positions of the fields.</summary>
    public const int RipSlot = 0, Vmcb12Slot = 1, NestedRipSlot = 2, IntCtlSlot = 3, EventInjSlot = 4, NestedPagingSlot = 5, Cr3Slot = 6;

    /// <summary>Reads the fields of an event.</summary>
    public static NestedVmenter Of(in KvmEvent h) => new(
        h.Values[RipSlot], h.Values[Vmcb12Slot], h.Values[NestedRipSlot], h.U32(IntCtlSlot),
        new EventInfo(h.U32(EventInjSlot)), h.Question(NestedPagingSlot), h.At(Cr3Slot));
}

/// <summary>kvm_nested_intercepts: the intercept words of vmcb12 that the kernel records. Word 1 (debug registers) is never recorded.</summary>
/// <param name="CrRead">Low half of word 0.</param>
/// <param name="CrWrite">High half of word 0.</param>
/// <param name="Exceptions">Word 2.</param>
/// <param name="Word3">Word 3: INTR is bit 0, SHUTDOWN bit 31.</param>
/// <param name="Word4">Word 4: VMRUN is bit 0.</param>
/// <param name="Word5">Word 5; unseen before 5.10.</param>
public readonly record struct NestedIntercepts(ushort CrRead, ushort CrWrite, uint Exceptions, uint Word3, uint Word4, Observed<uint> Word5)
{
    /// <summary>Positions of the fields.</summary>
    public const int CrReadSlot = 0, CrWriteSlot = 1, ExceptionsSlot = 2, Word3Slot = 3, Word4Slot = 4, Word5Slot = 5;

    /// <summary>Reads the fields of an event.</summary>
    public static NestedIntercepts Of(in KvmEvent h) => new(
        h.U16(CrReadSlot), h.U16(CrWriteSlot), h.U32(ExceptionsSlot),
        h.U32(Word3Slot), h.U32(Word4Slot), h.At32(Word5Slot));
}

/// <summary>kvm_nested_vmexit: a #VMEXIT taken while L2 ran, before it is decided who owns it.</summary>
/// <param name="ExitCode">EXITCODE.</param>
/// <param name="Rip">L2's RIP.</param>
/// <param name="Info1">EXITINFO1.</param>
/// <param name="Info2">EXITINFO2.</param>
/// <param name="IntInfo">EXITINTINFO.</param>
/// <param name="IntInfoError">Its error code.</param>
public readonly record struct NestedVmexit(SvmExitCode ExitCode, ulong Rip, ulong Info1, ulong Info2, EventInfo IntInfo, uint IntInfoError)
{
    /// <summary>Positions of the fields.</summary>
    public const int ExitCodeSlot = 0, RipSlot = 1, Info1Slot = 2, Info2Slot = 3, IntInfoSlot = 4, IntInfoErrorSlot = 5;

    /// <summary>Reads the fields of an event.</summary>
    public static NestedVmexit Of(in KvmEvent h) => new(
        new(h.Values[ExitCodeSlot]), h.Values[RipSlot], h.Values[Info1Slot], h.Values[Info2Slot],
        new EventInfo(h.U32(IntInfoSlot)), h.U32(IntInfoErrorSlot));
}

/// <summary>kvm_nested_vmexit_inject: the #VMEXIT that L1 finds in vmcb12.</summary>
/// <param name="ExitCode">EXITCODE, 32 bits in every kernel so far.</param>
/// <param name="Info1">EXITINFO1.</param>
/// <param name="Info2">EXITINFO2.</param>
/// <param name="IntInfo">EXITINTINFO.</param>
/// <param name="IntInfoError">Its error code.</param>
public readonly record struct NestedVmexitInject(SvmExitCode ExitCode, ulong Info1, ulong Info2, EventInfo IntInfo, uint IntInfoError)
{
    /// <summary>Positions of the fields.</summary>
    public const int ExitCodeSlot = 0, Info1Slot = 1, Info2Slot = 2, IntInfoSlot = 3, IntInfoErrorSlot = 4;

    /// <summary>Reads the fields of an event.</summary>
    public static NestedVmexitInject Of(in KvmEvent h) => new(
        new(h.Values[ExitCodeSlot]), h.Values[Info1Slot], h.Values[Info2Slot],
        new EventInfo(h.U32(IntInfoSlot)), h.U32(IntInfoErrorSlot));
}

/// <summary>kvm_nested_vmenter_failed: the text of the violated condition, as it stands in the kernel's source.</summary>
/// <param name="Message">Number of the text in the run's <see cref="TextTable"/>.</param>
public readonly record struct NestedVmenterFailed(int Message)
{
    /// <summary>Positions of the fields.</summary>
    public const int MessageSlot = 0, ErrorSlot = 1;

    /// <summary>Reads the fields of an event.</summary>
    public static NestedVmenterFailed Of(in KvmEvent h) => new((int)(h.Values[MessageSlot] & int.MaxValue));
}
