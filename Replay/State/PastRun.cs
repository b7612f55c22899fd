using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>What is remembered of a run of L2 that ended, for what must stand in its vmcb12 at the next VMRUN.</summary>
/// <param name="Vmcb12">Guest-physical address; unseen when nothing is remembered.</param>
/// <param name="IntCtl">Virtual interrupt control that the VMRUN found.</param>
/// <param name="EventInj">EVENTINJ that the VMRUN found.</param>
/// <param name="TaskPriority">What L2 wrote to CR8 last.</param>
/// <param name="LeftForVirtualInterrupt">L1 was shown #VMEXIT(VINTR).</param>
/// <param name="LeftInDelivery">L1 was shown an event in EXITINTINFO.</param>
/// <param name="IsDumped">What the #VMEXIT left in the vmcb12 was recorded, and judged there.</param>
internal readonly record struct PastRun(
    Observed<ulong> Vmcb12, Bits64 IntCtl, EventInfo EventInj, Observed<ulong> TaskPriority, bool LeftForVirtualInterrupt, bool LeftInDelivery, bool IsDumped)
{
    /// <summary>What is to be remembered of the run that ends.</summary>
    /// <param name="vcpu">The state, before L2 is left.</param>
    /// <param name="shown">What L1 is shown.</param>
    /// <param name="isDumped">Whether what the #VMEXIT leaves in the vmcb12 was recorded.</param>
    public static PastRun Of(Vcpu vcpu, in NestedVmexitInject shown, bool isDumped) => new(
        vcpu.Vmcb12.Address, vcpu.Vmcb12[VmcbField.IntCtl], vcpu.Vmcb12.EventInj, vcpu.L2TaskPriority, shown.ExitCode == SvmExitCode.VIntr, shown.IntInfo.Valid, isDumped);

    /// <summary>Whether the run was of the vmcb12 that a VMRUN names.</summary>
    public bool IsOf(ulong vmcb12) => Vmcb12.IsKnown && Vmcb12.Value == vmcb12;
}
