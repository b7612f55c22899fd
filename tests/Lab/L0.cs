using System.Diagnostics;
using System.Text;
using Differ.Tests.Support;

namespace Differ.Tests.Lab;

/// <summary>An emulated AMD host that runs; powered off when disposed of. lab.sh beside does the work.</summary>
internal sealed class L0 : IDisposable
{
    private readonly string _name;

    private L0(string kernel, string name)
    {
        _name = name;
        Kernel = kernel;
        Share = Script("", null, false, "share", name).Output.Trim();
    }

    /// <summary>The name that lab.sh gives its kernel, as 6.12.</summary>
    public string Kernel { get; }

    /// <summary>The folder that is /mnt in it.</summary>
    public string Share { get; }

    /// <summary>The kernels that were fetched.</summary>
    public static IReadOnlyList<string> Kernels { get; } = [.. new[] { "6.1", "6.12", "backports" }.Where(kernel => Directory.Exists(Path.Combine(Folder, "kernels", kernel)))];

    private static string Folder => Environment.GetEnvironmentVariable("DIFFER_LAB")
        ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "", ".cache"), "differ-lab");

    /// <summary>Boots one.</summary>
    /// <param name="kernel">One of <see cref="Kernels"/>.</param>
    /// <param name="bound">The folder that is /opt in it.</param>
    /// <param name="counts">Whether its time-stamp counter counts instructions, one a tick.</param>
    public static L0 Boot(string kernel, string bound, bool counts = false)
    {
        string name = $"tests-{Environment.ProcessId}-{kernel}{(counts ? "-counts" : "")}";
        CommandResult booted = Script("", bound, counts, "boot", kernel, name);
        Assert.True(booted.Status == 0, booted.Errors);
        return new L0(kernel, name);
    }

    /// <summary>Runs a script of bash in it, as root.</summary>
    public CommandResult Run(string script) => Script(script, null, false, "run", _name);

    /// <inheritdoc/>
    public void Dispose()
    {
        Script("", null, false, "stop", _name);
        Directory.Delete(Path.GetDirectoryName(Share)!, recursive: true);
    }

    private static CommandResult Script(string input, string? bound, bool counts, params string[] words)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "tests", "Lab", "lab.sh"), words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (bound is not null)
        {
            start.Environment["DIFFER_LAB_BIND"] = bound;
        }

        start.Environment["DIFFER_LAB_COUNT"] = counts ? "1" : "";

        using Process lab = Process.Start(start)!;
        Task<string> errors = lab.StandardError.ReadToEndAsync();
        lab.StandardInput.Write(input);
        lab.StandardInput.Close();
        string output = lab.StandardOutput.ReadToEnd();
        lab.WaitForExit();
        return new CommandResult(lab.ExitCode, output, errors.Result, Encoding.UTF8.GetBytes(output));
    }
}

/// <summary>A theory over the kernels of the lab; skipped, and said so, where none was fetched.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LabTheoryAttribute : TheoryAttribute
{
    public LabTheoryAttribute() => Skip = L0.Kernels.Count > 0 ? null : "no kernels of Debian: tests/Lab/lab.sh fetch, where apt has them";
}

/// <summary>A test that needs the lab's programs; skipped, and said so, where none was fetched.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LabFactAttribute : FactAttribute
{
    public LabFactAttribute() => Skip = L0.Kernels.Count > 0 ? null : "no programs of Debian: tests/Lab/lab.sh fetch, where apt has them";
}
