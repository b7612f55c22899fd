using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Selftest;

/// <summary>What came of one kind of fault.</summary>
/// <param name="Name">Short name.</param>
/// <param name="What">The fault, in words.</param>
/// <param name="Places">Exits in the recording where it fits.</param>
/// <param name="Seeded">How many of them were tried.</param>
/// <param name="Found">How many were reported, as certain or likely.</param>
/// <param name="Likely">How many of those as likely only.</param>
/// <param name="Undecided">How many were not reported, but left more undecided than the recording itself.</param>
/// <param name="Rules">The rules that reported it, most often first.</param>
public sealed record FaultOutcome(
    string Name, string What, ulong Places, int Seeded, int Found, int Likely, int Undecided, IReadOnlyList<string> Rules);

/// <summary>What a self-test of one recording gave.</summary>
/// <param name="Untouched">The verdict on the recording itself.</param>
/// <param name="Faults">Every kind of fault.</param>
public sealed record SelftestResult(DiffResult Untouched, IReadOnlyList<FaultOutcome> Faults)
{
    /// <summary>Faults that were put in.</summary>
    public int Seeded => Faults.Sum(outcome => outcome.Seeded);

    /// <summary>Faults that were reported.</summary>
    public int Found => Faults.Sum(outcome => outcome.Found);

    /// <summary>How many of those were reported as likely only.</summary>
    public int Likely => Faults.Sum(outcome => outcome.Likely);
}

/// <summary>Puts faults into a recording, one at a time, and looks whether the check finds them.</summary>
public static class Selftest
{
    /// <summary>Reads the recording from its start into a sink that is given the verdict's own stages.</summary>
    /// <param name="through">Wraps the sink that the recording would go to; null for the recording as it is.</param>
    public delegate DiffResult Check(Func<IExitSink, IExitSink>? through);

    /// <summary>Runs the test.</summary>
    /// <param name="check">Checks the recording, with a fault or without.</param>
    /// <param name="samples">Places to try for each kind of fault, spread over the recording.</param>
    /// <param name="done">Is told the number of kinds that are done.</param>
    public static SelftestResult Run(Check check, int samples, Action<int>? done)
    {
        FaultCounter? counter = null;
        DiffResult untouched = check(sink => counter = new FaultCounter(sink));
        var outcomes = new List<FaultOutcome>();
        for (int i = 0; i < Faults.All.Count; i++)
        {
            outcomes.Add(Try(check, untouched, Faults.All[i], counter?.Places[i] ?? 0, samples));
            done?.Invoke(i + 1);
        }

        return new SelftestResult(untouched, outcomes);
    }

    private static FaultOutcome Try(Check check, DiffResult untouched, Fault fault, ulong places, int samples)
    {
        int seeded = (int)Math.Min(places, (ulong)samples), found = 0, likely = 0, undecided = 0;
        var rules = new Dictionary<string, int>();
        for (int i = 0; i < seeded; i++)
        {
            ulong which = ((ulong)i * places) / (ulong)seeded;
            DiffResult result = check(sink => new FaultSink(fault, which, sink));
            string[] certain = [.. NewlyBroken(untouched.Divergences, result.Divergences)];
            string[] broken = [.. certain.Concat(NewlyBroken(untouched.Likely, result.Likely)).Distinct()];
            found += broken.Length > 0 ? 1 : 0;
            likely += broken.Length > 0 && certain.Length == 0 ? 1 : 0;
            undecided += broken.Length == 0 && result.CountOf(Verdict.Undecided) > untouched.CountOf(Verdict.Undecided) ? 1 : 0;
            foreach (string rule in broken)
            {
                rules[rule] = rules.GetValueOrDefault(rule) + 1;
            }
        }

        return new FaultOutcome(fault.Name, fault.What, places, seeded, found, likely, undecided,
            [.. rules.OrderByDescending(rule => rule.Value).ThenBy(rule => rule.Key, StringComparer.Ordinal).Select(rule => rule.Key)]);
    }

    // A class that the recording itself does not have, or has less often; or a rule that a class of it did not break.
    private static IEnumerable<string> NewlyBroken(IReadOnlyList<DivergenceClass> untouched, IReadOnlyList<DivergenceClass> found)
    {
        var known = untouched.ToDictionary(one => one.Fingerprint);
        return found
            .SelectMany(one => !known.TryGetValue(one.Fingerprint, out DivergenceClass? before) || one.Count > before.Count
                ? Rules(one)
                : Rules(one).Except(Rules(before)))
            .Select(rule => rule.Id).Distinct();
    }

    private static IEnumerable<RuleInfo> Rules(DivergenceClass found) => found.AlsoBroken.Concat(found.AlsoLikely).Prepend(found.Rule);
}
