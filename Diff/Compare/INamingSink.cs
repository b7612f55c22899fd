using Differ.Schemas.Model;

namespace Differ.Diff.Compare;

/// <summary>Takes exits with what the rules say of them, and names what each departs in.</summary>
public interface INamingSink : IComputedSink
{
    /// <summary>
    /// Fingerprint of the finding that the exit taken last belongs to; null where it breaks no rule, or only as KVM documents. Whether the
    /// finding stands shows when the run has ended.
    /// </summary>
    string? Finding { get; }
}
