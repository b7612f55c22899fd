namespace Differ.Diff.Writing;

/// <summary>One way to write something down.</summary>
/// <typeparam name="T">What is written.</typeparam>
public interface IFormat<in T>
{
    /// <summary>The word after <c>--format</c>.</summary>
    string Name { get; }

    /// <summary>Writes all of it; the same content gives the same bytes on every machine.</summary>
    void Write(T content, TextWriter output, Ink ink);
}
