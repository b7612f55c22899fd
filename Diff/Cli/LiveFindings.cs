using System.Diagnostics;
using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Schemas.Model;

namespace Differ.Cli;

/// <summary>
/// Tells of findings while a stream is still being read: a class when it is first seen, then now and then. Where many classes come at
/// once, only some are told, and how many were not: the report has them all.
/// </summary>
/// <param name="terminal">Where to.</param>
/// <param name="elapsed">The time since the start; null for a clock.</param>
internal sealed class LiveFindings(Terminal terminal, Func<TimeSpan>? elapsed = null) : IFindingWatcher
{
    // At once, and again after each second.
    private const int MostLines = 20;
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, TimeSpan> _told = [];
    private readonly Func<TimeSpan> _elapsed = elapsed ?? Clock();
    private readonly HashSet<string> _held = [];
    private TimeSpan _counted;
    private int _lines = MostLines;

    public bool Wants(string fingerprint) => !_told.TryGetValue(fingerprint, out TimeSpan last) ? !_held.Contains(fingerprint) || HasRoom() : _elapsed() - last >= Again;

    public void Take(DivergenceClass found)
    {
        if (!HasRoom())
        {
            if (!_told.ContainsKey(found.Fingerprint))
            {
                _held.Add(found.Fingerprint);
            }

            return;
        }

        _lines--;
        bool first = _told.TryAdd(found.Fingerprint, _elapsed());
        _told[found.Fingerprint] = _elapsed();
        _held.Remove(found.Fingerprint);
        string held = _held.Count > 0 ? $"; {_held.Count} other classes were seen and not told" : "";
        terminal.Remark(first
            ? $"{found.Rule.Id} at exit {found.First.Exit.Index} of stream {found.First.Exit.Stream.Value}, "
                + $"{(found.Culprit == Culprit.Processor ? "the processor" : "KVM")} {(found.IsLikely ? "likely diverges" : "diverges")}: "
                + string.Join("; ", found.First.Recorded.Select(field => field.Text)) + $" (fingerprint {found.Fingerprint}){held}"
            : $"{found.Rule.Id} again, {found.Count} times so far (fingerprint {found.Fingerprint}){held}");
    }

    private static Func<TimeSpan> Clock()
    {
        var since = Stopwatch.StartNew();
        return () => since.Elapsed;
    }

    private bool HasRoom()
    {
        int earned = (int)Math.Min(MostLines, (_elapsed() - _counted) / LineEvery);
        if (earned > 0)
        {
            _counted = _elapsed();
            _lines = Math.Min(MostLines, _lines + earned);
        }

        return _lines > 0;
    }
}
