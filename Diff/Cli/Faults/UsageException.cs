namespace Differ.Cli.Faults;

/// <summary>Words that can be read and make no sense together, or name for the judgement what cannot be read: a baseline, a configuration.</summary>
/// <param name="message">What is wrong and what to do.</param>
internal sealed class UsageException(string message) : Exception(message);
