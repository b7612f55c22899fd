using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Results;

/// <summary>How much can be claimed from a recording.</summary>
public enum QualityGrade : byte
{
    /// <summary>Nothing is missing that a kernel's tracepoints can show.</summary>
    A,

    /// <summary>Something is missing that costs few verdicts.</summary>
    B,

    /// <summary>Events are lost or tracepoints missing: absence proves little.</summary>
    C,

    /// <summary>Exits or entries were not recorded: hardly anything can be judged.</summary>
    D,
}

/// <summary>One reason for a grade.</summary>
/// <param name="Grade">The best grade it leaves.</param>
/// <param name="Text">For a person.</param>
/// <param name="BlindRules">How many rules it may keep from speaking; 0 where that cannot be counted.</param>
public sealed record QualityReason(QualityGrade Grade, string Text, int BlindRules);

/// <summary>The grade of a recording, with reasons.</summary>
/// <param name="Grade">The worst that a reason leaves.</param>
/// <param name="Reasons">The gravest first.</param>
public sealed record CaptureQuality(QualityGrade Grade, IReadOnlyList<QualityReason> Reasons)
{
    /// <summary>The grade of the recording behind a verdict.</summary>
    public static CaptureQuality Of(DiffResult result)
    {
        var reasons = new List<QualityReason>();
        foreach (string name in KernelNames.MissingFrom(result.Header.Listed))
        {
            int blind = result.Rules.Count(count => Mentions(count.Rule, name));
            QualityGrade grade = name is "kvm_exit" or "kvm_entry" ? QualityGrade.D : blind >= 10 ? QualityGrade.C : QualityGrade.B;
            reasons.Add(new QualityReason(grade, $"{name} was not recorded", blind));
        }

        foreach (CaptureNote note in result.Summary.Notes)
        {
            if (note.Cost != NoteCost.Nothing)
            {
                reasons.Add(new QualityReason(note.Cost >= NoteCost.Absence ? QualityGrade.C : QualityGrade.B, note.Code, 0));
            }
        }

        if (result.Summary.Streams.Count == 0)
        {
            reasons.Add(new QualityReason(QualityGrade.D, "no vCPU entered a guest", 0));
        }

        QualityGrade worst = reasons.Aggregate(QualityGrade.A, static (grade, reason) => reason.Grade > grade ? reason.Grade : grade);
        return new CaptureQuality(worst, [.. reasons.OrderByDescending(reason => reason.Grade).ThenByDescending(reason => reason.BlindRules)]);
    }

    private static bool Mentions(RuleInfo rule, string tracepoint) => Names(rule.Evidence, tracepoint) || Names(rule.Expected, tracepoint);

    // As a whole word: kvm_nested_vmexit is not kvm_nested_vmexit_inject.
    private static bool Names(string text, string word)
    {
        for (int at = text.IndexOf(word, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            int end = at + word.Length;
            if (end == text.Length || (text[end] != '_' && !char.IsAsciiLetterOrDigit(text[end])))
            {
                return true;
            }
        }

        return false;
    }
}
