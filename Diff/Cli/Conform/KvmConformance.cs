using Differ.Capture.Kvm;
using Differ.Diff.Conform;
using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Conform;

/// <summary>Holds KVM against the reference, scenario by scenario.</summary>
/// <param name="device">The host's KVM.</param>
/// <param name="quirks">Whether KVM keeps the departures that it documents as quirks.</param>
internal sealed class KvmConformance(KvmDevice device, bool quirks)
{
    private readonly KvmCpuidEntry[] _cpuid = device.SupportedCpuid();

    /// <summary>What the host's guests can do.</summary>
    public Features Host => field ??= Features.Of(_cpuid.Select(static leaf =>
        new CpuidAccess(leaf.Function, Observed<uint>.Of(leaf.Index), leaf.Eax, leaf.Ebx, leaf.Ecx, leaf.Edx)));

    /// <summary>Runs a scenario on both.</summary>
    /// <param name="asked">The scenario.</param>
    /// <exception cref="ScenarioException">The scenario cannot be run on the reference.</exception>
    public ScenarioResult Judge(PlacedScenario asked)
    {
        Scenario scenario = asked.Scenario;
        Scenario here = scenario with { Features = scenario.Features.On(Host) };
        ScenarioRun reference = ScenarioRun.WhileTimePasses(here);
        if (reference.Undefined.Everything is { } open)
        {
            return asked.Result(ScenarioVerdict.Undefined, open, []);
        }

        try
        {
            using var onKvm = new KvmScenario(device, _cpuid, ScenarioRun.Loaded(here), quirks);
            IReadOnlyList<StateDifference> differences = [.. new EndStates(reference.Machine, onKvm.Run()).Differences()];
            return differences.Count > 0 ? asked.Result(ScenarioVerdict.Departs, "", differences)
                : reference.Surprises.Count > 0 ? asked.Result(ScenarioVerdict.NotApplicable, $"the host lacks {string.Join(", ", Lacking(scenario))}", [])
                : asked.Result(ScenarioVerdict.Agrees, "", []);
        }
        catch (KvmException refusal)
        {
            return asked.Result(ScenarioVerdict.CannotSetUp, refusal.Message, []);
        }
    }

    // The features without which the scenario comes out otherwise; all that lack where only several together do.
    private IEnumerable<string> Lacking(Scenario scenario)
    {
        Features asked = scenario.Features;
        string[] alone = [.. asked.LackedBy(Host).Where(name => CameOutOtherwise(scenario with { Features = asked.With(Replay.Manual.Tables.CpuFeature.Named(name)!, false) }))];
        return alone.Length > 0 ? alone : asked.LackedBy(Host).Count > 0 ? asked.LackedBy(Host) : [$"physical addresses of {asked.PhysicalBits} bits"];
    }

    private static bool CameOutOtherwise(Scenario scenario)
    {
        try
        {
            return ScenarioRun.Of(scenario).Surprises.Count > 0;
        }
        catch (ScenarioException)
        {
            return true;
        }
    }
}
