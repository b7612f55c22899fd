using System.Runtime.InteropServices;
using Differ.Cli.Linux;

namespace Differ.Cli;

/// <summary>A file cannot be written. It is no fault of the input: another input would fail in the same way.</summary>
/// <param name="path">The file, as the user named it.</param>
/// <param name="cause">What the system says.</param>
internal sealed class OutputException(string path, Exception cause) : Exception($"cannot write {path}: {Reason(cause)}", cause)
{
    /// <summary>An error of Linux as the runtime has it.</summary>
    public static Exception OfSystem(int error) => error switch
    {
        Libc.NoEntry or Libc.NotAFolder => new DirectoryNotFoundException(),
        Libc.NoAccess or Libc.NotPermitted => new UnauthorizedAccessException(),
        _ => new IOException(Marshal.GetPInvokeErrorMessage(error), error),
    };

    // The system's words name the file under which it is written until it is complete.
    private static string Reason(Exception cause) => cause switch
    {
        DirectoryNotFoundException => "there is no such folder",
        UnauthorizedAccessException => "it may not be written",
        ArgumentOutOfRangeException => "it would be larger than files may be here",
        _ => cause.Message.ReplaceLineEndings(" ").Split(" : '")[0].TrimEnd('.'),
    };
}
