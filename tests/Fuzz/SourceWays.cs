using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Wrappers;
using Differ.Cli;

namespace Differ.Fuzz;

/// <summary>The same bytes from elsewhere, and from a machine that fails: nothing else may come of it, or one line that says what failed.</summary>
internal static class SourceWays
{
    private const int Silences = 3;

    // To the reader it is a silence, and to nobody else.
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(2), Pause = TimeSpan.FromMilliseconds(6);

    /// <summary><c>differ check</c> of a file, of a pipe, and packed with gzip: one report.</summary>
    public static FuzzWay OneReport { get; } = FuzzWays.Of("one report", static input =>
    {
        Reading file = Reading.Of(input);
        byte[] bytes = input.ToBytes();
        file.MustBe(Reading.Of(() => CaptureFile.Open(new SlowPipe(bytes))), "a pipe");
        if (!Packings.Sniff(bytes))
        {
            file.MustBe(Reading.Of(() => CaptureFile.Open(new MemorySource(Packer.All["gzip"](bytes)), "")), "gzip");
        }

        return file.Outcome;
    });

    /// <summary><c>differ check -</c> while the capture is being written by somebody who falls silent now and then: the report of the file.</summary>
    public static FuzzWay Watched { get; } = FuzzWays.Of("watched", static input =>
    {
        Reading file = Reading.Of(input), watched = Reading.Of(
            () => CaptureFile.Open(Live(new SlowPipe(input.File) { Silences = Silences, Silence = Pause }, CancellationToken.None)), new LiveFindings(Reading.Nowhere));
        if (file.Outcome.Code == FuzzOutcome.Verdict || watched.Outcome.Code == FuzzOutcome.Verdict)
        {
            // What cannot be used is refused as soon as that is known, and a file knows where it ends.
            file.MustBe(watched, "a watched pipe");
        }

        return file.Outcome;
    });

    /// <summary>The same until an interruption: what came is reported.</summary>
    public static FuzzWay Interrupted { get; } = FuzzWays.Of("interrupted", static input =>
    {
        using var interruption = new CancellationTokenSource();
        var pipe = new SlowPipe(input.File)
        {
            Silences = 1,
            Silence = Pause,
            InterruptedAt = FuzzWays.RandomOf(input.File).Next(input.File.Length + 1),
            Interruption = interruption,
        };
        try
        {
            return Reading.Of(() => CaptureFile.Open(Live(pipe, interruption.Token)), new LiveFindings(Reading.Nowhere)).Outcome;
        }
        catch (OperationCanceledException)
        {
            return new FuzzOutcome("interrupted", "");
        }
    });

    /// <summary>A file on a machine that gives it in small pieces, then fails, or lets it shrink.</summary>
    public static FuzzWay Faults { get; } = FuzzWays.Of("faults", static input =>
    {
        Random random = FuzzWays.RandomOf(input.ToBytes());
        int seed = random.Next();
        var inPieces = new MachineFaults(seed);
        Reading sound = Reading.Of(input);
        sound.MustBe(Under(input, inPieces), "short reads");
        int at = random.Next(Math.Max(1, inPieces.Reads));
        Fails(input, new MachineFaults(seed) { FailsAt = at });
        Shrinks(input, new MachineFaults(seed) { ShrinksAt = at }, sound);
        return sound.Outcome;
    });

    private static LiveStream Live(SlowPipe pipe, CancellationToken end) => new(pipe, end) { IsWatched = true, Silence = Silence };

    private static Reading Under(FuzzInput input, MachineFaults faults) =>
        input.IsFolder ? Reading.Of(faults.Under(input.Files)) : Reading.Of(() => CaptureFile.Open(faults.Under(input.File), ""));

    private static void Fails(FuzzInput input, MachineFaults faults)
    {
        try
        {
            Reading reading = Under(input, faults);
            if (faults.HaveStruck)
            {
                throw new BrokenPromiseException($"a read that fails: ends in {reading.Outcome.Code}, and does not say so");
            }
        }
        catch (IOException e) when (e.Message == MachineFaults.BadSector)
        {
            // So it should.
        }
    }

    private static void Shrinks(FuzzInput input, MachineFaults faults, Reading sound)
    {
        Reading reading = Under(input, faults);
        if (!faults.HaveStruck)
        {
            sound.MustBe(reading, "a file that shrinks behind what is read");
        }
        else if (reading.Outcome.Code == FuzzOutcome.Verdict)
        {
            throw new BrokenPromiseException("a file that shrinks while it is read: ends in a verdict, and does not say so");
        }
    }
}
