using Differ.Capture.Diagnostics;
using Differ.Diff.Findings;
using Differ.Schemas.Files;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Faults;

/// <summary>Tells an input that cannot be used from a fault of the program, and says what is wrong with it.</summary>
internal static class UnusableInput
{
    /// <summary>Whether an exception says that an input cannot be used: one of several must not hide what the others say.</summary>
    public static bool Is(Exception fault) => fault is CaptureFormatException or RunFormatException or IOException or UnauthorizedAccessException or InputException { InnerException: not null };

    /// <summary>The input for reports.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="file">The file, as it can be named from the folder the command ran in.</param>
    /// <param name="fault">What is wrong with it.</param>
    public static UnreadCapture Of(string name, string file, Exception fault) => fault switch
    {
        InputException { InnerException: { } inner } => Of(name, file, inner),
        CaptureFormatException format => new(name, file, format.Code, format.Message),
        RunFormatException format => new(name, file, format.Code, format.Message),
        _ => new(name, file, "", ReasonOf(fault)),
    };

    /// <summary>Why the system does not give a file. Its own words hold the whole path, which differs from machine to machine.</summary>
    public static string ReasonOf(Exception fault) => fault switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException => "the file may not be read",
        _ => InWords(fault),
    };

    /// <summary>What is wrong with an input, in one line that names it.</summary>
    /// <param name="name">The input, in the user's words; - for standard input.</param>
    /// <param name="fault">What is wrong with it.</param>
    public static string Line(string name, Exception fault)
    {
        string said = PlainText.Of(InWords(fault));
        name = name == "-" ? "standard input" : PlainText.Of(name);
        return said.Contains(name, StringComparison.Ordinal) ? said : $"{name}: {said}";
    }

    /// <summary>What the system says of a file, as the system says it: the runtime puts its own words around a name.</summary>
    public static string InWords(Exception fault) => fault.Message.ReplaceLineEndings(" ").Replace("Could not find file", "there is no file", StringComparison.Ordinal)
        .Replace("Could not find a part of the path", "there is no folder", StringComparison.Ordinal)
        .Replace("Access to the path", "access to", StringComparison.Ordinal).Replace("is denied", "is refused", StringComparison.Ordinal).TrimEnd('.');
}
