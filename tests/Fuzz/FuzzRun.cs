using System.Globalization;
using System.Security.Cryptography;

namespace Differ.Fuzz;

/// <summary>What the command line asks for.</summary>
/// <param name="failures">Folder for inputs that fail.</param>
/// <param name="collection">Folder for the smallest input of every diagnostic; null where none are wanted.</param>
/// <param name="output">Where figures go.</param>
internal sealed class FuzzRun(string failures, string? collection, TextWriter output)
{
    /// <summary>Status: nothing failed, something did.</summary>
    public const int Good = 0, Failed = 1;

    private static readonly TimeSpan Round = TimeSpan.FromMinutes(5), Minimising = TimeSpan.FromSeconds(20);

    /// <summary>One target for a while.</summary>
    public int One(FuzzTarget target, int seed, TimeSpan budget, IReadOnlyList<string> captures)
    {
        Directory.CreateDirectory(failures);
        List<FuzzInput> more = [.. captures.Select(path => FuzzInput.Read(path, target.IsFolder))];
        using var guard = new Guard(Path.Combine(failures, $"{target.Name}-{seed}.current"));
        var smallest = new SortedDictionary<string, (FuzzInput Input, FuzzWay Way)>(StringComparer.Ordinal);
        var campaign = new Campaign(target, seed, more)
        {
            Guard = guard,
            Failed = (input, way, fault) => Keep(target, input, way, fault),
            Ended = (input, way, outcome) =>
            {
                if (!smallest.TryGetValue(outcome.Code, out (FuzzInput Input, FuzzWay Way) known) || input.Length < known.Input.Length)
                {
                    smallest[outcome.Code] = (input, way);
                }
            },
        };
        campaign.Go(long.MaxValue, budget);
        if (collection is not null)
        {
            Collect(target, smallest);
        }

        campaign.Figures.Write(output, campaign.Kept);
        campaign.Figures.WriteJson(output, seed);
        return campaign.Figures.Faults.Count == 0 ? Good : Failed;
    }

    /// <summary>All targets in turn, in rounds.</summary>
    public int Nightly(TimeSpan budget, int seed)
    {
        DateTime end = DateTime.UtcNow + budget;
        TimeSpan slice = budget / FuzzTargets.All.Count < Round ? budget / FuzzTargets.All.Count : Round;
        int status = Good;
        for (int round = 0; DateTime.UtcNow < end; round++)
        {
            foreach (FuzzTarget target in FuzzTargets.All.TakeWhile(_ => DateTime.UtcNow < end))
            {
                int series = unchecked(seed + round);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round}: --target {target.Name} --seed {series} --seconds {slice.TotalSeconds:f0}"));
                status = Math.Max(status, One(target, series, slice, []));
            }
        }

        return status;
    }

    /// <summary>Inputs that were kept, in every way of the target.</summary>
    public int Replay(FuzzTarget target, IReadOnlyList<string> kept)
    {
        int status = Good;
        foreach (string path in kept)
        {
            FuzzInput input = FuzzInput.Read(path, target.IsFolder);
            foreach (FuzzWay way in target.Ways)
            {
                Trial trial = Trial.Of(input, way);
                status = trial.Fault is null ? status : Failed;
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{path} {way.Name}: {trial.Fault ?? $"{trial.Outcome!.Code} {trial.Outcome.Detail}"} ({trial.Time.TotalMilliseconds:f0} ms, {trial.Allocated >> 10} KiB)"));
            }
        }

        return status;
    }

    // A part of a file that does not matter for what is said of it only makes it longer.
    private void Collect(FuzzTarget target, SortedDictionary<string, (FuzzInput Input, FuzzWay Way)> smallest)
    {
        string folder = Path.Combine(collection!, target.Name);
        Directory.CreateDirectory(folder);
        foreach ((string code, (FuzzInput input, FuzzWay way)) in smallest)
        {
            FuzzOutcome outcome = Trial.Of(input, way).Outcome!;
            File.WriteAllBytes(Path.Combine(folder, code), Minimiser.Of(input, one => Mended(target, one, way).Outcome == outcome, Minimising).ToBytes());
        }
    }

    // A part that is left out changes the checksum of what it was in.
    private static Trial Mended(FuzzTarget target, FuzzInput smaller, FuzzWay way)
    {
        foreach (byte[] file in smaller.Files.Values)
        {
            target.Mend?.Invoke(file);
        }

        return Trial.Of(smaller, way);
    }

    private void Keep(FuzzTarget target, FuzzInput input, FuzzWay way, string fault)
    {
        FuzzInput smaller = Minimiser.Of(input, one => Mended(target, one, way).Fault == fault, Minimising);
        byte[] bytes = smaller.ToBytes();
        string path = Path.Combine(failures, $"{target.Name}-{Convert.ToHexStringLower(SHA256.HashData(bytes))[..12]}{(input.IsFolder ? ".tar" : ".bin")}");
        File.WriteAllBytes(path, bytes);
        output.WriteLine($"{path} ({way.Name}): {fault}");
    }
}
