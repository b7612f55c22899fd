using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Replay.Redaction.ValueForm;

namespace Differ.Replay.Redaction;

/// <summary>What becomes of a value.</summary>
internal enum ValueForm : byte
{
    /// <summary>It stays: codes, numbers of registers, flags, what rules look into bit by bit.</summary>
    Kept,

    /// <summary>An address, linear or physical, or what may be one.</summary>
    Address,

    /// <summary>What CR3 holds: a physical address with flags above it.</summary>
    Cr3,

    /// <summary>What a guest wrote or read, in which no rule looks.</summary>
    Data,

    /// <summary>The same, of as many bytes as the event or the field says.</summary>
    SizedData,

    /// <summary>By the exit code of the event: see <see cref="RedactedForms.OfInfo"/>.</summary>
    Info1,

    /// <summary>The same.</summary>
    Info2,

    /// <summary>By the MSR.</summary>
    MsrValue,

    /// <summary>The number of an MSR where one is accessed; elsewhere it may be an address.</summary>
    MsrIndex,

    /// <summary>By the control register.</summary>
    ControlRegister,

    /// <summary>Memory of the guest: permission bits stay where L0 asked for them.</summary>
    Memory,

    /// <summary>Bytes of an instruction, of which what it does stays.</summary>
    Instruction,
}

/// <summary>The fields of one kind of event.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Slots">What becomes of each slot, as many as <see cref="EventSchema.Slots"/>.</param>
internal sealed record RedactedEvent(KvmEventKind Kind, params ValueForm[] Slots);

/// <summary>What becomes of every value that a recording may hold.</summary>
internal static class RedactedForms
{
    // Registers beside the exit codes' own: FS_BASE and the like, and what guests tell the hypervisor, have addresses.
    private const uint FirstOfSystem = 0xc000_0080, LastOfSystem = 0xc000_0104, FirstOfSvm = 0xc001_0000, LastOfSvm = 0xc001_1fff;
    private const uint Lstar = 0xc000_0082, Cstar = 0xc000_0083, FsBase = 0xc000_0100, KernelGsBase = 0xc000_0102;
    private const uint VmHsavePa = 0xc001_0117, SmmBase = 0xc001_0111, SysenterEsp = 0x175, SysenterEip = 0x176, LastArchitectural = 0xfff;

    /// <summary>In the order of the kinds.</summary>
    public static IReadOnlyList<RedactedEvent> Events { get; } =
    [
        new(KvmEventKind.NestedVmexit, Kept, Address, Info1, Info2, Kept, Kept),
        new(KvmEventKind.NestedVmenter, Address, Address, Address, Kept, Kept, Kept, Cr3),
        new(KvmEventKind.NestedIntercepts, Kept, Kept, Kept, Kept, Kept, Kept),
        new(KvmEventKind.NestedVmexitInject, Kept, Info1, Info2, Kept, Kept),
        new(KvmEventKind.NestedIntrVmexit, Address),
        new(KvmEventKind.NestedVmenterFailed, Kept, Kept),
        new(KvmEventKind.InjectInterrupt, Kept, Kept, Kept),
        new(KvmEventKind.InjectException, Kept, Kept, Kept, Kept),
        new(KvmEventKind.MsrAccess, Kept, Kept, MsrValue, Kept),
        new(KvmEventKind.CrAccess, Kept, Kept, ControlRegister),
        new(KvmEventKind.PortAccess, Kept, Kept, Kept, Kept, SizedData),
        new(KvmEventKind.MmioAccess, Kept, Kept, Address, SizedData),
        new(KvmEventKind.Cpuid, Kept, Kept, Kept, Kept, Kept, Kept, Kept),
        new(KvmEventKind.Hypercall, Kept, Data, Data, Data, Data),
        new(KvmEventKind.HypervHypercall, Kept, Kept, Kept, Kept, Data, Data),
        new(KvmEventKind.XenHypercall, Kept, Data, Data, Data, Data, Data, Data, Kept),
        new(KvmEventKind.EmulateInstruction, Address, Address, Kept, Instruction, Instruction, Kept, Kept),
        new(KvmEventKind.PageFault, Address, Address, Kept),
        new(KvmEventKind.Invlpga, Address, Kept, Address),
        new(KvmEventKind.Skinit, Address, Address),
        new(KvmEventKind.UserspaceExit, Kept, Kept),
        new(KvmEventKind.SmmTransition, Address, Kept),
        new(KvmEventKind.VcpuWakeup, Kept, Kept, Kept),
        new(KvmEventKind.ApicAccess, Kept, Kept, Kept),
        new(KvmEventKind.ApicAcceptIrq, Kept, Kept, Kept, Kept),
        new(KvmEventKind.Eoi, Kept, Kept),
        new(KvmEventKind.VmgexitEnter, Kept, Info1, Info2),
        new(KvmEventKind.VmgexitExit, Kept, Info1, Info2),
        new(KvmEventKind.VmgexitMsrEnter, Address),
        new(KvmEventKind.VmgexitMsrExit, Address, Kept),
        new(KvmEventKind.AvicIncompleteIpi, Kept, Kept, Kept, Kept),
        new(KvmEventKind.AvicUnacceleratedAccess, Kept, Kept, Kept, Kept),
        new(KvmEventKind.AsyncPageFault, Address, Address),
        new(KvmEventKind.KvmRun, Kept),
        new(KvmEventKind.HypervFlushTlb, Kept),
        new(KvmEventKind.ApicIpi, Kept, Kept),
        new(KvmEventKind.ApicvInhibit, Kept, Kept, Kept),

        // A state is none of the events of a record: see OfField.
        new(KvmEventKind.StateValue, Kept, Kept, Data),
        new(KvmEventKind.GuestRead, Address, Kept, Memory),
        new(KvmEventKind.GuestCpuid, Kept, Kept, Kept, Kept, Kept, Kept),
        new(KvmEventKind.EferSet, Kept, Kept),
        new(KvmEventKind.GifSet, Kept),
        new(KvmEventKind.NestedLeft, Kept),
    ];

