using Differ.Schemas.Vocabulary;
using static Iced.Intel.AssemblerRegisters;

namespace Differ.Tests.Lab.Payloads;

/// <summary>The guests that the lab's tests record.</summary>
internal static class Programs
{
    private const uint Misc1Base = (1u << 18) | (1u << 24) | (1u << 27) | (1u << 28);
    private const uint VmrunIntercept = 1, VmmcallIntercept = 2;
    private const ulong PageFault = 1UL << 14, InvalidOpcode = 1UL << 6;

    /// <summary>L1 executes the eight instructions of SVM with EFER.SVME=0.</summary>
    public static Payload WithoutSvme() => new Payload("without-svme", svme: false)
        .Try("VMRUN", 0xd8).Try("VMLOAD", 0xda).Try("VMSAVE", 0xdb).Try("CLGI", 0xdd).Try("STGI", 0xdc)
        .Try("SKINIT", 0xde).Try("INVLPGA", 0xdf).Try("VMMCALL", 0xd9);

    /// <summary>L1 runs an L2 whose CPUID, port, MSR, page faults and VMMCALL are reflected, and injects an exception.</summary>
    public static Payload Reflected()
    {
        var payload = new Payload("reflected", svme: true);
        payload.Machine.InterceptPort(0x80);
        payload.Machine.InterceptMsr(0xc000_0082, write: false);
        payload.Machine.MapPage(nested: false, 0x1f_0000, 0);
        payload.Machine.MapPage(nested: true, 0x1f_1000, 0);
        return payload
            .Enter("CPUID", a => a.cpuid(), SvmExitCode.Cpuid, null, (VmcbField.InterceptMisc1, Misc1Base), (VmcbField.InterceptExceptions, PageFault))
            .Enter("port", a => a.@out(0x80, al), SvmExitCode.Ioio, null)
            .Enter("MSR", a => { a.mov(ecx, 0xc000_0082); a.rdmsr(); }, SvmExitCode.Msr, null)
            .Enter("#PF", a => { a.mov(ebx, 0x1f_0000); a.mov(al, __byte_ptr[rbx]); }, SvmExitCode.OfException(14), null)
            .Enter("NPF", a => { a.mov(ebx, 0x1f_1000); a.mov(al, __byte_ptr[rbx]); }, SvmExitCode.Npf, null)
            .Enter("EVENTINJ", a => a.hlt(), SvmExitCode.Hlt, 6, (VmcbField.EventInj, 0x8000_0306))
            .Enter("VMMCALL", a => a.vmmcall(), SvmExitCode.Vmmcall, null, (VmcbField.InterceptMisc2, VmrunIntercept | VmmcallIntercept))
            .Enter("VMMCALL not intercepted", a => a.vmmcall(), SvmExitCode.OfException(6), null,
                (VmcbField.InterceptMisc2, VmrunIntercept), (VmcbField.InterceptExceptions, PageFault | InvalidOpcode));
    }

    /// <summary>VMRUNs that fail their checks, and one that does not.</summary>
    public static Payload Refused() => new Payload("refused", svme: true)
        .Enter("ASID 0", a => a.hlt(), SvmExitCode.Invalid, null, (VmcbField.InterceptMisc1, Misc1Base), (VmcbField.GuestAsid, 0))
        .Enter("no VMRUN intercept", a => a.hlt(), SvmExitCode.Invalid, null, (VmcbField.GuestAsid, 1), (VmcbField.InterceptMisc2, 0))
        .Enter("CR0.NW without CD", a => a.hlt(), SvmExitCode.Invalid, null, (VmcbField.InterceptMisc2, VmrunIntercept), (VmcbField.Cr0Register, 0xa000_0013))
        .Enter("EFER.SVME 0", a => a.hlt(), SvmExitCode.Invalid, null, (VmcbField.Cr0Register, 0x8000_0013), (VmcbField.EferRegister, 0xd00))
        .Enter("legal", a => a.hlt(), SvmExitCode.Hlt, null, (VmcbField.EferRegister, 0x1d00));

    /// <summary>CPUID in a loop, to see what recording costs.</summary>
    /// <param name="times">How often.</param>
    public static Payload CpuidLoop(uint times = 2000) => new Payload("cpuid-loop", svme: false).Count(times);
}
