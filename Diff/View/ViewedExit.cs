using System.Globalization;
using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Diff.View;

/// <summary>One exit as a viewer shows it.</summary>
/// <param name="Exit">The exit.</param>
/// <param name="Stream">Its vCPU; null where that is known at the end of the recording only.</param>
/// <param name="Verdict">What is said of it.</param>
/// <param name="Departure">What it diverges in; null unless it does, be it likely.</param>
/// <param name="IsContext">Whether it is shown as a neighbour of one that was asked for.</param>
public sealed record ViewedExit(KeptExit Exit, VcpuStream? Stream, Verdict Verdict, Departure? Departure, bool IsContext)
{
    /// <summary>What probes saw of VMCBs and registers; nothing where that is not asked for.</summary>
    public MachineStates States { get; init; } = MachineStates.None;

    /// <summary>The verdict in the word that filters, JSON and CSV have for it.</summary>
    public string VerdictWord => WordOf(Verdict);

    /// <summary>The word for a verdict.</summary>
    public static string WordOf(Verdict verdict) => verdict == Verdict.KnownDeparture ? "documented" : verdict.ToString().ToLowerInvariant();

    /// <summary>The verdict that a word means; null for none.</summary>
    public static Verdict? VerdictOf(string word) => Enum.GetValues<Verdict>().Where(verdict => WordOf(verdict) == word).Select(verdict => (Verdict?)verdict).FirstOrDefault();

    /// <summary>What is odd about the record, a phrase each.</summary>
    public IEnumerable<string> Remarks()
    {
        foreach ((RecordFlags flag, string words) in ((RecordFlags, string)[])
            [
                (RecordFlags.LossBefore, "events lost before"), (RecordFlags.LossInside, "events lost inside"), (RecordFlags.NoExit, "no #VMEXIT recorded"),
                (RecordFlags.NoEntry, "no entry recorded"), (RecordFlags.Folded, "a pretended exit is folded in"),
            ])
        {
            if ((Exit.Flags & flag) != 0)
            {
                yield return words;
            }
        }
    }

    /// <summary>Where it is: the VM where there are several, the vCPU, the number.</summary>
    public string Place => string.Create(CultureInfo.InvariantCulture, $"stream {Exit.Stream.Value} exit {Exit.Index}");
}
