namespace Differ.Cli;

/// <summary>An input that can be read and cannot be used for what is asked.</summary>
/// <param name="message">What, where and what to do.</param>
internal sealed class InputException(string message) : Exception(message);