    /// <summary>What becomes of EXITINFO1 and EXITINFO2 of a code. Small numbers, as error codes are, stay also where they would be addresses.</summary>
    public static (ValueForm Info1, ValueForm Info2) OfInfo(SvmExitCode code) =>
        code == SvmExitCode.Npf || code == SvmExitCode.Ioio ? (Kept, Address)
        : code.Value < SvmExitCode.Exception.Value || code == SvmExitCode.Cr0SelWrite || code == SvmExitCode.EferWriteTrap || IsCrTrap(code)
            || code == SvmExitCode.Msr || code == SvmExitCode.TaskSwitch || code == SvmExitCode.AvicIncompleteIpi || code == SvmExitCode.AvicNoAccel ? (Kept, Kept)
        : (Address, Address);

    /// <summary>What becomes of the value of an MSR.</summary>
    public static ValueForm OfMsr(uint index) => index switch
    {
        Lstar or Cstar or (>= FsBase and <= KernelGsBase) or SysenterEsp or SysenterEip or VmHsavePa or SmmBase => Address,
        <= LastArchitectural or (>= FirstOfSystem and <= LastOfSystem) or (>= FirstOfSvm and <= LastOfSvm) => Kept,
        _ => Address,
    };

    /// <summary>What becomes of a control register.</summary>
    public static ValueForm OfControlRegister(uint number) => number switch
    {
        2 => Address,
        3 => Cr3,
        _ => Kept,
    };

    /// <summary>What becomes of a field of the VMCB, or of a register beside it.</summary>
    public static ValueForm OfField(VmcbField field) => field switch
    {
        VmcbField.IopmBasePa or VmcbField.MsrpmBasePa or VmcbField.AvicApicBar or VmcbField.GhcbPa or VmcbField.NCr3 or VmcbField.AvicBackingPage
            or VmcbField.AvicLogicalTable or VmcbField.AvicPhysicalTable or VmcbField.VmsaPointer or VmcbField.Cr3Register or VmcbField.VmHsavePa => Address,
        VmcbField.NextRip or VmcbField.EsBase or VmcbField.CsBase or VmcbField.SsBase or VmcbField.DsBase or VmcbField.FsBase or VmcbField.GsBase
            or VmcbField.GdtrBase or VmcbField.LdtrBase or VmcbField.IdtrBase or VmcbField.TrBase or VmcbField.Rip or VmcbField.Rsp or VmcbField.SCet
            or VmcbField.Ssp or VmcbField.IsstAddr or VmcbField.Rax or VmcbField.Lstar or VmcbField.Cstar or VmcbField.KernelGsBase or VmcbField.SysenterEsp
            or VmcbField.SysenterEip or VmcbField.Cr2 or VmcbField.BrFrom or VmcbField.BrTo or VmcbField.LastExcpFrom or VmcbField.LastExcpTo => Address,
        VmcbField.InstructionBytesLow or VmcbField.InstructionBytesHigh => SizedData,
        VmcbField.ExitInfo1 => Info1,
        VmcbField.ExitInfo2 => Info2,
        VmcbField.GuestRcx => MsrIndex,
        _ => Kept,
    };

    private static bool IsCrTrap(SvmExitCode code) => code.Value >= SvmExitCode.CrWriteTrap.Value && code.Value <= SvmExitCode.LastCrWriteTrap.Value;
}
