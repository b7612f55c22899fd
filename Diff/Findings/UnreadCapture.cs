namespace Differ.Diff.Findings;

/// <summary>A capture that cannot be used. Of a comparison, a pair of which one cannot.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="File">The file, as it can be named from the folder the command ran in.</param>
/// <param name="Code">The number of the diagnostic, as in README.md; empty where the system refuses the file.</param>
/// <param name="Message">One line: what, where and what to do. It begins with the code, where there is one.</param>
public sealed record UnreadCapture(string Name, string File, string Code, string Message);
