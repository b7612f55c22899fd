using System.Globalization;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.View;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Browse;

/// <summary>The exits, a line each: verdict, vCPU where there are several, then the line that reports have.</summary>
/// <param name="run">The recording.</param>
/// <param name="rows">Reads rows.</param>
internal sealed class ListPage(BrowsedRun run, RowReader rows) : IPage
{
    private const int VerdictWidth = 10;

    private readonly Pager _pager = new();

    /// <summary>What is let through; null for every exit.</summary>
    public RowFilter? Filter { get; private set; }

    /// <summary>The row that the reader is at; -1 where there is none.</summary>
    public long Row => Length == 0 ? -1 : RowAt(_pager.At);

    /// <inheritdoc/>
    public string Keys => "? keys  Enter exit  / filter  n p finding  t top  f report  q quit";

    /// <inheritdoc/>
    public string Place => string.Create(CultureInfo.InvariantCulture, $"{(Length == 0 ? 0 : _pager.At + 1)} of {Length}");

    private long Length => Filter?.Rows.Count ?? run.Count;

    /// <summary>Lets only some exits through; null for all. The reader stays where it is, or near.</summary>
    public void Use(RowFilter? filter)
    {
        long row = Row;
        Filter = filter;
        GoTo(Math.Max(0, row));
    }

    /// <summary>Goes to a row, or to the next that is let through.</summary>
    public void GoTo(long row)
    {
        while (Filter is { IsComplete: false } filter && filter.Looked <= row)
        {
            filter.Advance(RowFilter.AtOnce);
        }

        _pager.Centre(Filter is null ? row : PositionOf(row));
    }

    /// <inheritdoc/>
    public bool GoOn()
    {
        if (Filter is not { IsComplete: false } filter)
        {
            return false;
        }

        filter.Advance(RowFilter.AtOnce);
        return !filter.IsComplete;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Line> Draw(int width, int height)
    {
        _pager.Fit(Length, height - 1);
        var lines = new List<Line> { Line.Of(Heading, Style.Dim) };
        int shown = (int)Math.Min(height - 1, Length - _pager.Top);
        if (shown > 0 && Filter is null)
        {
            rows.Fetch(_pager.Top, shown);
        }

        for (int i = 0; i < shown; i++)
        {
            Line line = LineOf(RowAt(_pager.Top + i), _pager.Top + i == _pager.At);
            lines.Add(_pager.Top + i == _pager.At ? line.Selected() : line);
        }

        if (Length == 0)
        {
            lines.Add(Line.Of(run.Result is null || Filter is { IsComplete: false } ? "  none yet" : Filter is null ? "  no exits" : "  no exit matches; c shows all", Style.Dim));
        }

        return lines;
    }

    /// <inheritdoc/>
    public bool Press(Key key) => _pager.Press(key);

    private string Heading => $"  {"verdict",-VerdictWidth}  {(IsOfSeveral ? $"{"vCPU",-8}" : "")}{"exit",8}  {"",2}  {"reason",-16} where, what KVM did, where it goes on";

    private bool IsOfSeveral => run.Result?.Summary.Streams.Count > 1;

    private Line LineOf(long row, bool isAt)
    {
        KeptExit exit = rows.At(row);
        Verdict verdict = run.VerdictOf(row);
        string line = ExitPrinter.Line(exit);
        string vcpu = IsOfSeveral ? $"{VcpuOf(exit.Stream),-8}" : "";
        return Line.Of((isAt ? "> " : "  ", Style.Plain), ($"{ViewedExit.WordOf(verdict),-VerdictWidth}", StyleOf(verdict)), ($"  {vcpu}{line}", Style.Plain));
    }

    // Two virtual machines each have a vCPU 0.
    private string VcpuOf(StreamId stream) => run.Result is not { } result || result.Summary.StreamOf(stream) is not { } found ? $"s{stream.Value}"
        : result.Summary.Machines > 1 ? string.Create(CultureInfo.InvariantCulture, $"{found.Machine}.{found.Vcpu?.Value}")
        : string.Create(CultureInfo.InvariantCulture, $"{found.Vcpu?.Value}");

    private long RowAt(long position) => Filter?.Rows[(int)position] ?? position;

    private long PositionOf(long row)
    {
        IReadOnlyList<int> found = Filter!.Rows;
        int low = 0, high = found.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = found[middle] < row ? (middle + 1, high) : (low, middle);
        }

        return Math.Min(low, Math.Max(0, found.Count - 1));
    }

    /// <summary>How a verdict looks.</summary>
    public static Style StyleOf(Verdict verdict) => verdict switch
    {
        Verdict.Diverges => Style.Bad,
        Verdict.Likely or Verdict.Undecided => Style.Warn,
        Verdict.Conforms => Style.Good,
        _ => Style.Plain,
    };
}
