using System.Runtime.InteropServices;

namespace Differ.Capture.Kvm;

/// <summary>A host's KVM: /dev/kvm, open.</summary>
public sealed class KvmDevice : IDisposable
{
    private const string Path = "/dev/kvm";
    private const int Version = 12, MostCpuidEntries = 256, CpuidHead = 8;
    private const int GetApiVersion = 0x00, CreateVm = 0x01, CheckExtension = 0x03, GetRunSize = 0x04, GetSupportedCpuid = 0x05;
    private const uint Features = 0x8000_0001;
    private const int SvmBit = 2;

    private readonly int _file;

    private KvmDevice(int file) => _file = file;

    /// <summary>Bytes of the page that a vCPU shares with its VMM.</summary>
    internal nuint RunSize => (nuint)Ask(GetRunSize, 0);

    /// <summary>Opens it.</summary>
    /// <exception cref="KvmException">There is none, it may not be opened, or it runs no guests that run guests with SVM: the message says which.</exception>
    public static KvmDevice Open()
    {
        int file = KvmCalls.open(Path, KvmCalls.ReadWrite | KvmCalls.CloseOnExec);
        if (file < 0)
        {
            throw new KvmException(Marshal.GetLastPInvokeError() switch
            {
                KvmCalls.NoEntry => $"there is no {Path}: load kvm_amd (nested=1) on an AMD host",
                KvmCalls.NoAccess => $"{Path} may not be opened: be root, or in the group that owns it",
                int error => $"{Path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}",
            });
        }

        var device = new KvmDevice(file);
        try
        {
            device.RefuseOthers();
            return device;
        }
        catch (KvmException)
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>CPUID that a guest may be given.</summary>
    public KvmCpuidEntry[] SupportedCpuid()
    {
        unsafe
        {
            Span<byte> answer = new byte[CpuidHead + (MostCpuidEntries * sizeof(KvmCpuidEntry))];
            MemoryMarshal.Write(answer, MostCpuidEntries);
            fixed (byte* at = answer)
            {
                Require(KvmCalls.ioctl(_file, KvmCalls.Exchanges(GetSupportedCpuid, CpuidHead), (nint)at), "KVM_GET_SUPPORTED_CPUID");
            }

            int count = MemoryMarshal.Read<int>(answer);
            return MemoryMarshal.Cast<byte, KvmCpuidEntry>(answer[CpuidHead..])[..count].ToArray();
        }
    }

    /// <summary>What a capability is worth; 0 where the kernel lacks it.</summary>
    public int Extension(int capability) => Math.Max(Ask(CheckExtension, capability), 0);

    /// <summary>Makes an empty virtual machine.</summary>
    internal int NewMachine() => Require(Ask(CreateVm, 0), "KVM_CREATE_VM");

    /// <inheritdoc/>
    public void Dispose() => _ = KvmCalls.close(_file);

    /// <summary>A call that must not fail.</summary>
    internal static int Require(int result, string call) =>
        result >= 0 ? result : throw new KvmException($"{call} is refused: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    private int Ask(int number, nint argument) => KvmCalls.ioctl(_file, KvmCalls.Request(number), argument);

    private void RefuseOthers()
    {
        if (Ask(GetApiVersion, 0) is var version && version != Version)
        {
            throw new KvmException($"{Path} speaks version {version} of KVM's interface; only {Version} is known");
        }

        if (!SupportedCpuid().Any(leaf => leaf.Function == Features && ((leaf.Ecx >> SvmBit) & 1) != 0))
        {
            throw new KvmException($"{Path} offers guests no SVM: it must be an AMD host with kvm_amd nested=1");
        }
    }
}

/// <summary>The host's KVM cannot be used, or refuses what was asked; the message says what.</summary>
/// <param name="message">In words, for a person.</param>
public sealed class KvmException(string message) : Exception(message);
