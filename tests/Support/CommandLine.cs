using System.Text;
using Differ.Cli;

namespace Differ.Tests.Support;

/// <summary>Runs the program in this process, with streams in place of a terminal.</summary>
internal static class CommandLine
{
    /// <summary>Runs <c>differ</c> with these words.</summary>
    public static CommandResult Run(params string[] words) => RunWith([], words);

    /// <summary>The same, with bytes on standard input.</summary>
    public static CommandResult RunWith(byte[] input, params string[] words) => RunWith(new MemoryStream(input), CancellationToken.None, words);

    /// <summary>The same, with a stream there, and ended by a token.</summary>
    public static CommandResult RunWith(Stream input, CancellationToken cancel, params string[] words) => Run(words, input, onTerminal: false, cancel);

    /// <summary>The same, with a person in front of it.</summary>
    public static CommandResult RunOnTerminal(params string[] words) => Run(words, Stream.Null, onTerminal: true, CancellationToken.None);

    /// <summary>The same, ended by a token.</summary>
    public static CommandResult RunUntil(CancellationToken cancel, params string[] words) => Run(words, Stream.Null, onTerminal: false, cancel);

    private static CommandResult Run(string[] words, Stream input, bool onTerminal, CancellationToken cancel)
    {
        using var output = new MemoryStream();
        using var writer = new StreamWriter(output, new UTF8Encoding(false)) { AutoFlush = true };
        using var errors = new StringWriter();
        int status = Program.Run(words, new Terminal(writer, errors, input, output, onTerminal, onTerminal), cancel);
        return new CommandResult(status, Encoding.UTF8.GetString(output.ToArray()), errors.ToString(), output.ToArray());
    }
}

/// <summary>What a run of the program gave.</summary>
/// <param name="Status">Exit status.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
/// <param name="Bytes">Standard output as it is.</param>
internal sealed record CommandResult(int Status, string Output, string Errors, byte[] Bytes);
