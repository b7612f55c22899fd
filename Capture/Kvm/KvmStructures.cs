using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

#pragma warning disable CS1591 // Names and meanings are those of Linux include/uapi: arch/x86/include/uapi/asm/kvm.h, include/uapi/linux/kvm.h.

namespace Differ.Capture.Kvm;

/// <summary><c>struct kvm_regs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KvmRegs
{
    public ulong Rax, Rbx, Rcx, Rdx, Rsi, Rdi, Rsp, Rbp, R8, R9, R10, R11, R12, R13, R14, R15, Rip, Rflags;
}

/// <summary><c>struct kvm_segment</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KvmSegment
{
    public ulong Base;
    public uint Limit;
    public ushort Selector;
    public byte Type, Present, Dpl, Db, S, L, G, Avl, Unusable;
    private readonly byte _padding;

    /// <summary>The attributes as a VMCB has them: type, S, DPL, P, AVL, L, D/B, G from bit 0.</summary>
    public ulong Attributes
    {
        readonly get => Type | ((ulong)S << 4) | ((ulong)Dpl << 5) | ((ulong)Present << 7) | ((ulong)Avl << 8) | ((ulong)L << 9) | ((ulong)Db << 10) | ((ulong)G << 11);
        set
        {
            Type = (byte)(value & 0xf);
            S = (byte)((value >> 4) & 1);
            Dpl = (byte)((value >> 5) & 3);
            Present = (byte)((value >> 7) & 1);
            Avl = (byte)((value >> 8) & 1);
            L = (byte)((value >> 9) & 1);
            Db = (byte)((value >> 10) & 1);
            G = (byte)((value >> 11) & 1);
            Unusable = (byte)(Present ^ 1);
        }
    }
}

/// <summary><c>struct kvm_dtable</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KvmTable
{
    public ulong Base;
    public ushort Limit;
    private readonly ushort _padding0, _padding1, _padding2;
}

/// <summary><c>struct kvm_sregs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KvmSregs
{
    public KvmSegment Cs, Ds, Es, Fs, Gs, Ss, Tr, Ldt;
    public KvmTable Gdt, Idt;
    public ulong Cr0, Cr2, Cr3, Cr4, Cr8, Efer, ApicBase;
    private readonly ulong _interrupt0, _interrupt1, _interrupt2, _interrupt3;
}

/// <summary><c>struct kvm_debugregs</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 128)]
public struct KvmDebugRegs
{
    public ulong Db0, Db1, Db2, Db3, Dr6, Dr7;
}

/// <summary><c>struct kvm_vcpu_events</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct KvmVcpuEvents
{
    /// <summary>Bits of <see cref="Flags"/>.</summary>
    public const uint ShadowIsValid = 4;

    [FieldOffset(0)] public byte ExceptionInjected;
    [FieldOffset(1)] public byte ExceptionVector;
    [FieldOffset(3)] public byte ExceptionPending;
    [FieldOffset(8)] public byte InterruptInjected;
    [FieldOffset(9)] public byte InterruptVector;
    [FieldOffset(11)] public byte InterruptShadow;
    [FieldOffset(12)] public byte NmiInjected;
    [FieldOffset(13)] public byte NmiPending;
    [FieldOffset(14)] public byte NmiMasked;
    [FieldOffset(20)] public uint Flags;
    [FieldOffset(24)] public byte Smm;
    [FieldOffset(25)] public byte SmiPending;
    [FieldOffset(27)] public byte InitLatched;
}

/// <summary>The head of <c>struct kvm_nested_state</c>, as SVM uses it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public struct KvmNestedState
{
    /// <summary>Bits of <see cref="Flags"/>.</summary>
    public const ushort GuestMode = 1, GifSet = 0x100;

    /// <summary>What <see cref="Format"/> is for SVM.</summary>
    public const ushort Svm = 1;

    [FieldOffset(0)] public ushort Flags;
    [FieldOffset(2)] public ushort Format;
    [FieldOffset(4)] public uint Size;
    [FieldOffset(8)] public ulong Vmcb;
}

/// <summary><c>struct kvm_fpu</c>, the control words of it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 416)]
public struct KvmFpu
{
    [FieldOffset(128)] public ushort ControlWord;
    [FieldOffset(130)] public ushort StatusWord;
    [FieldOffset(408)] public uint Mxcsr;
}

/// <summary><c>struct kvm_cpuid_entry2</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
public struct KvmCpuidEntry
{
    public uint Function, Index, Flags, Eax, Ebx, Ecx, Edx;
}

/// <summary><c>struct kvm_userspace_memory_region</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmMemoryRegion
{
    public uint Slot, Flags;
    public ulong GuestAddress, Size, UserAddress;
}

/// <summary><c>struct kvm_enable_cap</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 104)]
internal struct KvmEnableCap
{
    public uint Cap, Flags;
    public ulong Argument;
}

/// <summary><c>struct kvm_msi</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal struct KvmMsi
{
    public uint AddressLow, AddressHigh, Data, Flags;
}

/// <summary><c>struct kvm_x86_mce</c>.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct KvmMce
{
    public ulong Status, Address, Misc, GlobalStatus;
    public byte Bank;
}

/// <summary><c>struct kvm_msrs</c> with one entry.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KvmOneMsr
{
    public uint Count, Padding, Index, Reserved;
    public ulong Data;
}

/// <summary>A local APIC's page.</summary>
[InlineArray(1024)]
internal struct KvmLapic
{
    private byte _first;
}

#pragma warning restore CS1591
