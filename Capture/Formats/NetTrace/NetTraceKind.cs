namespace Differ.Capture.Formats.NetTrace;

/// <summary>One field as a file describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Code of its type.</param>
/// <param name="Element">Of an array, code of the type of its elements; else as <paramref name="Type"/>.</param>
/// <param name="Count">Elements of an array of fixed length.</param>
internal readonly record struct NetTraceField(string Name, byte Type, byte Element, int Count);

/// <summary>One kind of event as the file describes it.</summary>
/// <param name="Provider">Group of tracepoints.</param>
/// <param name="Name">The tracepoint.</param>
/// <param name="Number">Its number in the group.</param>
/// <param name="Fields">Its fields, in order; as far as they are told.</param>
internal sealed record NetTraceKind(string Provider, string Name, int Number, IReadOnlyList<NetTraceField> Fields)
{
    /// <summary>What makes it the same kind where it is described again.</summary>
    public (string Provider, string Name, int Number) Key => (Provider, Name, Number);

    /// <summary>What it takes to keep it, in letters; a field counts for sixteen beside its name.</summary>
    public int Weight { get; } = 32 + Provider.Length + Name.Length + Fields.Sum(static field => 16 + field.Name.Length);
}
