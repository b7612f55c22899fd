using System.Globalization;
using System.Text;
using Differ.Cli.Faults;
using Differ.Diff.Findings;
using Differ.Diff.Naming;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.View;
using Differ.Schemas.Run;

namespace Differ.Cli.Browse;

/// <summary>What the viewer needs of whoever reads the recording.</summary>
/// <param name="Name">What the recording is called.</param>
/// <param name="ReadFilter">Reads the words of a filter for a recording; a <see cref="UsageException"/> says what is wrong with them.</param>
/// <param name="Story">Replays the recording up to an exit, on a thread of its own.</param>
/// <param name="Symbols">Symbols of the guests.</param>
/// <param name="EndPipe">Ends the pipe that is read.</param>
/// <param name="ReadAgain">Reads a file again; null where it can be read only once.</param>
/// <param name="Elapsed">The time since the reading began.</param>
internal sealed record BrowserNeeds(
    string Name, Func<string, RunHeader, ExitFilter> ReadFilter, Func<BrowsedRun, long, ExitPlace, Task<ExitStory>> Story, SymbolTables Symbols,
    Action EndPipe, Action? ReadAgain, Func<TimeSpan> Elapsed);

/// <summary>The viewer without its terminal: keys go in, lines come out.</summary>
internal sealed class Browser(BrowserNeeds needs)
{
    private const int StatusLines = 2, LeastWidth = 20, LeastHeight = 6;

    private BrowsedRun? _run;
    private RowReader? _rows;
    private ListPage? _list;
    private IPage? _page;
    private CheckedCapture? _checked;
    private bool _follows;
    private StringBuilder? _prompt;
    private string _said = "";

    /// <summary>Whether the reader is done.</summary>
    public bool HasQuit { get; private set; }

    /// <summary>Whether the reader pressed Ctrl-C.</summary>
    public bool IsInterrupted { get; private set; }

    /// <summary>Whether the screen stays as it is until a key is pressed.</summary>
    public bool IsStill => _checked is not null && _list!.Filter is null or { IsComplete: true } && _page is not ExitPage { IsTold: false };

    /// <summary>What is remarkable about the reading itself, for the last line; empty for nothing.</summary>
    public string Notice { get; set; } = "";

    /// <summary>The filter to begin with, as the user wrote it.</summary>
    public string FirstFilter { get; init; } = "";

    /// <summary>Takes the recording as it is now.</summary>
    /// <param name="run">The recording; another one than before where it is read again from its start. Null before the first.</param>
    /// <returns>Whether the recording is another one, or its end is known now: the screen must be drawn even where it was still.</returns>
    public bool Look(BrowsedRun? run)
    {
        if (run is null)
        {
            return false;
        }

        bool isNew = !ReferenceEquals(run, _run);
        if (isNew)
        {
            Begin(run);
        }

        if (run.Result is { } result && _checked is null)
        {
            // Verdicts may be others now, and so may be what a filter lets through.
            _checked = CheckedCapture.Of(needs.Name, needs.Name, result);
            Filter(_list!.Filter?.Words ?? "");
            isNew = true;
        }

        if (_follows && run.Result is null && _list!.Filter is null)
        {
            _list.GoTo(Math.Max(0, run.Count - 1));
        }

        return isNew;
    }

    /// <summary>Goes on with what takes long.</summary>
    /// <returns>Whether there is more to do at once.</returns>
    public bool GoOn() => _list?.GoOn() == true | _page?.GoOn() == true;

    /// <summary>Takes a key.</summary>
    public void Press(Key key)
    {
        _said = "";
        if (key.Kind == KeyKind.Interrupt)
        {
            (HasQuit, IsInterrupted) = (true, true);
        }
        else if (_prompt is not null)
        {
            PressInPrompt(key);
        }
        else if (!PressAnywhere(key) && _page is not null)
        {
            _page.Press(key);
            _follows = _page == _list && (key.Kind == KeyKind.End || key.Is('G'));
        }
    }

