using System.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>The program that puts faults into Replay works: it finds places for them, compiles, and tells what the tests notice.</summary>
/// <remarks>A few mutants of one table, against the one class that states it. How much of Replay the whole suite guards is measured at night (docs/architecture.md).</remarks>
public sealed class MutantTests
{
    [Fact]
    public void Faults_in_the_tables_of_registers_are_noticed()
    {
        (int status, string output) = Run("--file", "Tables/ControlRegisters.cs", "--class", "RegisterBitsTests", "--sample", "4", "--seed", "1", "--goal", "50");
        Assert.True(status == 0, output);
        Assert.Contains("Killed", output, StringComparison.Ordinal);
        Assert.Contains("| all |", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Tests_that_were_not_built_are_named()
    {
        (int status, string output) = Run("--tests", "/nowhere");
        Assert.Equal(2, status);
        Assert.Contains("/nowhere/Differ.Tests.dll is missing", output, StringComparison.Ordinal);
    }

    private static (int Status, string Output) Run(params string[] words)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        string program = Path.Combine(Repository.Root, "tests", "Mutants", "bin", here.Parent!.Name, here.Name, "Differ.Mutants.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. words.Contains("--tests") ? words : [.. words, "--tests", here.FullName]]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
