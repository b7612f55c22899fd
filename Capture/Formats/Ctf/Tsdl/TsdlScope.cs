namespace Differ.Capture.Formats.Ctf.Tsdl;

/// <summary>The names of types that are known between two braces.</summary>
/// <param name="outer">What is around; null for the whole description.</param>
internal sealed class TsdlScope(TsdlScope? outer)
{
    private readonly Dictionary<string, TsdlType> _types = new(StringComparer.Ordinal);

    /// <summary>How many braces are around.</summary>
    public int Depth { get; } = outer is null ? 0 : outer.Depth + 1;

    /// <summary>The scope around.</summary>
    public TsdlScope? Outer => outer;

    /// <summary>Names a type.</summary>
    /// <param name="name">The words of the name with a blank between; with the keyword before those of structures, variants and enums.</param>
    /// <param name="type">The type.</param>
    public void Add(string name, TsdlType type) => _types[name] = type;

    /// <summary>The type with a name; null where there is none.</summary>
    public TsdlType? Find(string name)
    {
        for (TsdlScope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._types.TryGetValue(name, out TsdlType? type))
            {
                return type;
            }
        }

        return null;
    }
}
