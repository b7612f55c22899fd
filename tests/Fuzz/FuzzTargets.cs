namespace Differ.Fuzz;

/// <summary>Every target. A new format or packing is a line here, or a name in one; a test finds what was forgotten.</summary>
internal static class FuzzTargets
{
    /// <summary>In the order in which nightly mode takes them.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("trace-dat", ["trace.dat"], Seeds.TraceDat, Shapes.TraceDat, [FuzzWays.Check, FuzzWays.Pipe, FuzzWays.Events, FuzzWays.Reports]),
        new("perf-data", ["perf.data"], Seeds.PerfFile, Shapes.Perf, [FuzzWays.Check, FuzzWays.Pipe, FuzzWays.Events, FuzzWays.Reports]),
        new("perf-pipe", ["perf.data"], Seeds.PerfPipe, Shapes.Perf, [FuzzWays.Pipe, FuzzWays.Live, FuzzWays.Check, FuzzWays.Events]),
        new("text", ["text"], Seeds.Text, Shapes.Lines, [FuzzWays.Check, FuzzWays.Live, FuzzWays.Events, FuzzWays.Reports]),
        new("nettrace", [".nettrace"], Seeds.NetTrace, Shapes.NetTrace, [FuzzWays.Check, FuzzWays.Pipe, FuzzWays.Events]),
        new("ctf", ["CTF"], Seeds.Ctf, Shapes.Ctf, [FuzzWays.Check, FuzzWays.Events, FuzzWays.Reports]) { IsFolder = true },
        new("packed", ["gzip", "zstd", "xz", "bzip2", "lz4", "tar"], Seeds.Packed, Shapes.Tar, [FuzzWays.PackedPipe, FuzzWays.PackedFile])
        {
            Mend = Checksums.MendTar, Unpack = Packer.Unpack, Pack = Packer.Pack,
        },
        new("difr", ["difr"], Seeds.Runs, Shapes.Run, [FuzzWays.Run]) { Mend = Checksums.MendRun },
        new("baseline", ["baseline"], Seeds.Baselines, Shapes.Lines, [FuzzWays.Baseline, FuzzWays.Report, FuzzWays.Explained]),
    ];

    /// <summary>The target with a name; null when there is none.</summary>
    public static FuzzTarget? Find(string name) => All.FirstOrDefault(target => target.Name == name);
}
