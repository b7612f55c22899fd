using System.Runtime.InteropServices;

namespace Differ.Capture.Kvm;

/// <summary>A virtual machine with one vCPU, its memory and an interrupt controller that its VMM drives.</summary>
/// <remarks>The order of the calls matters: quirks and capabilities, then the vCPU, its CPUID, and only then its state.</remarks>
public sealed class KvmMachine : IDisposable
{
    private const int CapSplitIrqchip = 121, CapExceptionPayload = 164, CapDisableQuirks2 = 213;
    private const int CreateVcpu = 0x41, SetMemoryRegion = 0x46, SetCpuid2 = 0x90, EnableCap = 0xa3, SignalMsi = 0xa5;
    private const uint SystemManagement = 1u << 16;
    private const ulong Routes = 24, Lint0Reenabled = 1;
    private const int CpuidHead = 8;
    private const uint MsiAddress = 0xfee0_0000, InitMessage = 0x500;

    private readonly List<(nint Address, nuint Length)> _mapped = [];
    private readonly int _file;
    private uint _slots;

    /// <summary>Makes one.</summary>
    /// <param name="device">The host's KVM.</param>
    /// <param name="cpuid">What its vCPU says of itself.</param>
    /// <param name="quirks">Whether KVM keeps the departures that it documents as quirks.</param>
    /// <exception cref="KvmException">The host refuses it.</exception>
    public KvmMachine(KvmDevice device, ReadOnlySpan<KvmCpuidEntry> cpuid, bool quirks)
    {
        _file = device.NewMachine();
        try
        {
            int known = device.Extension(CapDisableQuirks2);
            if (!quirks && known != 0)
            {
                Enable(CapDisableQuirks2, (ulong)known & ~Lint0Reenabled);
            }

            Enable(CapExceptionPayload, 1);
            Enable(CapSplitIrqchip, Routes);
            int vcpu = KvmDevice.Require(KvmCalls.ioctl(_file, KvmCalls.Request(CreateVcpu), 0), "KVM_CREATE_VCPU");
            Vcpu = new KvmVcpu(vcpu, Map(device.RunSize, vcpu));
            SetCpuid(vcpu, cpuid);
        }
        catch (KvmException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The vCPU.</summary>
    public KvmVcpu Vcpu { get; }

    /// <summary>Gives it memory, which system management mode sees as well.</summary>
    /// <param name="address">Where the guest finds it: the start of a page.</param>
    /// <param name="length">Bytes: whole pages.</param>
    /// <returns>The memory, all zeros.</returns>
    public Memory<byte> AddMemory(ulong address, int length)
    {
        nint at = Map((nuint)length, -1);
        foreach (uint space in (uint[])[0, SystemManagement])
        {
            var region = new KvmMemoryRegion { Slot = space | _slots, GuestAddress = address, Size = (ulong)length, UserAddress = (ulong)at };
            KvmDevice.Require(Call(_file, KvmCalls.Writes(SetMemoryRegion, Marshal.SizeOf<KvmMemoryRegion>()), ref region), "KVM_SET_USER_MEMORY_REGION");
        }

        _slots++;
        return new MappedMemory(at, length).Memory;
    }

    /// <summary>INIT reaches the vCPU's interrupt controller.</summary>
    public void SendInit()
    {
        var message = new KvmMsi { AddressLow = MsiAddress, Data = InitMessage };
        KvmDevice.Require(Call(_file, KvmCalls.Writes(SignalMsi, Marshal.SizeOf<KvmMsi>()), ref message), "KVM_SIGNAL_MSI");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Vcpu?.Dispose();
        foreach ((nint address, nuint length) in _mapped)
        {
            _ = KvmCalls.munmap(address, length);
        }

        _ = KvmCalls.close(_file);
    }

    /// <summary>A request with a structure.</summary>
    internal static unsafe int Call<T>(int file, uint request, ref T argument)
        where T : unmanaged
    {
        fixed (T* at = &argument)
        {
            return KvmCalls.ioctl(file, request, (nint)at);
        }
    }

    private void Enable(int capability, ulong argument)
    {
        var wish = new KvmEnableCap { Cap = (uint)capability, Argument = argument };
        KvmDevice.Require(Call(_file, KvmCalls.Writes(EnableCap, Marshal.SizeOf<KvmEnableCap>()), ref wish), $"KVM_ENABLE_CAP {capability}");
    }

    private nint Map(nuint length, int file)
    {
        nint at = KvmCalls.mmap(0, length, KvmCalls.ReadAndWrite, file < 0 ? KvmCalls.PrivateAndEmpty : KvmCalls.Shared, file, 0);
        KvmDevice.Require(at == -1 ? -1 : 0, "mmap");
        _mapped.Add((at, length));
        return at;
    }

    private static unsafe void SetCpuid(int vcpu, ReadOnlySpan<KvmCpuidEntry> cpuid)
    {
        Span<byte> table = new byte[CpuidHead + (cpuid.Length * sizeof(KvmCpuidEntry))];
        MemoryMarshal.Write(table, cpuid.Length);
        cpuid.CopyTo(MemoryMarshal.Cast<byte, KvmCpuidEntry>(table[CpuidHead..]));
        fixed (byte* at = table)
        {
            KvmDevice.Require(KvmCalls.ioctl(vcpu, KvmCalls.Writes(SetCpuid2, CpuidHead), (nint)at), "KVM_SET_CPUID2");
        }
    }

    private sealed unsafe class MappedMemory(nint address, int length) : System.Buffers.MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new((void*)address, length);

        public override System.Buffers.MemoryHandle Pin(int elementIndex = 0) => new((byte*)address + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
