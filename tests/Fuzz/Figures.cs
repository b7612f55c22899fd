using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Differ.Fuzz;

/// <summary>What a target has shown so far.</summary>
/// <param name="target">Its name.</param>
internal sealed class Figures(string target)
{
    private readonly SortedDictionary<string, long> _outcomes = new(StringComparer.Ordinal);
    private readonly HashSet<(string Way, FuzzOutcome Outcome)> _signatures = [];
    private readonly Dictionary<string, long> _faults = new(StringComparer.Ordinal);
    private readonly TimeSpan _processor = Environment.CpuUsage.TotalTime;
    private readonly long _since = Stopwatch.GetTimestamp();
    private TimeSpan _slowest;
    private long _mostAllocated;

    /// <summary>Inputs read.</summary>
    public long Inputs { get; private set; }

    /// <summary>How long it has been going on.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_since);

    /// <summary>Faults, each with the number of inputs that had it.</summary>
    public IReadOnlyDictionary<string, long> Faults => _faults;

    /// <summary>Outcomes by number of the diagnostic.</summary>
    public IReadOnlyDictionary<string, long> Outcomes => _outcomes;

    /// <summary>How many outcomes could be told apart.</summary>
    public int DifferentEnds => _signatures.Count;

    /// <summary>Counts an input.</summary>
    /// <returns>Whether its outcome or its fault is a new one.</returns>
    public bool Add(FuzzWay way, Trial trial)
    {
        Inputs++;
        _slowest = trial.Time > _slowest ? trial.Time : _slowest;
        _mostAllocated = Math.Max(_mostAllocated, trial.Allocated);
        if (trial.Fault is { } fault)
        {
            _faults[fault] = _faults.GetValueOrDefault(fault) + 1;
            return _faults[fault] == 1;
        }

        _outcomes[trial.Outcome!.Code] = _outcomes.GetValueOrDefault(trial.Outcome.Code) + 1;
        return _signatures.Add((way.Name, trial.Outcome));
    }

    /// <summary>For people.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="kept">How many inputs became seeds.</param>
    public void Write(TextWriter output, int kept)
    {
        string outcomes = string.Join(", ", _outcomes.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key} {pair.Value}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{target}: {Inputs} inputs in {Elapsed.TotalSeconds:f0} s ({Processor.TotalSeconds:f0} s of processor), {_faults.Values.Sum()} failures ({_faults.Count} different)"));
        output.WriteLine($"  ends: {outcomes}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  {DifferentEnds} different ends, {kept} inputs kept as seeds; slowest {_slowest.TotalMilliseconds:f0} ms, most allocated {_mostAllocated >> 20} MiB, peak of the process {Peak >> 20} MiB"));
    }

    /// <summary>For programs: one line of JSON.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="seed">The number of the series.</param>
    public void WriteJson(TextWriter output, int seed) => output.WriteLine(JsonSerializer.Serialize(new
    {
        target,
        seed,
        inputs = Inputs,
        seconds = Math.Round(Elapsed.TotalSeconds, 1),
        processorSeconds = Math.Round(Processor.TotalSeconds, 1),
        ends = _outcomes,
        differentEnds = DifferentEnds,
        failures = _faults,
        slowestMilliseconds = Math.Round(_slowest.TotalMilliseconds),
        mostAllocatedBytes = _mostAllocated,
        peakBytes = Peak,
    }));

    private TimeSpan Processor => Environment.CpuUsage.TotalTime - _processor;

    private static long Peak
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }
}
