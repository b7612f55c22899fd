using System.Globalization;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Support.Stories;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>What the recordings of old bugs have in common.</summary>
internal static class PastBugWords
{
    public const uint Efer = 0xc000_0080, HsavePa = 0xc001_0117, Pat = 0x277, DebugCtl = 0x1d9;
    public const ulong Svme = 0x1d01, NoSvme = 0xd01;
    public const byte Long64 = 9, Protected32 = 5;

    // What a processor reports of an access by the user to a page that is missing.
    public const ulong UserRead = 0x1_0000_0004;

    /// <summary>EVENTINJ and EXITINTINFO of an event.</summary>
    public static uint Event(EventType type, byte vector) => EventInfo.Of(type, vector).Raw;

    /// <summary>L1 writes an MSR.</summary>
    public static KvmStory L1Sets(this KvmStory story, uint msr, ulong value, bool faulted = false)
    {
        story.Exit(Msr.Value, L1Rip - 0x10, info1: 1).Msr(write: true, msr, value, faulted);
        return faulted ? story.Exception(ExceptionVector.GP, 0).Entry(L1Rip - 0x10) : story.Entry(L1Rip - 0xe);
    }

    /// <summary>L1 executes CPUID and is shown a leaf.</summary>
    public static KvmStory L1Sees(this KvmStory story, uint function, ulong ebx = 0, ulong ecx = 0, ulong edx = 0, ulong eax = 0) => story
        .Exit(Cpuid.Value, L1Rip - 0x20)
        .Event("kvm_cpuid", ("function", function), ("rax", eax), ("rbx", ebx), ("rcx", ecx), ("rdx", edx), ("found", 1)).Entry(L1Rip - 0x1e);

    /// <summary>L1 executes VMRUN, and L2 is entered.</summary>
    /// <param name="story">The story.</param>
    /// <param name="intercepts">What vmcb12 intercepts beside VMRUN.</param>
    public static KvmStory RunsL2(this KvmStory story, params SvmExitCode[] intercepts) => story.RunsL2With(0, 0, intercepts);

    /// <summary>The same, with other controls.</summary>
    public static KvmStory RunsL2With(this KvmStory story, uint intCtl, uint eventInj, params SvmExitCode[] intercepts) => story
        .Exit(SvmExitCode.Vmrun.Value, L1Rip).Vmenter(L1Rip + 3, Vmcb12, L2Rip, intCtl, eventInj).Intercepting(intercepts).Entry(L2Rip, eventInj);

    /// <summary>The intercepts of vmcb12, VMRUN among them.</summary>
    public static KvmStory Intercepting(this KvmStory story, params SvmExitCode[] codes)
    {
        uint[] words = new uint[6];
        foreach (ulong bit in codes.Append(SvmExitCode.Vmrun).Where(code => code.HasIntercept).Select(code => code.Value))
        {
            words[bit / 32] |= 1u << (int)(bit % 32);
        }

        return story.Intercepts(words[0], words[2], words[3], words[4], words[5]);
    }

    /// <summary>L0 decodes an instruction of the guest.</summary>
    public static KvmStory Emulates(this KvmStory story, string bytes, ulong rip = L2Rip, byte flags = Long64, bool failed = false)
    {
        byte[] code = [.. bytes.Split(' ').Select(static part => byte.Parse(part, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        return story.Add(story.Record("kvm_emulate_insn").With("rip", rip).With("len", (ulong)code.Length)
            .With("insn", code).With("flags", flags).With("failed", failed ? 1UL : 0));
    }

    /// <summary>An interrupt is staged.</summary>
    public static KvmStory Interrupt(this KvmStory story, byte vector, bool soft = false, bool again = false) => story.Add(
        story.Record("kvm_inj_virq").WithAny("irq", vector).WithAny("vector", vector).WithAny("soft", soft ? 1UL : 0).WithAny("reinjected", again ? 1UL : 0));

    /// <summary>L1 is shown the exit of L2 and goes on.</summary>
    public static KvmStory Shows(this KvmStory story, SvmExitCode code, ulong info1 = 0, ulong info2 = 0, uint intInfo = 0) =>
        story.Inject(code.Value, info1, info2, intInfo).Entry(L1Rip + 3);

    /// <summary>KVM_RUN returns to the virtual machine monitor.</summary>
    public static KvmStory Userspace(this KvmStory story, uint reason) => story.Event("kvm_userspace_exit", ("reason", reason));

    /// <summary>A check of VMRUN fails by name, and L1 goes on behind its VMRUN.</summary>
    public static KvmStory Refused(this KvmStory story, string check) => story
        .Add(story.Record("kvm_nested_vmenter_failed").With("msg", check)).Entry(L1Rip + 3);

    /// <summary>L2 exits for a physical interrupt and goes on, so that the story does not end with what it is about.</summary>
    public static KvmStory L2GoesOn(this KvmStory story, ulong rip = L2Rip + 0x40) => story.ExitFromL2(Intr.Value, rip).Entry(rip);

    /// <summary>L1 exits and goes on.</summary>
    public static KvmStory L1GoesOn(this KvmStory story, ulong rip = L1Rip + 0x40) => story.Exit(Hlt.Value, rip).Entry(rip + 1);

    /// <summary>Exits of L1 and a run of L2 with nothing to report.</summary>
    public static void OtherExits(this KvmStory story)
    {
        story.Entry(L1Rip - 0x100).Exit(Ioio.Value, L1Rip - 0x100, 0x60_0011, L1Rip - 0xfe).Event("kvm_pio", ("port", 0x60), ("size", 1), ("count", 1))
            .Entry(L1Rip - 0xfe).Exit(Intr.Value, L1Rip - 0xf0).Entry(L1Rip - 0xf0);
    }

    /// <summary>Runs of L2 with nothing to report.</summary>
    public static void OtherRuns(this KvmStory story)
    {
        story.Entry(L1Rip);
        for (int i = 0; i < 4; i++)
        {
            story.RunsL2(Cpuid).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000).Entry(L2Rip)
                .ExitFromL2(Cpuid.Value, L2Rip).Shows(Cpuid).Exit(Stgi.Value, L1Rip - 3).Entry(L1Rip);
        }
    }
}