    /// <summary>The whole screen.</summary>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <returns>A line for each row.</returns>
    public IReadOnlyList<Line> Draw(int width, int height)
    {
        if (width < LeastWidth || height < LeastHeight)
        {
            return [.. Enumerable.Repeat(Line.Empty, height).Select((line, i) => i == 0 ? Line.Of("make it larger") : line)];
        }

        int room = height - StatusLines - 1;
        IReadOnlyList<Line> page = _page?.Draw(width, room) ?? [Line.Of($"reading {needs.Name} ...", Style.Dim)];
        return [First(), Second(), .. page, .. Enumerable.Repeat(Line.Empty, Math.Max(0, room - page.Count)), Last(width)];
    }

    private void Begin(BrowsedRun run)
    {
        string words = _list?.Filter?.Words ?? (_run is null ? FirstFilter : "");
        _run = run;
        _rows = new RowReader(run);
        _page = _list = new ListPage(run, _rows);
        _checked = null;
        Filter(words);
    }

    private bool PressAnywhere(Key key)
    {
        switch (key.Kind)
        {
            case KeyKind.Escape or KeyKind.Backspace:
                _page = _list;
                return true;
            case KeyKind.Enter when _page == _list:
                Open(_list?.Row ?? -1);
                return true;
            case KeyKind.Left or KeyKind.Right when _page is ExitPage page:
                Open(page.Row + (key.Kind == KeyKind.Left ? -1 : 1));
                return true;
            case KeyKind.Letter:
                return PressLetter((char)key.Letter.Value);
            default:
                return false;
        }
    }

    private bool PressLetter(char letter)
    {
        switch (letter)
        {
            case 'q':
                HasQuit = true;
                return true;
            case '?':
                _page = new TextPage("Esc list  q quit", KeysText.Lines);
                return true;
            case 's':
                needs.EndPipe();
                return true;
            case 'r':
                Reread();
                return true;
            case 'n' or 'p' or 'N' when _run is not null:
                Jump(letter == 'n' ? 1 : -1);
                return true;
            case 't' when _run is not null:
                _page = new TopPage(_run, needs.Elapsed);
                return true;
            case 'f' when _run is not null:
                Report();
                return true;
            case '/' when _run is not null:
                _page = _list;
                _prompt = new StringBuilder(_list!.Filter?.Words);
                return true;
            case 'c' when _page == _list && _list is not null:
                _list.Use(null);
                return true;
            default:
                return false;
        }
    }

    private void PressInPrompt(Key key)
    {
        switch (key.Kind)
        {
            case KeyKind.Letter:
                _prompt!.Append(key.Letter);
                break;
            case KeyKind.Backspace:
                _prompt!.Length = Math.Max(0, _prompt.Length - 1);
                break;
            case KeyKind.Escape:
                _prompt = null;
                break;
            case KeyKind.Enter:
                string words = _prompt!.ToString().Trim();
                _prompt = null;
                Filter(words);
                break;
            default:
                break;
        }
    }

    private void Filter(string words)
    {
        if (words.Length == 0)
        {
            _list!.Use(null);
            return;
        }

        try
        {
            ExitFilter filter = needs.ReadFilter(words, _run!.Header);
            _said = filter.AsksStream && _run.Result is null ? "which exits are of which vCPU is known when the recording has ended" : _said;

            _list!.Use(new RowFilter(_run, words, filter));
        }
        catch (UsageException problem)
        {
            _said = problem.Message;
        }
    }

    private void Jump(int step)
    {
        long from = _page is ExitPage page ? page.Row : _list!.Row;
        long row = _run!.FindingFrom(from, step);
        while (row >= 0 && _page == _list && _list!.Filter is { } filter && !Has(filter, row))
        {
            row = _run.FindingFrom(row, step);
        }

        if (row < 0)
        {
            _said = $"no finding {(step > 0 ? "behind" : "before")} this exit{(_list!.Filter is null ? "" : " in what the filter lets through")}";
        }
        else if (_page is ExitPage)
        {
            Open(row);
        }
        else
        {
            _page = _list;
            _follows = false;
            _list!.GoTo(row);
        }
    }

