using System.Globalization;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Browse;

/// <summary>How often exits occur, by level and reason, and the findings so far: as <c>top</c> shows processes.</summary>
/// <param name="run">The recording.</param>
/// <param name="elapsed">The time since the reading began.</param>
internal sealed class TopPage(BrowsedRun run, Func<TimeSpan> elapsed) : IPage
{
    // A rate is of so long at least; a recorder hands on what it has now and then only.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(3);

    private readonly Pager _pager = new();
    private readonly Queue<(TimeSpan At, RunFigures Figures)> _past = new();
    private int _length;

    /// <inheritdoc/>
    public string Keys => "Esc list  ? keys  q quit";

    /// <inheritdoc/>
    public string Place => string.Create(CultureInfo.InvariantCulture, $"line {_pager.Top + 1} of {_length}");

    /// <inheritdoc/>
    public IReadOnlyList<Line> Draw(int width, int height)
    {
        Line[] lines = [.. Lines(run.Figures())];
        _length = lines.Length;
        _pager.FitText(lines.Length, height);
        return [.. lines.Skip((int)_pager.At).Take(height)];
    }

    /// <inheritdoc/>
    public bool Press(Key key) => _pager.Press(key);

    private IEnumerable<Line> Lines(RunFigures now)
    {
        yield return Line.Of(now.Findings.Count == 0 ? run.Result is null ? "No findings so far" : "No findings" : $"Findings{(run.Result is null ? " so far" : "")}", Style.Bold);
        foreach (SeenFinding one in now.Findings.OrderByDescending(static one => one.Departure.Rule.Severity).ThenByDescending(static one => one.Count))
        {
            Departure found = one.Departure;
            yield return Line.Of(
                ($"{one.Count,10}  ", Style.Plain), ($"{found.Rule.Id}", found.IsLikely ? Style.Warn : Style.Bad),
                (string.Create(CultureInfo.InvariantCulture, $"  {found.Fingerprint}  {string.Join("; ", found.Recorded.Select(static field => field.Text))}"), Style.Plain));
        }

        yield return Line.Empty;
        (TimeSpan At, RunFigures Figures) before = Remember(now);
        double passed = (elapsed() - before.At).TotalSeconds;
        bool isLive = run.IsStream && run.Result is null;
        yield return Line.Of($"{"level",-6} {"reason",-20} {"exits",10} {"share",7} {(isLive ? "now/s" : "per s"),10}", Style.Dim);
        foreach ((ExitKind kind, ulong count) in now.Kinds.OrderByDescending(static one => one.Value).ThenBy(static one => one.Key.Level).ThenBy(static one => one.Key.Code))
        {
            double seconds = isLive ? passed : now.Seconds;
            ulong counted = isLive ? count - Math.Min(count, before.Figures.Kinds.GetValueOrDefault(kind)) : count;
            string rate = seconds > 0 ? (counted / seconds).ToString(counted / seconds >= 100 ? "f0" : "f1", CultureInfo.InvariantCulture) : "-";
            yield return Line.Of(string.Create(
                CultureInfo.InvariantCulture, $"{ExitPrinter.Level(kind.Level),-6} {new SvmExitCode(kind.Code).Name,-20} {count,10} {100.0 * count / now.Exits,5:f1} % {rate,10}"));
        }
    }

    // What there was when the window began.
    private (TimeSpan At, RunFigures Figures) Remember(RunFigures now)
    {
        TimeSpan time = elapsed();
        if (_past.Count == 0 || time - _past.Last().At >= Window / 6)
        {
            _past.Enqueue((time, now));
        }

        while (_past.Count > 1 && time - _past.ElementAt(1).At >= Window)
        {
            _past.Dequeue();
        }

        return _past.Peek();
    }
}
