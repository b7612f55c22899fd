using System.Diagnostics;
using Differ.Tests.Support;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Differ.Tests.Lab;

/// <summary>The lab's tests run behind all others and one at a time: an emulated host wants a processor for itself.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LabCollection : ICollectionFixture<Hosts>
{
    public const string Name = "Lab";
}

/// <summary>The host that runs: one at a time, and another kernel only when it is asked for. The program is /opt/differ there.</summary>
public sealed class Hosts : IDisposable
{
    private readonly string _published = Path.Combine(Path.GetTempPath(), $"differ-lab-{Environment.ProcessId}");
    private string? _program;
    private L0? _running;

    /// <summary>The host of a kernel.</summary>
    internal L0 Of(string kernel)
    {
        if (_running?.Kernel != kernel)
        {
            _running?.Dispose();
            _running = null;
            _program ??= Environment.GetEnvironmentVariable("DIFFER_LAB_PROGRAM") ?? Publish();
            _running = L0.Boot(kernel, _program);
        }

        return _running;
    }

    public void Dispose()
    {
        _running?.Dispose();
        if (Directory.Exists(_published))
        {
            Directory.Delete(_published, recursive: true);
        }
    }

    // Servers that outlive a build would keep its output open.
    private string Publish()
    {
        using Process publish = Process.Start(new ProcessStartInfo(
            "dotnet", ["publish", Path.Combine(Repository.Root, "Diff", "Cli"), "-c", "Release", "-o", _published, "-v", "q", "-nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false"])
        {
            RedirectStandardOutput = true,
        })!;
        string output = publish.StandardOutput.ReadToEnd();
        publish.WaitForExit();
        Assert.True(publish.ExitCode == 0, output);
        return _published;
    }
}

/// <summary>All that asks for a kernel runs before the next is booted.</summary>
public sealed class ByKernel : ITestCaseOrderer
{
    public IEnumerable<TTestCase> OrderTestCases<TTestCase>(IEnumerable<TTestCase> testCases)
        where TTestCase : ITestCase => testCases.OrderBy(one => one.TestMethodArguments?.FirstOrDefault() as string, StringComparer.Ordinal);
}
