using System.Globalization;
using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Support;

/// <summary>What can happen in a story, by name.</summary>
internal static class StoryWords
{
    public const uint EferIndex = 0xc000_0080, VmCrIndex = 0xc001_0114, HsaveIndex = 0xc001_0117;
    public const ulong Svme = 1 << 12;

    /// <summary>EVENTINJ and EXITINTINFO of an event.</summary>
    public static uint Event(EventType type, byte vector) => EventInfo.Of(type, vector).Raw;

    /// <summary>L1 executes WRMSR.</summary>
    public static RunStory L1Sets(this RunStory story, uint msr, ulong value, bool faulted = false) =>
        story.L1Exit(SvmExitCode.Msr, info1: 1).Msr(true, msr, value, faulted);

    /// <summary>L1 executes RDMSR.</summary>
    public static RunStory L1Reads(this RunStory story, uint msr, ulong value) => story.L1Exit(SvmExitCode.Msr).Msr(false, msr, value, false);

    /// <summary>L1 sets EFER.SVME.</summary>
    public static RunStory SvmeOn(this RunStory story) => story.L1Sets(EferIndex, Svme);

    /// <summary>L1 clears EFER.SVME.</summary>
    public static RunStory SvmeOff(this RunStory story) => story.L1Sets(EferIndex, 0);

    /// <summary>L1 executes CPUID and is shown this leaf.</summary>
    public static RunStory L1Sees(this RunStory story, uint function, uint eax = 0, uint ebx = 0, uint ecx = 0, uint edx = 0) =>
        story.L1Exit(SvmExitCode.Cpuid).Happens(KvmEventKind.Cpuid, function, 0, eax, ebx, ecx, edx, 1);

    /// <summary>The VMM gives the guest this leaf of CPUID.</summary>
    public static RunStory Given(this RunStory story, uint function, uint eax = 0, uint ebx = 0, uint ecx = 0, uint edx = 0) =>
        story.Happens(KvmEventKind.GuestCpuid, function, 0, eax, ebx, ecx, edx);

    /// <summary>L1 executes VMRUN and L2 is started.</summary>
    /// <param name="story">The story.</param>
    /// <param name="intercepts">What vmcb12 intercepts beside VMRUN.</param>
    /// <param name="intCtl">Virtual interrupt control.</param>
    /// <param name="eventInj">EVENTINJ.</param>
    /// <param name="vmcb">RAX.</param>
    /// <param name="rip">RIP of vmcb12.</param>
    /// <param name="nestedPaging">NP_ENABLE.</param>
    /// <param name="cr3">nCR3 or CR3.</param>
    public static RunStory Vmrun(
        this RunStory story, SvmExitCode[]? intercepts = null, uint intCtl = 0, uint eventInj = 0, ulong vmcb = RunStory.VmcbAddress,
        ulong rip = RunStory.L2Rip, bool? nestedPaging = true, ulong? cr3 = RunStory.NestedCr3) =>
        story.L1Exit(SvmExitCode.Vmrun)
            .StartsL2(intCtl, eventInj, vmcb, rip, nestedPaging, cr3).Intercepts([SvmExitCode.Vmrun, .. intercepts ?? []]);

    /// <summary>From the next record on all is known of vmcb12 that VMRUN checks, and what the story has not given is legal.</summary>
    public static RunStory KnowingTheRest(this RunStory story) => story.Knowing(static vcpu =>
    {
        for (VmcbField field = VmcbField.InterceptCr; field < VmcbField.Count; field++)
        {
            Bits64 told = vcpu.Vmcb12[field];
            ulong legal = field switch
            {
                VmcbField.GuestAsid => 1,
                VmcbField.EferRegister => Svme,
                _ => 0,
            };
            vcpu.Vmcb12[field] = Bits64.Of(told.Value | (legal & ~told.Known));
        }

        vcpu.Vmcb12.NestedPaging = Truth.No;
        vcpu.Profile.PhysicalAddressBits = 48;
        vcpu.Profile.Set(CpuFeature.LongMode, true);
        vcpu.Profile.Set(CpuFeature.VNmi, false);
    });

    /// <summary>L0 starts to run L2.</summary>
    public static RunStory StartsL2(
        this RunStory story, uint intCtl = 0, uint eventInj = 0, ulong vmcb = RunStory.VmcbAddress, ulong rip = RunStory.L2Rip,
        bool? nestedPaging = true, ulong? cr3 = RunStory.NestedCr3) =>
        story.Happens(
            KvmEventKind.NestedVmenter, RunStory.L1Rip + 3, vmcb, rip, intCtl, eventInj,
            nestedPaging is { } paging ? paging ? 1UL : 0 : null, cr3).Entry(rip);

    /// <summary>The intercept words of vmcb12.</summary>
    public static RunStory Intercepts(this RunStory story, params ReadOnlySpan<SvmExitCode> codes)
    {
        Span<uint> words = stackalloc uint[6];
        foreach (SvmExitCode code in codes)
        {
            if (!code.HasIntercept)
            {
                continue;
            }

            words[(int)(code.Value / 32)] |= 1u << (int)(code.Value % 32);
        }

        return story.Happens(
            KvmEventKind.NestedIntercepts, words[0] & 0xffff, words[0] >> 16, words[2], words[3], words[4], words[5]);
    }

    /// <summary>A check of VMRUN fails; the text is the kernel's source.</summary>
    public static RunStory FailsCheck(this RunStory story, string text) =>
        story.Happens(KvmEventKind.NestedVmenterFailed, (ulong)story.Texts.Add(text), 0);

