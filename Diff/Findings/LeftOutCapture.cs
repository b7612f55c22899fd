namespace Differ.Diff.Findings;

/// <summary>A recording, or what may hold one, that was found in a folder and not judged.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="File">The file or folder, as it can be named from the folder the command ran in.</param>
/// <param name="Reason">Why, for a person.</param>
public sealed record LeftOutCapture(string Name, string File, string Reason);
