using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Differ.Cli;

namespace Differ.Tests.Support;

/// <summary>Runs the program as a process of its own, as a shell would: what a process is given cannot be had in this one.</summary>
internal static class Shell
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>The program's file.</summary>
    private static string Program => typeof(Verbs).Assembly.Location;

    /// <summary>Runs a script of bash in which <c>differ</c> is the program.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="script">The script.</param>
    public static CommandResult Run(string folder, string script)
    {
        using Process shell = Start(folder, "bash", "-c", $"differ() {{ dotnet '{Program}' \"$@\"; }}\n{script}");
        using var output = new MemoryStream();
        Task<string> errors = shell.StandardError.ReadToEndAsync();
        shell.StandardInput.Close();
        shell.StandardOutput.BaseStream.CopyTo(output);
        Assert.True(shell.WaitForExit(Patience), script);
        return new CommandResult(shell.ExitCode, Encoding.UTF8.GetString(output.ToArray()), errors.Result, output.ToArray());
    }

    /// <summary>Starts the program, which ignores no signal, whatever the tests were started with.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="words">The words of the command.</param>
    public static Process StartDiffer(string folder, params string[] words) => Start(folder, "env", ["--default-signal", "dotnet", Program, .. words]);

    /// <summary>Sends a signal to a process.</summary>
    /// <param name="process">The process.</param>
    /// <param name="signal">Its name, as TERM.</param>
    public static void Signal(Process process, string signal)
    {
        using Process kill = Start(Path.GetTempPath(), "kill", $"-{signal}", $"{process.Id}");
        kill.WaitForExit();
    }

    private static Process Start(string folder, string program, params string[] words)
    {
        var start = new ProcessStartInfo(program, words)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The runtime keeps its own code in a file without a name, which ulimit -f would count, and offers itself to debuggers in TMPDIR.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["TMPDIR"] = folder;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException($"this test needs {program}", e);
        }
    }
}
