using Differ.Capture.Disk;
using Differ.Cli.Linux;
using Differ.Diff.Writing;

namespace Differ.Cli;

/// <summary>Standard input, output and error of this process.</summary>
/// <remarks>
/// Where one was closed, its number belongs to the first file that the runtime opened: to read it would wait for ever, and to write it
/// would destroy something. What was open when the process began is told by a flag that everything opened since has.
/// </remarks>
internal static class StandardStreams
{
    private const int Input = 0, Output = 1, Error = 2;
    private const string NowhereDevice = "/dev/null";

    public static Stream OpenInput() => Open(Input, "standard input", Console.OpenStandardInput);

    public static Stream OpenOutput() => Open(Output, "standard output", Console.OpenStandardOutput);

    public static Stream OpenError() => Open(Error, "standard error", Console.OpenStandardError);

    /// <summary>Whether a person reads standard output.</summary>
    public static bool OutputIsTerminal => OperatingSystem.IsLinux() ? Libc.IsTerminal(Output) : !Console.IsOutputRedirected;

    /// <summary>Whether a person reads standard error.</summary>
    public static bool ErrorIsTerminal => OperatingSystem.IsLinux() ? Libc.IsTerminal(Error) : !Console.IsErrorRedirected;

    /// <summary>What standard input is; null where it is closed, or the system does not say.</summary>
    public static FileNode? InputNode => NodeOf(Input);

    /// <summary>What standard output is; null where it is closed, or the system does not say.</summary>
    public static FileNode? OutputNode => NodeOf(Output);

    /// <summary>Says one line on standard error when there is nothing else to say it with.</summary>
    public static void LastWords(string line)
    {
        byte[] words = Schemas.Vocabulary.Utf8Text.Encode(line);
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.Write(line);
        }
        else if (Libc.IsInherited(Error))
        {
            _ = Libc.Write(Error, words);
        }
    }

    private static Stream Open(int number, string name, Func<Stream> other)
    {
        if (!OperatingSystem.IsLinux())
        {
            return other();
        }

        if (Libc.IsInherited(number))
        {
            return new DescriptorStream(number, isOurs: false);
        }

        if (FileNode.Of(number) is null)
        {
            // No file that is opened later may get the number.
            _ = Libc.Open(NowhereDevice, Libc.ToReadAndWrite);
        }

        return new ClosedStream(name);
    }

    private static FileNode? NodeOf(int number) => OperatingSystem.IsLinux() && Libc.IsInherited(number) ? FileNode.Of(number) : null;

    private sealed class ClosedStream(string name) : ForwardStream
    {
        public override int Read(Span<byte> buffer) => throw new IOException($"{name} is closed");

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (buffer.Length > 0)
            {
                throw new IOException($"{name} is closed");
            }
        }
    }
}
