using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Differ.Benchmarks;

/// <summary>
/// <c>grow capture bytes out</c> makes a large capture of a small one; everything else are words of BenchmarkDotNet,
/// for example <c>--filter *ReplayBenchmarks*</c>.
/// </summary>
internal static class Program
{
    /// <summary>The program.</summary>
    public static int Main(string[] args)
    {
        if (args is ["grow", string capture, string bytes, string output])
        {
            CaptureGrower.Grow(capture, long.Parse(bytes, System.Globalization.CultureInfo.InvariantCulture), output);
            return 0;
        }

        // In this process: a project that BenchmarkDotNet generates would not keep the rules of this repository.
        IConfig config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
        return 0;
    }
}
