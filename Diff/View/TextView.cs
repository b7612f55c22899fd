using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.View;

/// <summary>Exits for a person: where it is and what is said of it, then every event by the kernel's names.</summary>
/// <param name="printer">Writes exits.</param>
/// <param name="output">Where to.</param>
/// <param name="ink">Colours.</param>
public sealed class TextView(ExitPrinter printer, TextWriter output, Ink ink) : IExitView
{
    /// <inheritdoc/>
    public void Begin()
    {
        // The first line is the first exit's.
    }

    /// <inheritdoc/>
    public void Write(ViewedExit one)
    {
        string vcpu = one.Stream is { } stream ? $"  {stream.Label}" : "";
        string rule = one.Departure is { } departure ? $" {departure.Rule.Id} ({departure.Fingerprint})" : "";
        output.Write($"{one.Place}{vcpu}  {Coloured(one.Verdict, one.VerdictWord + rule)}{string.Concat(one.Remarks().Select(remark => $"  {ink.Warn(remark)}"))}\n");
        foreach (string line in printer.Lines(one.Exit))
        {
            output.Write($"  {(one.IsContext ? ink.Dim(line) : line)}\n");
        }

        foreach (string line in StatePrinter.Lines(one.States))
        {
            output.Write($"    {line}\n");
        }

        if (one.Departure is { } found && !one.IsContext)
        {
            output.Write($"  recorded  {string.Join("; ", found.Recorded.Select(field => field.Text))}\n");
            output.Write($"  expected  {string.Join(", or ", found.Expected)}\n");
        }
    }

    private string Coloured(Verdict verdict, string text) => verdict switch
    {
        Verdict.Diverges => ink.Bad(text),
        Verdict.Likely or Verdict.Undecided => ink.Warn(text),
        _ => text,
    };
}
