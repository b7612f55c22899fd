using System.Globalization;
using Differ.Diff;
using Differ.Diff.Knowledge;
using Differ.Diff.Naming;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.View;
using Differ.Diff.Writing;
using Differ.Replay;
using Differ.Schemas.Model;

namespace Differ.Cli.Browse;

/// <summary>One exit in full: what <c>show</c> prints of it, the rules that spoke, what the replay knew, and beside it what <c>explain</c> says of a rule.</summary>
internal sealed class ExitPage : IPage
{
    // Two columns of text that can be read.
    private const int WidthForTwo = 150;
    private const int Gap = 2;

    private readonly BrowsedRun _run;
    private readonly Task<ExitStory> _story;
    private readonly SymbolTables _symbols;
    private readonly RowReader _rows;
    private readonly ViewedExit _exit;
    private readonly Pager _pager = new();
    private IReadOnlyList<Line> _exitLines = [], _ruleLines = [];
    private (int Width, bool IsTold, int Rule, bool HasResult) _made = (-1, false, -1, false);
    private int _rule;
    private int _length;

    /// <summary>Shows an exit.</summary>
    /// <param name="run">The recording.</param>
    /// <param name="rows">Reads rows.</param>
    /// <param name="row">The exit.</param>
    /// <param name="symbols">Symbols of the guests.</param>
    /// <param name="story">Finds out what the replay knew and what the rules say.</param>
    public ExitPage(BrowsedRun run, RowReader rows, long row, SymbolTables symbols, Func<long, ExitPlace, Task<ExitStory>> story)
    {
        (_run, _rows, Row, _symbols) = (run, rows, row, symbols);
        _exit = rows.Viewed(row);
        _story = story(row, new ExitPlace(_exit.Exit.Stream, _exit.Exit.Index));
    }

    /// <summary>The exit.</summary>
    public long Row { get; }

    /// <summary>Whether the rules and the state are there.</summary>
    public bool IsTold => _story.IsCompleted;

    /// <inheritdoc/>
    public string Keys => "Esc list  ← → exit  n p finding  Tab rule  ? keys  q quit";

    /// <inheritdoc/>
    public string Place => string.Create(CultureInfo.InvariantCulture, $"line {_pager.Top + 1} of {_length}");

    private bool HasStory => _story.IsCompletedSuccessfully;

    /// <inheritdoc/>
    public IReadOnlyList<Line> Draw(int width, int height)
    {
        bool isBeside = width >= WidthForTwo;
        int column = isBeside ? (width - Gap) / 2 : width;
        Make(column);
        if (isBeside)
        {
            _length = Math.Max(_exitLines.Count, _ruleLines.Count);
            _pager.FitText(_length, height);
            return [.. Enumerable.Range((int)_pager.At, Math.Clamp(_length - (int)_pager.At, 0, height)).Select(i => Beside(i, column))];
        }

        _length = _exitLines.Count + 1 + _ruleLines.Count;
        _pager.FitText(_length, height);
        return [.. _exitLines.Append(Line.Empty).Concat(_ruleLines).Skip((int)_pager.At).Take(height)];
    }

    /// <inheritdoc/>
    public bool Press(Key key)
    {
        if (key.Kind == KeyKind.Tab && HasStory && _story.Result.Rules.Count > 0)
        {
            _rule = (_rule + 1) % _story.Result.Rules.Count;
            return true;
        }

        return _pager.Press(key);
    }

    private Line Beside(int i, int column)
    {
        Line left = i < _exitLines.Count ? _exitLines[i] : Line.Empty;
        return i < _ruleLines.Count ? left.Beside(column + Gap, _ruleLines[i]) : left;
    }

    private void Make(int width)
    {
        (int, bool, int, bool) wanted = (width, IsTold, _rule, _run.Result is not null);
        if (_made != wanted)
        {
            _made = wanted;
            _exitLines = [.. Exit().SelectMany(line => line.Wrapped(width))];
            _ruleLines = [.. Rule().SelectMany(line => line.Wrapped(width))];
        }
    }

    private IEnumerable<Line> Exit()
    {
        Departure? departure = HasStory && _run.VerdictOf(Row) >= Verdict.Likely ? _story.Result.Departure : null;
        ViewedExit viewed = _exit with { Verdict = _run.VerdictOf(Row), Departure = departure, Stream = _run.Result?.Summary.StreamOf(_exit.Exit.Stream) };
        foreach (Line line in Line.OfReport((output, ink) => new TextView(new ExitPrinter(_run.Header, _rows.Texts, _symbols), output, ink).Write(viewed)))
        {
            yield return line;
        }

        yield return Line.Empty;
        if (!HasStory)
        {
            yield return Line.Of(_story.IsFaulted ? "the exit cannot be replayed" : "replaying up to here ...", Style.Dim);
            yield break;
        }

        foreach (Line line in Rules().Append(Line.Empty).Concat(State()))
        {
            yield return line;
        }
    }

    private IEnumerable<Line> Rules()
    {
        IReadOnlyList<SpokenRule> rules = _story.Result.Rules;
        yield return Line.Of(rules.Count == 0 ? "No rule has anything to say of it" : $"Rules that spoke, {rules.Count}", Style.Bold);
        for (int i = 0; i < rules.Count; i++)
        {
            SpokenRule one = rules[i];
            EvidenceRow missing = EvidenceTable.Of(one.Missing);
            string behind = one.Missing == Evidence.None ? "" : one.Verdict switch
            {
                Verdict.Undecided => $"  for lack of {missing.What}",
                Verdict.Likely => $"  if {missing.What} is as the rule assumes",
                _ => "",
            };
            yield return Line.Of((i == _rule ? "> " : "  ", Style.Plain), ($"{ViewedExit.WordOf(one.Verdict),-10}", ListPage.StyleOf(one.Verdict)), ($"  {one.Rule.Id}  {one.Rule.Citation}{behind}", Style.Plain));
        }
    }

    private IEnumerable<Line> State()
    {
        yield return Line.Of(_story.Result.Known.Count == 0 ? "The replay knew nothing of the state" : "What the replay knew when the rules were asked, and from where", Style.Bold);
        foreach (string line in StateWords.Lines(_story.Result.Known))
        {
            yield return Line.Of(line, line.StartsWith(' ') ? Style.Plain : Style.Dim);
        }
    }

    private IEnumerable<Line> Rule()
    {
        if (!HasStory || _story.Result.Rules.Count == 0)
        {
            return [];
        }

        SpokenRule chosen = _story.Result.Rules[Math.Min(_rule, _story.Result.Rules.Count - 1)];
        string? fingerprint = _story.Result.Departure is { } departure && departure.Rule.Id == chosen.Rule.Id ? departure.Fingerprint : null;
        var explanation = Explanation.Of(chosen.Rule, RuleNeeds.Of(chosen.Rule.Id), RuleNeeds.ReadsOf(chosen.Rule.Id), _run.Result, fingerprint);
        IFormat<Explanation> text = ReportFormats.Explanations[0];
        return Line.OfReport((output, ink) => text.Write(explanation, output, ink));
    }
}
