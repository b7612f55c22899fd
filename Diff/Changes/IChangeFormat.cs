using Differ.Diff.Report;

namespace Differ.Diff.Changes;

/// <summary>What a comparison of captures gave.</summary>
/// <param name="Pairs">The pairs, by name.</param>
/// <param name="OnlyBase">Captures without a partner among the test captures.</param>
/// <param name="OnlyTest">Captures without a partner among the base captures.</param>
/// <param name="Unread">Pairs of which one capture cannot be used, each with why.</param>
public sealed record ChangeSet(
    IReadOnlyList<RunChanges> Pairs, IReadOnlyList<string> OnlyBase, IReadOnlyList<string> OnlyTest, IReadOnlyList<(string Name, string Fault)> Unread)
{
    /// <summary>Whether a test capture has a class of divergences that its base capture lacks.</summary>
    public bool HasNew => Pairs.Any(pair => pair.HasNew);
}

/// <summary>One way to write a <see cref="ChangeSet"/> down.</summary>
public interface IChangeFormat
{
    /// <summary>The word after <c>--format</c>.</summary>
    string Name { get; }

    /// <summary>Writes it; the same changes give the same bytes on every machine.</summary>
    void Write(ChangeSet changes, TextWriter output, Ink ink);
}

/// <summary>Every format of <c>differ compare</c>. A new one is a file beside this one and a line here.</summary>
public static class ChangeFormats
{
    /// <summary>In the order of the help.</summary>
    public static IReadOnlyList<IChangeFormat> All { get; } = [new ChangeText(), new ChangeJson()];
}
