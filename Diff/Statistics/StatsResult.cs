using Differ.Schemas.Run;

namespace Differ.Diff.Statistics;

/// <summary>How long exits were handled, from the #VMEXIT to the next entry, in units of the run's clock.</summary>
/// <param name="Timed">Exits that have an entry and no hole.</param>
/// <param name="Sum">In all.</param>
/// <param name="Min">The shortest.</param>
/// <param name="Mean">The mean.</param>
/// <param name="Median">Half took no longer, to 3 %.</param>
/// <param name="P99">99 % took no longer, to 3 %.</param>
/// <param name="Max">The longest.</param>
public sealed record HandlingTimes(ulong Timed, ulong Sum, ulong Min, double Mean, ulong Median, ulong P99, ulong Max);

/// <summary>Exits of one reason and level.</summary>
/// <param name="Level">Who was running.</param>
/// <param name="Name">The exit code's name.</param>
/// <param name="Exits">How many.</param>
/// <param name="Reflected">At how many of them L1 was shown a #VMEXIT.</param>
/// <param name="Handling">How long they took; null where none could be timed.</param>
public sealed record ReasonStats(GuestLevel Level, string Name, ulong Exits, ulong Reflected, HandlingTimes? Handling);

/// <summary>Where the time of all vCPUs went, in units of the run's clock.</summary>
/// <param name="L0">From a #VMEXIT to the next entry, with all that is waited for in between.</param>
/// <param name="Vmm">The part of it outside KVM_RUN; null where kvm_fpu was not recorded.</param>
/// <param name="L1">In L1.</param>
/// <param name="L2">In L2.</param>
/// <param name="Unknown">In a guest whose level the recording does not tell.</param>
public sealed record LevelTimes(ulong L0, ulong? Vmm, ulong L1, ulong L2, ulong Unknown);

/// <summary>What L2 costs, from the first VMRUN of each vCPU on.</summary>
/// <param name="Exits">Exits that L0 took.</param>
/// <param name="FromL2">Those that left L2.</param>
/// <param name="Shown">#VMEXITs that L1 was shown.</param>
/// <param name="Vmruns">VMRUNs that L0 carried out.</param>
public sealed record Amplification(ulong Exits, ulong FromL2, ulong Shown, ulong Vmruns)
{
    /// <summary>Exits that L0 takes for each #VMEXIT that L1 is shown; null where it is shown none, or no VMRUN was recorded.</summary>
    public double? PerShown => Shown == 0 || Vmruns == 0 ? null : (double)Exits / Shown;

    /// <summary>Exits that L0 takes for each VMRUN; null where there is none.</summary>
    public double? PerVmrun => Vmruns == 0 ? null : (double)Exits / Vmruns;
}

/// <summary>The statistics of one run.</summary>
/// <param name="Header">The run before its first exit.</param>
/// <param name="Summary">The run after its last exit.</param>
/// <param name="Reasons">By reason and level, the most frequent first.</param>
/// <param name="Times">Where the time went.</param>
/// <param name="Nested">What L2 costs.</param>
/// <param name="Msrs">The MSRs that L0 was asked for most.</param>
/// <param name="Ports">The ports.</param>
/// <param name="Hypercalls">The hypercalls.</param>
public sealed record StatsResult(
    RunHeader Header, RunSummary Summary, IReadOnlyList<ReasonStats> Reasons, LevelTimes Times, Amplification Nested,
    IReadOnlyList<TopEntry> Msrs, IReadOnlyList<TopEntry> Ports, IReadOnlyList<TopEntry> Hypercalls)
{
    /// <summary>What the times are in.</summary>
    public string Unit => Header.ClockUnit == ClockUnit.Nanoseconds ? "ns" : "ticks";
}
