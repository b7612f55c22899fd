namespace Differ.Fuzz;

/// <summary>Feeds inputs to one target until the time or the number of inputs is over, or there are too many different failures.</summary>
/// <param name="target">The target.</param>
/// <param name="seed">The number of the series: the same one gives the same inputs.</param>
/// <param name="more">Inputs to start from beside the target's own.</param>
internal sealed class Campaign(FuzzTarget target, int seed, IReadOnlyList<FuzzInput> more)
{
    private const int MostFaults = 10;

    private readonly Generator _generator = new(target, seed, [.. target.Seeds(), .. more]);

    /// <summary>What came out.</summary>
    public Figures Figures { get; } = new(target.Name);

    /// <summary>How many inputs became seeds because they ended in a new way.</summary>
    public int Kept => _generator.Kept;

    /// <summary>Told of the first input of every fault, and of the way it took.</summary>
    public Action<FuzzInput, FuzzWay, string> Failed { get; init; } = static (_, _, _) => { };

    /// <summary>Told of the first input of every outcome, and of the way it took.</summary>
    public Action<FuzzInput, FuzzWay, FuzzOutcome> Ended { get; init; } = static (_, _, _) => { };

    /// <summary>Watches every input; null for nobody.</summary>
    public Guard? Guard { get; init; }

    /// <summary>Goes on until it is over.</summary>
    /// <param name="inputs">How many inputs at most.</param>
    /// <param name="budget">How long at most.</param>
    public void Go(long inputs, TimeSpan budget)
    {
        for (long i = 0; i < inputs && Figures.Elapsed < budget && Figures.Faults.Count < MostFaults; i++)
        {
            (FuzzInput input, FuzzWay way) = _generator.Next();
            Guard?.Begin(input);
            Trial trial = Trial.Of(input, way);
            Guard?.End();
            bool isNew = Figures.Add(way, trial);
            if (isNew && trial.Fault is { } fault)
            {
                Failed(input, way, fault);
            }
            else if (isNew)
            {
                _generator.Keep(input);
                Ended(input, way, trial.Outcome!);
            }
        }
    }
}
