using System.Runtime.InteropServices;

namespace Differ.Capture.Kvm;

/// <summary>Why KVM_RUN came back (<c>KVM_EXIT_…</c>).</summary>
public enum KvmExit : uint
{
    /// <summary>A port.</summary>
    Io = 2,

    /// <summary>HLT, without an interrupt controller in the kernel.</summary>
    Hlt = 5,

    /// <summary>Memory that no slot holds.</summary>
    Mmio = 6,

    /// <summary>Shutdown.</summary>
    Shutdown = 8,

    /// <summary>The processor refused the guest.</summary>
    FailEntry = 9,

    /// <summary>A signal came.</summary>
    Interrupted = 10,

    /// <summary>KVM gave up.</summary>
    InternalError = 17,
}

/// <summary>An access of a guest that its VMM answers.</summary>
/// <param name="Number">Port, or physical address.</param>
/// <param name="IsWrite">Whether the guest writes.</param>
/// <param name="Size">Bytes of one item.</param>
/// <param name="Count">Items.</param>
public readonly record struct KvmAccess(ulong Number, bool IsWrite, int Size, int Count);

/// <summary>A vCPU. One thread runs it.</summary>
public sealed class KvmVcpu : IDisposable
{
    /// <summary>A vCPU that waits for an interrupt (<c>KVM_MP_STATE_HALTED</c>).</summary>
    public const uint Halted = 3;

    /// <summary>A vCPU that executes instructions (<c>KVM_MP_STATE_RUNNABLE</c>).</summary>
    public const uint Runnable = 0;

    private const int ImmediateExit = 1, Reason = 8, Cr8 = 16, Cause = 32;
    private const int IoSize = 1, IoPort = 2, IoCount = 4, IoOffset = 8, MmioData = 8, MmioLength = 16, MmioWrites = 20;
    private const int RunNumber = 0x80, NmiNumber = 0x9a, SmiNumber = 0xb7, InterruptNumber = 0x86, SetupMceNumber = 0x9c, SetMceNumber = 0x9e;
    private const ulong OneBank = 0x101, UncorrectedError = 0xb200_0000_0000_0000, InProgress = 5;

    private readonly int _file;
    private readonly nint _run;

    internal KvmVcpu(int file, nint run)
    {
        _file = file;
        _run = run;
    }

    /// <summary>General registers.</summary>
    public KvmRegs Regs
    {
        get => Get<KvmRegs>(0x81, "KVM_GET_REGS");
        set => Set(0x82, value, "KVM_SET_REGS");
    }

    /// <summary>Segments, tables and control registers.</summary>
    public KvmSregs Sregs
    {
        get => Get<KvmSregs>(0x83, "KVM_GET_SREGS");
        set => Set(0x84, value, "KVM_SET_SREGS");
    }

    /// <summary>Debug registers.</summary>
    public KvmDebugRegs DebugRegs
    {
        get => Get<KvmDebugRegs>(0xa1, "KVM_GET_DEBUGREGS");
        set => Set(0xa2, value, "KVM_SET_DEBUGREGS");
    }

    /// <summary>What is pending, injected and masked.</summary>
    public KvmVcpuEvents Events
    {
        get => Get<KvmVcpuEvents>(0x9f, "KVM_GET_VCPU_EVENTS");
        set => Set(0xa0, value, "KVM_SET_VCPU_EVENTS");
    }

    /// <summary>Floating point.</summary>
    public KvmFpu Fpu
    {
        get => Get<KvmFpu>(0x8c, "KVM_GET_FPU");
        set => Set(0x8d, value, "KVM_SET_FPU");
    }

    /// <summary>Whether it runs, waits or was reset (<c>KVM_MP_STATE_…</c>).</summary>
    public uint State
    {
        get => Get<uint>(0x98, "KVM_GET_MP_STATE");
        set => Set(0x99, value, "KVM_SET_MP_STATE");
    }

    /// <summary>Why the last run came back.</summary>
    public KvmExit Exit => (KvmExit)Field<uint>(Reason);

    /// <summary>What an internal error is about (<c>KVM_INTERNAL_ERROR_…</c>), or why an entry failed.</summary>
    public uint Suberror => Field<uint>(Cause);

    /// <summary>GIF and guest mode.</summary>
    public unsafe KvmNestedState NestedState
    {
        get
        {
            // Behind the head comes vmcb12, which is read from memory instead.
            Span<byte> all = new byte[sizeof(KvmNestedState) + 4096];
            MemoryMarshal.Write(all, new KvmNestedState { Size = (uint)all.Length });
            fixed (byte* at = all)
            {
                KvmDevice.Require(KvmCalls.ioctl(_file, KvmCalls.Exchanges(0xbe, sizeof(KvmNestedState)), (nint)at), "KVM_GET_NESTED_STATE");
            }

            return MemoryMarshal.Read<KvmNestedState>(all);
        }

        set
        {
            value.Size = (uint)sizeof(KvmNestedState);
            Set(0xbf, value, "KVM_SET_NESTED_STATE");
        }
    }