    /// <summary>L1 is shown a #VMEXIT, with the EXITINFO of the exit where it is the same, and goes on behind its VMRUN.</summary>
    public static RunStory Reflects(
        this RunStory story, SvmExitCode code, ulong? info1 = null, ulong? info2 = null, uint intInfo = 0, uint intInfoError = 0)
    {
        HardwareExit exit = story.Records[^1].Exit;
        (ulong usual1, ulong usual2) = exit.Code == code ? (exit.Info1, exit.Info2) : RunStory.Usual(code, exit.Rip);
        return story.Happens(KvmEventKind.NestedVmexitInject, code.Value, info1 ?? usual1, info2 ?? usual2, intInfo, intInfoError).Entry(RunStory.L1Rip + 3);
    }

    /// <summary>L0 decodes an instruction at the exit's RIP, and the guest goes on behind it.</summary>
    /// <param name="story">The story.</param>
    /// <param name="bytes">The bytes in hexadecimal.</param>
    /// <param name="mode">Operating mode.</param>
    /// <param name="failed">L0 gives up; the guest goes on as it would without.</param>
    public static RunStory Emulates(this RunStory story, string bytes, DecodeMode mode = DecodeMode.Long64, bool failed = false)
    {
        byte[] code = [.. bytes.Split(' ').Select(static part => byte.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        Span<byte> sixteen = stackalloc byte[16];
        code.CopyTo(sixteen);
        ulong rip = story.Records[^1].Exit.Rip;
        story.Happens(
            KvmEventKind.EmulateInstruction, rip, 0, (ulong)code.Length,
            BitConverter.ToUInt64(sixteen), BitConverter.ToUInt64(sixteen[8..]), (ulong)mode, failed ? 1UL : 0);
        return failed ? story : story.Entry(unchecked(rip + (ulong)code.Length));
    }

    /// <summary>An exception is staged.</summary>
    /// <param name="story">The story.</param>
    /// <param name="vector">Vector.</param>
    /// <param name="error">Error code; null when it pushes none.</param>
    /// <param name="again">Re-injected; null on kernels that do not say.</param>
    public static RunStory Raises(this RunStory story, byte vector, uint? error = null, bool? again = false) =>
        story.Happens(KvmEventKind.InjectException, vector, error is null ? 0UL : 1, error ?? 0, Bit(again)).Stays();

    /// <summary>An interrupt is staged.</summary>
    public static RunStory Interrupts(this RunStory story, byte vector, bool? soft = false, bool? again = false) =>
        story.Happens(KvmEventKind.InjectInterrupt, vector, Bit(soft), Bit(again));

    /// <summary>L0 handles an access to a model-specific register.</summary>
    public static RunStory Msr(this RunStory story, bool write, uint index, ulong value, bool faulted = false) =>
        story.Happens(KvmEventKind.MsrAccess, write ? 1UL : 0, index, value, faulted ? 1UL : 0);

    /// <summary>L0 handles a write to a control register.</summary>
    public static RunStory WritesCr(this RunStory story, uint number, ulong value) => story.Happens(KvmEventKind.CrAccess, 1, number, value);

    /// <summary>KVM_RUN returns to the virtual machine monitor.</summary>
    public static RunStory AsksUserspace(this RunStory story, uint reason) => story.Happens(KvmEventKind.UserspaceExit, reason, 0);

    /// <summary>Port I/O is carried out.</summary>
    public static RunStory AccessesPort(this RunStory story, bool write, ushort port, uint size) =>
        story.Happens(KvmEventKind.PortAccess, write ? 1UL : 0, port, size, 1, 0);

    /// <summary>L0 handles a page fault.</summary>
    public static RunStory Faults(this RunStory story, ulong address) =>
        story.Happens(KvmEventKind.PageFault, story.Records[^1].Exit.Rip, address, story.Records[^1].Exit.Info1);

    /// <summary>System Management Mode is entered.</summary>
    public static RunStory EntersSmm(this RunStory story) => story.Happens(KvmEventKind.SmmTransition, 0x30000, 1).Entry(0x8000);

    /// <summary>System Management Mode is left.</summary>
    public static RunStory LeavesSmm(this RunStory story) => story.Happens(KvmEventKind.SmmTransition, 0x30000, 0);

    /// <summary>A local APIC accepts an interrupt.</summary>
    public static RunStory AcceptsInterrupt(this RunStory story, byte vector) => story.Happens(KvmEventKind.ApicAcceptIrq, 0, 0, 0, vector);

    /// <summary>L0 announces that it reflects INTR.</summary>
    public static RunStory Announced(this RunStory story) => story.Happens(KvmEventKind.NestedIntrVmexit, RunStory.L2Rip);

    /// <summary>A recorder with probes dumps a field of a VMCB, or a register.</summary>
    public static RunStory State(this RunStory story, StateMoment moment, VmcbField field, ulong value)
    {
        VmcbRow row = VmcbLayout.Of(field);
        story.Records[^1].States[moment].Write(row.Position, row.Size, value);
        return story;
    }

    /// <summary>The same value in several fields, at several moments.</summary>
    public static RunStory States(this RunStory story, IEnumerable<VmcbField> fields, ulong value, params StateMoment[] moments)
    {
        foreach ((VmcbField field, StateMoment moment) in fields.SelectMany(field => moments.Select(moment => (field, moment))))
        {
            story.State(moment, field, value);
        }

        return story;
    }

    private static ulong? Bit(bool? value) => value is { } known ? known ? 1UL : 0 : null;
}
