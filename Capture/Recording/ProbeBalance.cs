using System.Globalization;

namespace Differ.Capture.Recording;

/// <summary>Two counts of a recording that must be equal, where every probe is called at the place that it is set for.</summary>
/// <param name="Left">The probes, in words.</param>
/// <param name="LeftCount">How often.</param>
/// <param name="Right">The tracepoints.</param>
/// <param name="RightCount">How often.</param>
/// <param name="Evidence">What is missing where the counts differ.</param>
public sealed record ProbeBalance(string Left, ulong LeftCount, string Right, ulong RightCount, string Evidence)
{
    // A recording starts and ends between the two.
    private const ulong Slack = 2;

    /// <summary>How many hits of the probe may have another cause: KVM_SET_NESTED_STATE of a guest in L2 calls the function of VMRUN, of another guest it does not.</summary>
    public ulong Others { get; init; }

    /// <summary>Whether the counts agree, but for what was under way on a few vCPUs when the recording began and ended.</summary>
    public bool Holds
    {
        get
        {
            ulong slack = Slack + (Math.Max(LeftCount, RightCount) / 1000);
            return LeftCount <= RightCount + Others + slack && RightCount <= LeftCount + slack;
        }
    }

    /// <summary>The counts that the probes of a plan allow to be compared.</summary>
    /// <param name="plan">The probes.</param>
    /// <param name="counts">How often each event was recorded.</param>
    public static IReadOnlyList<ProbeBalance> Of(ProbePlan plan, IReadOnlyDictionary<string, ulong> counts)
    {
        var evidence = plan.Probes.ToDictionary(probe => probe.Name, probe => probe.Evidence);
        ulong Count(string name) => counts.GetValueOrDefault(name);
        ulong exits = Count("exit"), cancelled = Math.Min(exits, Count("cancel"));
        ProbeBalance[] all =
        [
            new("entry", Count("entry"), "kvm_entry", Count("kvm_entry"), evidence.GetValueOrDefault("entry", "")),
            new("exit - cancel", exits - cancelled, "kvm_exit", Count("kvm_exit"), evidence.GetValueOrDefault("exit", "")),
            new("vmrun", Count("vmrun"), "kvm_nested_vmenter + kvm_nested_vmenter_failed",
                Count("kvm_nested_vmenter") + Count("kvm_nested_vmrun") + Count("kvm_nested_vmenter_failed"), evidence.GetValueOrDefault("vmrun", ""))
            {
                Others = Count("setnested"),
            },
            new("vmexit", Count("vmexit"), "kvm_nested_vmexit_inject", Count("kvm_nested_vmexit_inject"), evidence.GetValueOrDefault("vmexit", "")),
        ];
        return [.. all.Where(balance => evidence.ContainsKey(balance.Left.Split(' ')[0]))];
    }

    /// <inheritdoc/>
    public override string ToString() => Holds
        ? string.Create(CultureInfo.InvariantCulture, $"{Left} = {Right}: {RightCount}")
        : string.Create(CultureInfo.InvariantCulture, $"{Left} is {LeftCount}, {Right} {RightCount}: the probe is not called everywhere; not always seen: {Evidence}");
}
