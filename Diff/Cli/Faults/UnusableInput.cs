using Differ.Capture.Diagnostics;
using Differ.Diff.Findings;
using Differ.Schemas.Files;

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
        _ => fault.Message.ReplaceLineEndings(" "),
    };
}
