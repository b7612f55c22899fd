namespace Differ.Fuzz;

/// <summary>Every target. A new format or packing is a line here, or a name in one; a test finds what was forgotten.</summary>
internal static class FuzzTargets
{
    /// <summary>In the order in which nightly mode takes them.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("trace-dat", ["trace.dat"], Seeds.TraceDat, Shapes.TraceDat, [SourceWays.OneReport, SourceWays.Faults, FuzzWays.Events, FuzzWays.Reports]),
        new("perf-data", ["perf.data"], Seeds.PerfFile, Shapes.Perf, [SourceWays.OneReport, SourceWays.Faults, FuzzWays.Events, FuzzWays.Reports]),
        new("perf-pipe", ["perf.data"], Seeds.PerfPipe, Shapes.Perf, [SourceWays.OneReport, SourceWays.Faults, FuzzWays.Events]),
        new("text", ["text"], Seeds.Text, Shapes.Lines, [SourceWays.OneReport, SourceWays.Faults, FuzzWays.Events, FuzzWays.Reports]),
        new("nettrace", [".nettrace"], Seeds.NetTrace, Shapes.NetTrace, [SourceWays.OneReport, SourceWays.Faults, FuzzWays.Events]),
        new("ctf", ["CTF"], Seeds.Ctf, Shapes.Ctf, [FuzzWays.Check, SourceWays.Faults, FuzzWays.Events, FuzzWays.Reports]) { IsFolder = true },
        new("packed", ["gzip", "zstd", "xz", "bzip2", "lz4", "tar"], Seeds.Packed, Shapes.Tar, [SourceWays.OneReport, SourceWays.Faults, FuzzWays.PackedFile])
        {
            Mend = Checksums.MendTar, Unpack = Packer.Unpack, Pack = Packer.Pack,
        },
        new("difr", ["difr"], Seeds.Runs, Shapes.Run, [FuzzWays.Run, FuzzWays.RunReports, SourceWays.OneReport, SourceWays.Faults]) { Mend = Checksums.MendRun },
        new("baseline", ["baseline"], Seeds.Baselines, Shapes.Lines, [FuzzWays.Baseline, FuzzWays.Report, FuzzWays.Explained]),
        new("live", ["perf.data", "text"], Seeds.Live, Shapes.Any, [SourceWays.Watched, SourceWays.Interrupted, CommandWays.BrokenPipe]) { Mend = Checksums.MendRun },
        new("btf", [], Seeds.Btf, Shapes.Lines, [FuzzWays.Btf]),
        new("compare", [], Seeds.Pairs, Shapes.Any, [CommandWays.Compare, CommandWays.CompareWithItself]) { Mend = Checksums.MendRun, IsFolder = true },
    ];

    /// <summary>The target with a name; null when there is none.</summary>
    public static FuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);
}
