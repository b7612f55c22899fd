namespace Differ.Replay.Svm;

/// <summary>Group C: what VMRUN loads and #VMEXIT saves and restores (APM2 15.5, 15.6).</summary>
internal static class StateSwitch
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.5-GIF-SET", Situation.VmrunOutcome, Vmrun.SetsGif),
        new("SVM-15.6-GIF-CLEAR", Situation.LeftL2 | Situation.EventStaged, Vmexit.ClearsGif),
        new("SVM-15.6-RESUME-RIP", Situation.LeftL2, Vmexit.ResumesBehindVmrun),
        new("SVM-15.6-HOST-DR7", Situation.StatesRecorded, StateRules.HostDr7Cleared),
        new("SVM-15.6-HOST-PE-VM-CPL", Situation.StatesRecorded, StateRules.HostProtected),
        new("SVM-15.6-HOST-PDPE-SHUTDOWN", Situation.VmrunRefused, Vmexit.IllegalHostShutsDown),
        new("SVM-15.6-SAVE-SUBSET", Situation.StatesRecorded, StateRules.SavesSubset),
        new("SVM-15.6-CR2-SAVED", Situation.StatesRecorded, StateRules.SavesCr2),
        new("SVM-15.6-INTSHADOW-SAVED", Situation.StatesRecorded, StateRules.SavesShadow),
        new("SVM-15.6-NO-SHADOW-LEAK", Situation.StatesRecorded, StateRules.NoShadowLeak),
        new("SVM-15.6-VTPR-SAVED", Situation.VmrunEntered, Vmrun.FindsTaskPriority),
        new("SVM-15.6-VIRQ-SAVED", Situation.VmrunEntered, Vmrun.FindsVirtualInterrupt),
        new("SVM-15.6-EVENTINJ-CLEAR", Situation.VmrunEntered, Vmrun.FindsEventInjCleared),
        new("SVM-15.6-EXITINTINFO-INVALID-CLEAR", Situation.LeftL2, Vmexit.ShowsNoEvent),
        new("SVM-15.6-TSC-OFFSET-CLEAR", Situation.VmrunEntered, null, Vmrun.AddsTscOffset, Vmrun.TscOffsetNeeds),
        new("SVM-15.6-INTERCEPTS-CLEAR", Situation.L2Unentered, Vmexit.InterceptsNothingOfL1),
        new("SVM-15.5-VMRUN-TF", Situation.LeftL2, Vmexit.TrapsBehindVmrun),
        new("SVM-15.5-GUEST-TF", Situation.VmrunOutcome, Vmrun.TrapsAfterFirstInstruction),
        new("SVM-15.5-GUEST-RF", Situation.VmrunOutcome, Vmrun.ResumeFlagHoldsBreakpointBack),
        new("SVM-15.5-HSEG-RELOAD", Situation.StatesRecorded, StateRules.HostSegmentsReload),
        new("SVM-15.5-VMSAVE-SET", Situation.StatesRecorded, StateRules.MovesVmloadSet),
        new("SVM-15.5-CANONICALIZE", Situation.StatesRecorded, StateRules.Canonicalises),
        new("SVM-15.15-CLEANBITS-HONOUR0", Situation.StatesRecorded, StateRules.LoadsWhatIsNotClean),
        new("SVM-15.15-CLEANBITS-L0", Situation.StatesRecorded, StateRules.ClearsCleanBits),
        new("SVM-15.6-EXIT-ONCE", Situation.L2Lost | Situation.OddReflection, Vmexit.HappensOnce),
        new("SVM-15.6-EFER-SVME-L2", Situation.L2Lost, Vmexit.FollowsClearedSvme),
    ];
}