    private static bool Has(RowFilter filter, long row)
    {
        while (filter.Looked <= row)
        {
            filter.Advance(RowFilter.AtOnce);
        }

        return filter.Has(row);
    }

    private void Open(long row)
    {
        if (_run is null || row < 0 || row >= _run.Count)
        {
            return;
        }

        BrowsedRun run = _run;
        _list!.GoTo(row);
        _page = new ExitPage(run, _rows!, row, needs.Symbols, (at, place) => needs.Story(run, at, place));
    }

    private void Report()
    {
        if (_checked is null)
        {
            _said = "the report comes when the recording has ended";
            return;
        }

        var findings = new FindingSet([_checked], []);
        _page = new TextPage("Esc list  ? keys  q quit", [.. Line.OfReport((output, ink) => Diff.ReportFormats.Find("text")!.Write(findings, output, ink))]);
    }

    private void Reread()
    {
        if (needs.ReadAgain is { } again)
        {
            Notice = "";
            again();
        }
        else
        {
            _said = "a pipe can be read only once";
        }
    }

    // The verdict is to be seen too.
    private string ShortName => Path.GetFileName(needs.Name.TrimEnd('/'));

    private Line First() => _checked is not null
        ? Line.Of(($"{ShortName}  ", Style.Bold), (_checked.Verdict.Word, OutcomeStyle(_checked.Verdict.Outcome)), ($": {VerdictLine.Behind(_checked)}", Style.Plain))
        : Line.Of(($"{ShortName}  ", Style.Bold), (_run is { IsStream: true } ? "a pipe that is read; s ends it" : "being read", Style.Warn));

    private Line Second()
    {
        if (_run is null)
        {
            return Line.Empty;
        }

        RunFigures figures = _run.Figures();
        string Part(Verdict verdict) => figures.Of(verdict) is > 0 and var count ? $", {Count(count)} {ViewedExit.WordOf(verdict)}" : "";
        string filter = _list!.Filter is { } one ? $"filter {one.Words}: {Count((ulong)one.Rows.Count)} {(one.IsComplete && _run.Result is not null ? "match" : "so far")}; " : "";

        // What the user asked for stands where a narrow screen has it.
        return Line.Of(
            (filter, Style.Bold), ($"{Count(figures.Exits)} exits: {Count(figures.Of(Verdict.Conforms))} conforms{Part(Verdict.KnownDeparture)}", Style.Plain), (Part(Verdict.Undecided), Style.Warn),
            (Part(Verdict.Likely), Style.Warn), (Part(Verdict.Diverges), Style.Bad), (Loss(figures), figures.Holes > 0 ? Style.Warn : Style.Plain));
    }

    private string Loss(RunFigures figures)
    {
        ulong lost = _run!.Result?.Summary.Losses.Aggregate(0UL, static (sum, loss) => sum + loss.Events) ?? 0;
        return figures.Holes == 0 && lost == 0 ? "; nothing lost" : $"; {(lost > 0 ? $"{Count(lost)} events " : "")}lost at {Count(figures.Holes)} {(figures.Holes == 1 ? "exit" : "exits")}";
    }

    private Line Last(int width)
    {
        if (_prompt is not null)
        {
            return Line.Of(("/", Style.Bold), ($"{_prompt}_", Style.Plain));
        }

        string left = _said.Length > 0 ? _said : Notice.Length > 0 ? Notice : _page?.Keys ?? "q quit", right = _page?.Place ?? "";
        Style style = _said.Length > 0 || Notice.Length > 0 ? Style.Warn : Style.Dim;
        int room = width - right.Length - 1;
        left = left.Length > room ? left[..Math.Max(0, room)] : left.PadRight(Math.Max(0, room));
        return Line.Of((left, style), ($" {right}", Style.Dim));
    }

    private static Style OutcomeStyle(RecordingOutcome outcome) => outcome switch
    {
        RecordingOutcome.Diverges => Style.Bad,
        RecordingOutcome.Conforms => Style.Good,
        _ => Style.Warn,
    };

    private static string Count(ulong count) => count.ToString(CultureInfo.InvariantCulture);
}
