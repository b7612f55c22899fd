using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Kvm;

/// <summary>What tells whether the host uses nested paging. Without it L0 keeps shadow page tables, and a #PF may be one of theirs.</summary>
internal static class HostPaging
{
    private static readonly SvmExitCode PageFault = SvmExitCode.OfException(ExceptionVector.PF),
        Cr3Read = new(SvmExitCode.CrRead.Value + 3), Cr3Write = new(SvmExitCode.CrWrite.Value + 3);

    /// <summary>Nested page faults occur with nested paging only. L0 looks at page faults, CR3 and INVLPG of L1 for its shadow tables only.</summary>
    public static void LearnOfExit(Vcpu vcpu, in ExitRecord record)
    {
        SvmExitCode code = record.Exit.Code;
        if (code == SvmExitCode.Npf)
        {
            vcpu.HostPaging = Truth.Yes;
        }
        else if (record.Level == GuestLevel.L1 && vcpu.HostPaging.IsUnknown && IsOfShadowPaging(code))
        {
            vcpu.HostPaging = Truth.No;
        }
    }

    /// <summary>A host offers nested paging where it uses it, unless the VMM hides it: only its absence says something, and nothing against a fault that was seen.</summary>
    public static void LearnOfCpuid(Vcpu vcpu)
    {
        if (vcpu.HostPaging.IsUnknown && vcpu.Profile.Has(CpuFeature.Np).IsNo)
        {
            vcpu.HostPaging = Truth.No;
        }
    }

    /// <summary>VMRUN with nested paging takes a host that has it.</summary>
    public static void LearnOfRun(Vcpu vcpu) => vcpu.HostPaging = vcpu.Vmcb12.NestedPaging.IsYes ? Truth.Yes : vcpu.HostPaging;

    private static bool IsOfShadowPaging(SvmExitCode code) =>
        code == PageFault || code == SvmExitCode.Invlpg || code == Cr3Read || code == Cr3Write;
}
