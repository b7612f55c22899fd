using System.Text;

namespace Differ.Alterations;

/// <summary>What is altered, and how.</summary>
internal sealed record AlterPlan
{
    /// <summary>The number of the series: the same one gives the same variants.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How often each alteration is made of each subject.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>How many tools print each recording.</summary>
    public int Printers { get; init; } = 2;

    /// <summary>Only recordings whose name has this in it.</summary>
    public string Recording { get; init; } = "";

    /// <summary>The alterations.</summary>
    public IReadOnlyList<Alteration> Kinds { get; init; } = Alterations.All;
}

/// <summary>An altered recording that shows what the whole one does not.</summary>
/// <param name="Subject">The recording.</param>
/// <param name="Alteration">What was done to it.</param>
/// <param name="Round">Which of the rounds; with the seed it gives the variant again.</param>
/// <param name="Variant">The altered recording.</param>
/// <param name="Findings">What it shows.</param>
/// <param name="IsLikely">Whether only under an assumption.</param>
internal sealed record Alarm(Subject Subject, Alteration Alteration, int Round, Variant Variant, IReadOnlyList<Finding> Findings, bool IsLikely)
{
    /// <summary>In words.</summary>
    public override string ToString() =>
        $"{(IsLikely ? "likely" : "ALARM")} {Subject.Name} | {Alteration.Name} | round {Round} | {Variant.Parameters}{string.Concat(Findings.Select(finding => $"\n    {finding.Words}"))}";
}

/// <summary>Alters recordings and holds what is found against what the whole ones show.</summary>
internal static class AlterRun
{
    /// <summary>Goes through recordings.</summary>
    /// <param name="plan">What is altered, and how.</param>
    /// <param name="sources">The recordings.</param>
    /// <param name="told">Is told of every alarm.</param>
    public static Figures Of(AlterPlan plan, IReadOnlyList<Source> sources, Action<Alarm> told)
    {
        var figures = new Figures();
        for (int i = 0; i < sources.Count; i++)
        {
            if (sources[i].Name.Contains(plan.Recording, StringComparison.Ordinal))
            {
                foreach (Subject subject in Recordings.Subjects(sources[i], Before(sources, i), plan.Printers, i))
                {
                    Alter(plan, subject, figures, told);
                }
            }
        }

        return figures;
    }

    // Another recording of the same folder or maker; the recording itself where there is no other. What is not of one hand was not
    // recorded alike, and a text says of none of its parts what was.
    private static Source Before(IReadOnlyList<Source> sources, int at)
    {
        for (int i = 1; i < sources.Count; i++)
        {
            if (sources[(at + sources.Count - i) % sources.Count] is var other && other.Folder == sources[at].Folder && other.IsText == sources[at].IsText)
            {
                return other;
            }
        }

        return sources[at];
    }

    private static void Alter(AlterPlan plan, Subject subject, Figures figures, Action<Alarm> told)
    {
        foreach (Alteration kind in plan.Kinds)
        {
            for (int round = 0; round < plan.Rounds; round++)
            {
                if (kind.Of(subject, new Random(SeedOf($"{plan.Seed}/{subject.Name}/{kind.Name}/{round}"))) is not { } variant)
                {
                    continue;
                }

                Judgement judgement = variant.Judge();
                Figure figure = figures.Of(kind);
                figure.Variants++;
                figure.Refused += judgement.Refusal is null ? 0 : 1;
                Finding[] certain = [.. judgement.Beyond(variant.Wholes, variant.KeepsTimes)], likely = [.. judgement.LikelyBeyond(variant.Wholes)];
                foreach (string rule in certain.Select(finding => finding.Rules[0]).Distinct())
                {
                    figure.Rules[rule] = figure.Rules.GetValueOrDefault(rule) + 1;
                }

                if (certain.Length > 0)
                {
                    figure.Alarms++;
                    told(new Alarm(subject, kind, round, variant, certain, IsLikely: false));
                }

                if (likely.Length > 0)
                {
                    figure.Likely++;
                    told(new Alarm(subject, kind, round, variant, likely, IsLikely: true));
                }
            }
        }
    }

    // FNV-1a: the same on every machine.
    private static int SeedOf(string text) =>
        (int)(Encoding.UTF8.GetBytes(text).Aggregate(2166136261u, static (hash, value) => unchecked((hash ^ value) * 16777619u)) & int.MaxValue);
}
