using System.Diagnostics;
using Differ.Diff.Compare;
using Differ.Schemas.Model;

namespace Differ.Cli;

/// <summary>Tells of findings while a stream is still being read: a class when it is first seen, then now and then.</summary>
/// <param name="terminal">Where to.</param>
internal sealed class LiveFindings(Terminal terminal) : IFindingWatcher
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, TimeSpan> _told = [];
    private readonly Stopwatch _since = Stopwatch.StartNew();

    /// <inheritdoc/>
    public bool Wants(string fingerprint) => !_told.TryGetValue(fingerprint, out TimeSpan last) || _since.Elapsed - last >= Again;

    /// <inheritdoc/>
    public void Take(DivergenceClass found)
    {
        bool first = _told.TryAdd(found.Fingerprint, _since.Elapsed);
        _told[found.Fingerprint] = _since.Elapsed;
        terminal.ClearProgress();
        terminal.Error.WriteLine(first
            ? $"differ: {found.Rule.Id} at exit {found.First.Exit.Index} of stream {found.First.Exit.Stream.Value}, "
                + $"{(found.Culprit == Culprit.Processor ? "the processor" : "the hypervisor")} departs: "
                + string.Join("; ", found.First.Recorded.Select(field => field.Text)) + $" (fingerprint {found.Fingerprint})"
            : $"differ: {found.Rule.Id} again, {found.Count} times so far (fingerprint {found.Fingerprint})");
    }
}
