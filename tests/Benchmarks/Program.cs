using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Differ.Benchmarks.Growers;
using Differ.Benchmarks.Ratios;

namespace Differ.Benchmarks;

/// <summary>
/// <c>ratios folder differ scratch events rounds</c> measures Differ against other tools (<c>ratios.sh</c> calls it);
/// <c>read capture</c> reads one capture over and over, to be looked at with a profiler;
/// <c>grow capture bytes output</c> makes a trace.dat of version 6 as large as wanted;
/// everything else are words of BenchmarkDotNet, for example <c>--filter *ReplayBenchmarks*</c>.
/// </summary>
internal static class Program
{
    private const int Readings = 10;

    /// <summary>The program.</summary>
    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["ratios", string folder, string differ, string scratch, string events, string rounds]:
                var inputs = new Inputs(folder, scratch, ulong.Parse(events, CultureInfo.InvariantCulture));
                new RatioTable(inputs, new Tool(scratch), differ, int.Parse(rounds, CultureInfo.InvariantCulture)).Write();
                return 0;
            case ["read", string capture]:
                Read(capture);
                return 0;
            case ["grow", string capture, string bytes, string output]:
                TraceDatGrower.Grow(capture, long.Parse(bytes, CultureInfo.InvariantCulture), output);
                return 0;
            default:
                // In this process: a project that BenchmarkDotNet generates would not keep the rules of this repository.
                IConfig config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
                return 0;
        }
    }

    private static void Read(string capture)
    {
        for (int i = 0; i < Readings; i++)
        {
            Measured run = Measured.Of(() => Readers.Records(capture));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.Rate / 1e6:f2} M events/s"));
        }
    }
}
