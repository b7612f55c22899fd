using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Results;

/// <summary>Is told what each rule says of each exit, while the comparison runs.</summary>
public interface IRuleWatcher
{
    /// <summary>Takes what one rule says; the record may not be kept.</summary>
    /// <param name="recorded">The exit.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="verdict">What it says.</param>
    /// <param name="missing">The evidence that would decide it, or that is assumed; none where there is nothing to decide.</param>
    void Take(in ExitRecord recorded, RuleInfo rule, Verdict verdict, Evidence missing);
}
