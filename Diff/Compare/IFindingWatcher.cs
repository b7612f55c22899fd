using Differ.Diff.Results;

namespace Differ.Diff.Compare;

/// <summary>Is told of findings while a run is still being read.</summary>
public interface IFindingWatcher
{
    /// <summary>Whether it wants to hear of another exit of a class; asked for each, so that nothing is made for nobody.</summary>
    /// <param name="fingerprint">The class.</param>
    bool Wants(string fingerprint);

    /// <summary>Takes a class as it stands.</summary>
    void Take(DivergenceClass found);
}
