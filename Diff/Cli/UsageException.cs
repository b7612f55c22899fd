namespace Differ.Cli;

/// <summary>Words that can be read and make no sense together.</summary>
/// <param name="message">What is wrong and what to do.</param>
internal sealed class UsageException(string message) : Exception(message);
