using System.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.Lab;

/// <summary>The lab's tests run behind all others and one at a time: an emulated host wants a processor for itself.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LabCollection : ICollectionFixture<Hosts>
{
    public const string Name = "Lab";
}

/// <summary>The hosts, each booted when it is first asked for; the program is /opt/differ there.</summary>
public sealed class Hosts : IDisposable
{
    private readonly string _published = Path.Combine(Path.GetTempPath(), $"differ-lab-{Environment.ProcessId}");
    private readonly Dictionary<(string Kernel, bool Counts), L0> _running = [];
    private string? _program;

    /// <summary>The host of a kernel.</summary>
    /// <param name="kernel">One of <see cref="L0.Kernels"/>.</param>
    /// <param name="counts">Whether it is the one whose time-stamp counter counts instructions.</param>
    internal L0 Of(string kernel, bool counts = false)
    {
        if (!_running.TryGetValue((kernel, counts), out L0? host))
        {
            _program ??= Environment.GetEnvironmentVariable("DIFFER_LAB_PROGRAM") ?? Publish();
            host = L0.Boot(kernel, _program, counts);
            _running.Add((kernel, counts), host);
        }

        return host;
    }

    public void Dispose()
    {
        foreach (L0 host in _running.Values)
        {
            host.Dispose();
        }

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
