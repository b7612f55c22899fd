namespace Differ.Fuzz;

/// <summary>A reader that is fed damaged input.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Covers">Names of the formats and packings it is for.</param>
/// <param name="Seeds">Makes the sound inputs that are damaged.</param>
/// <param name="Shape">Finds the records of a file.</param>
/// <param name="Ways">The ways into the product; the first is taken most often.</param>
internal sealed record FuzzTarget(
    string Name, IReadOnlyList<string> Covers, Func<IReadOnlyList<FuzzInput>> Seeds, Func<byte[], List<Piece>> Shape, IReadOnlyList<FuzzWay> Ways)
{
    /// <summary>Puts right what would only have a damaged file refused at the door: checksums.</summary>
    public Action<byte[]>? Mend { get; init; }

    /// <summary>Takes off a packing, so that what is inside can be damaged; null where there is none.</summary>
    public Func<byte[], byte[]?>? Unpack { get; init; }

    /// <summary>Puts a packing on.</summary>
    public Func<Random, byte[], byte[]>? Pack { get; init; }

    /// <summary>Whether a recording is the files of a folder.</summary>
    public bool IsFolder { get; init; }
}

/// <summary>One way into the product.</summary>
/// <param name="Name">For people.</param>
/// <param name="Read">Reads an input to its end, and says how it ended. What a bad file may raise is turned into an outcome, anything else is a failure.</param>
internal sealed record FuzzWay(string Name, Func<FuzzInput, FuzzOutcome> Read);

/// <summary>How an input ended that did no harm.</summary>
/// <param name="Code"><see cref="Verdict"/>, or the number of a diagnostic.</param>
/// <param name="Detail">What else tells it from other outcomes.</param>
internal sealed record FuzzOutcome(string Code, string Detail)
{
    /// <summary>The input was read, and every exit has a verdict.</summary>
    public const string Verdict = "verdict";
}
