namespace Differ.Cli;

/// <summary>A capture or run that was named on the command line, or that lies in a folder or an archive that was.</summary>
/// <param name="Name">What reports call it: the user's words, with / between folders, and relative where it lies below the current folder.</param>
/// <param name="File">The file, in the same way; - for standard input, and the archive for what is in one.</param>
/// <param name="Open">Opens it; fails as opening a file does.</param>
internal sealed record NamedInput(string Name, string File, Func<RunInput> Open);
