using System.Buffers.Binary;
using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>kvm_msr: RDMSR or WRMSR that L0 handled.</summary>
/// <param name="Write">WRMSR.</param>
/// <param name="Index">ECX.</param>
/// <param name="Value">EDX:EAX written or read.</param>
/// <param name="Faulted">L0 answered with #GP.</param>
public readonly record struct MsrAccess(bool Write, uint Index, ulong Value, bool Faulted)
{
    /// <summary>Positions of the fields.</summary>
    public const int WriteSlot = 0, IndexSlot = 1, ValueSlot = 2, FaultedSlot = 3;

    /// <summary>Reads the fields of an event.</summary>
    public static MsrAccess Of(in KvmEvent h) =>
        new(h.Values[WriteSlot] != 0, h.U32(IndexSlot), h.Values[ValueSlot], h.Values[FaultedSlot] != 0);
}

/// <summary>kvm_cr: MOV to or from a control register that L0 handled; recorded before a written value is checked.</summary>
/// <param name="Write">MOV to the register.</param>
/// <param name="Number">0, 2, 3, 4 or 8.</param>
/// <param name="Value">The value.</param>
public readonly record struct CrAccess(bool Write, uint Number, ulong Value)
{
    /// <summary>Positions of the fields.</summary>
    public const int WriteSlot = 0, NumberSlot = 1, ValueSlot = 2;

    /// <summary>Reads the fields of an event.</summary>
    public static CrAccess Of(in KvmEvent h) => new(h.Values[WriteSlot] != 0, h.U32(NumberSlot), h.Values[ValueSlot]);
}

/// <summary>kvm_cpuid: a leaf of CPUID as the guest saw it; or one of the table that the VMM gave it, which has the same fields but the last.</summary>
/// <param name="Function">EAX before.</param>
/// <param name="Index">ECX before; unseen before 5.5.</param>
/// <param name="Eax">EAX after.</param>
/// <param name="Ebx">EBX after.</param>
/// <param name="Ecx">ECX after.</param>
/// <param name="Edx">EDX after.</param>
public readonly record struct CpuidAccess(uint Function, Observed<uint> Index, uint Eax, uint Ebx, uint Ecx, uint Edx)
{
    /// <summary>Positions of the fields.</summary>
    public const int FunctionSlot = 0, IndexSlot = 1, EaxSlot = 2, EbxSlot = 3, EcxSlot = 4, EdxSlot = 5, FoundSlot = 6;

    /// <summary>Reads the fields of an event.</summary>
    public static CpuidAccess Of(in KvmEvent h) => new(
        h.U32(FunctionSlot), h.At32(IndexSlot), h.U32(EaxSlot),
        h.U32(EbxSlot), h.U32(EcxSlot), h.U32(EdxSlot));
}

/// <summary>The operating mode in which L0 decoded an instruction (kvm_emulate_insn flags).</summary>
public enum DecodeMode : byte
{
    /// <summary>Real mode.</summary>
    Real = 0,

    /// <summary>16-bit protected mode.</summary>
    Protected16 = 1,

    /// <summary>Virtual-8086 mode, as the kernel stores it.</summary>
    Virtual8086 = 2,

    /// <summary>32-bit protected mode.</summary>
    Protected32 = 5,

    /// <summary>64-bit mode.</summary>
    Long64 = 9,

    /// <summary>Not known to the kernel, or not printed.</summary>
    Unknown = 0xff,
}

/// <summary>kvm_emulate_insn: an instruction L0 decoded.</summary>
/// <param name="Rip">Offset of the instruction in CS.</param>
/// <param name="CsBase">Base of CS, low 32 bits.</param>
/// <param name="Length">Bytes the decoder consumed, 0..15.</param>
/// <param name="BytesLow">The first eight bytes, least significant first.</param>
/// <param name="BytesHigh">The rest.</param>
/// <param name="Mode">Operating mode; other numbers are possible.</param>
/// <param name="Failed">L0 could not emulate it.</param>
public readonly record struct EmulatedInstruction(
    ulong Rip, uint CsBase, int Length, ulong BytesLow, ulong BytesHigh, DecodeMode Mode, bool Failed)
{
    /// <summary>Positions of the fields.</summary>
    public const int RipSlot = 0, CsBaseSlot = 1, LengthSlot = 2, BytesSlot = 3, ModeSlot = 5, FailedSlot = 6;

    /// <summary>Reads the fields of an event.</summary>
    public static EmulatedInstruction Of(in KvmEvent h) => new(
        h.Values[RipSlot], h.U32(CsBaseSlot), (int)Math.Min(h.Values[LengthSlot], 15),
        h.Values[BytesSlot], h.Values[BytesSlot + 1], (DecodeMode)Math.Min(h.Values[ModeSlot], byte.MaxValue), h.Values[FailedSlot] != 0);

    /// <summary>Copies the consumed bytes.</summary>
    /// <param name="to">At least 16 bytes.</param>
    /// <returns>The part of <paramref name="to"/> that holds the instruction.</returns>
    public Span<byte> CopyBytes(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, BytesLow);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], BytesHigh);
        return to[..Length];
    }
}

/// <summary>kvm_invlpga: INVLPGA that L0 executed.</summary>
/// <param name="Address">rAX as L0 took it.</param>
public readonly record struct InvlpgaExecution(ulong Address)
{
    /// <summary>Position of the field.</summary>
    public const int AddressSlot = 2;

    /// <summary>Reads the fields of an event.</summary>
    public static InvlpgaExecution Of(in KvmEvent h) => new(h.Values[AddressSlot]);
}

/// <summary>kvm_apic: an access to a local APIC register that L0 handled.</summary>
/// <param name="Write">A write.</param>
/// <param name="Register">Offset of the register; 0x80 is the task priority.</param>
/// <param name="Value">The value.</param>
public readonly record struct ApicAccess(bool Write, uint Register, ulong Value)
{
    /// <summary>Positions of the fields.</summary>
    public const int WriteSlot = 0, RegisterSlot = 1, ValueSlot = 2;

    /// <summary>Offset of the task priority register.</summary>
    public const uint TaskPriority = 0x80;

    /// <summary>Reads the fields of an event.</summary>
    public static ApicAccess Of(in KvmEvent h) => new(h.Values[WriteSlot] != 0, h.U32(RegisterSlot), h.Values[ValueSlot]);
}

/// <summary>L0 read memory of the guest.</summary>
/// <param name="Address">Guest-physical address.</param>
/// <param name="Length">Bytes, at most 8.</param>
/// <param name="Value">What stood there, least significant byte first.</param>
public readonly record struct GuestRead(ulong Address, int Length, ulong Value)
{
    /// <summary>Positions of the fields.</summary>
    public const int AddressSlot = 0, LengthSlot = 1, ValueSlot = 2;

    /// <summary>Reads the fields of an event.</summary>
    public static GuestRead Of(in KvmEvent h) =>
        new(h.Values[AddressSlot], (int)Math.Min(h.Values[LengthSlot], sizeof(ulong)), h.Values[ValueSlot]);
}

/// <summary>L0 set EFER of the guest that runs.</summary>
/// <param name="Old">What it was.</param>
/// <param name="New">What it is.</param>
public readonly record struct EferSet(ulong Old, ulong New)
{
    /// <summary>Positions of the fields.</summary>
    public const int OldSlot = 0, NewSlot = 1;

    /// <summary>Reads the fields of an event.</summary>
    public static EferSet Of(in KvmEvent h) => new(h.Values[OldSlot], h.Values[NewSlot]);
}