    /// <summary>The access that the last run came back for.</summary>
    public KvmAccess Access => Exit == KvmExit.Io
        ? new KvmAccess(Field<ushort>(Cause + IoPort), Field<byte>(Cause) == 1, Field<byte>(Cause + IoSize), Field<int>(Cause + IoCount))
        : new KvmAccess(Field<ulong>(Cause), Field<byte>(Cause + MmioWrites) != 0, Field<int>(Cause + MmioLength), 1);

    /// <summary>The bytes of <see cref="Access"/>: what the guest wrote, or what it is to read.</summary>
    public unsafe Span<byte> AccessData => Exit == KvmExit.Io
        ? new Span<byte>((byte*)_run + Field<long>(Cause + IoOffset), Access.Size * Access.Count)
        : new Span<byte>((byte*)_run + Cause + MmioData, Access.Size);

    /// <summary>Reads a model-specific register; null where KVM refuses.</summary>
    public ulong? ReadMsr(uint index)
    {
        var one = new KvmOneMsr { Count = 1, Index = index };
        return KvmMachine.Call(_file, KvmCalls.Exchanges(0x88, 8), ref one) == 1 ? one.Data : null;
    }

    /// <summary>Writes a model-specific register; false where KVM refuses.</summary>
    public bool WriteMsr(uint index, ulong value)
    {
        var one = new KvmOneMsr { Count = 1, Index = index, Data = value };
        return KvmMachine.Call(_file, KvmCalls.Writes(0x89, 8), ref one) == 1;
    }

    /// <summary>Puts the interrupt controller where KVM knows its address: before, messages to it are lost.</summary>
    public void SettleApic()
    {
        KvmLapic page = Get<KvmLapic>(0x8e, "KVM_GET_LAPIC");
        Set(0x8f, page, "KVM_SET_LAPIC");
    }

    /// <summary>Makes an NMI pending.</summary>
    public void SendNmi() => KvmDevice.Require(KvmCalls.ioctl(_file, KvmCalls.Request(NmiNumber), 0), "KVM_NMI");

    /// <summary>Makes an SMI pending.</summary>
    public void SendSmi() => KvmDevice.Require(KvmCalls.ioctl(_file, KvmCalls.Request(SmiNumber), 0), "KVM_SMI");

    /// <summary>Makes an interrupt of an outer controller pending.</summary>
    public void SendInterrupt(byte vector) => Set(InterruptNumber, (uint)vector, "KVM_INTERRUPT");

    /// <summary>Raises a machine check for an uncorrected error.</summary>
    public void SendMachineCheck()
    {
        Set(SetupMceNumber, OneBank, "KVM_X86_SETUP_MCE");
        Set(SetMceNumber, new KvmMce { Status = UncorrectedError, GlobalStatus = InProgress }, "KVM_X86_SET_MCE");
    }

    /// <summary>Runs the guest until something is to be done.</summary>
    /// <returns>Whether <see cref="Exit"/> says what; false where a signal came, or KVM wants to be called again.</returns>
    /// <exception cref="KvmException">The call failed.</exception>
    public bool Run()
    {
        if (KvmCalls.ioctl(_file, KvmCalls.Request(RunNumber), 0) == 0)
        {
            return Exit != KvmExit.Interrupted;
        }

        return Marshal.GetLastPInvokeError() is KvmCalls.Interrupted or KvmCalls.TryAgain ? false
            : throw new KvmException($"KVM_RUN is refused: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    /// <summary>Completes the access that the last run came back for, and executes nothing more.</summary>
    public void CompleteAccess()
    {
        Field<byte>(ImmediateExit) = 1;
        Run();
        Field<byte>(ImmediateExit) = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = KvmCalls.close(_file);

    private unsafe ref T Field<T>(int offset)
        where T : unmanaged => ref *(T*)((byte*)_run + offset);

    private unsafe T Get<T>(int number, string call)
        where T : unmanaged
    {
        T value = default;
        KvmDevice.Require(KvmMachine.Call(_file, KvmCalls.Reads(number, sizeof(T)), ref value), call);
        return value;
    }

    private unsafe void Set<T>(int number, T value, string call)
        where T : unmanaged => KvmDevice.Require(KvmMachine.Call(_file, KvmCalls.Writes(number, sizeof(T)), ref value), call);
}
