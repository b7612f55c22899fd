using Differ.Diff.Conform;
using Differ.Diff.Writing;

namespace Differ.Diff;

/// <summary>Every way to write down what came of scenarios on a host. A new one is a file in Conform and a line here.</summary>
public static class ConformFormats
{
    /// <summary>The usual one first.</summary>
    public static IReadOnlyList<IFormat<ConformReport>> All { get; } = [new ConformText(), new ConformJson(), new ConformTap(), new ConformJUnit()];
}
