namespace Differ.Fuzz;

/// <summary>Differ did what it says it never does, and did it without an exception. The same promise has the same words.</summary>
internal sealed class BrokenPromiseException(string words) : Exception(words);
