using System.Runtime.InteropServices;
using Differ.Diff.Results;
using Differ.Schemas.Files;
using Differ.Schemas.Run;
using Microsoft.Win32.SafeHandles;

namespace Differ.Cli.Browse;

/// <summary>A class of findings, as far as it was met.</summary>
/// <param name="Departure">What its first exit departs in.</param>
/// <param name="FirstRow">The row of that exit.</param>
internal sealed record SeenFinding(Departure Departure, long FirstRow)
{
    /// <summary>Exits so far.</summary>
    public ulong Count { get; set; }
}

/// <summary>How often exits of one kind occurred.</summary>
/// <param name="Level">Who was running.</param>
/// <param name="Code">The exit code.</param>
internal readonly record struct ExitKind(GuestLevel Level, ulong Code);

/// <summary>
/// A recording as it is read for the viewer. One thread adds exits, another one looks. The exits are in a temporary file; the memory holds three
/// bytes of each: its verdict and which finding it belongs to.
/// </summary>
internal sealed class BrowsedRun : IJudgedSink, IDisposable
{
    /// <summary>Exits that are listed. What follows is judged and counted, and not listed.</summary>
    public const long MostExits = 1 << 24;

    // A hostile recording may have any number of codes.
    private const int MostKinds = 4096;

    private const int PieceSize = 1 << 16;

    private readonly Lock _lock = new();
    private readonly List<Row[]> _rows = [];
    private readonly List<SeenFinding> _findings = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<ExitKind, ulong> _kinds = [];
    private readonly ulong[] _verdicts = new ulong[Enum.GetValues<Verdict>().Length];
    private long _count;
    private ulong _total, _holes, _first = ulong.MaxValue, _last;
    private DiffResult? _result;
    private Dictionary<string, Verdict>? _standing;

    /// <summary>A recording of which no exit was read yet.</summary>
    /// <param name="header">What is known before the first exit.</param>
    /// <param name="texts">Texts that its records refer to.</param>
    /// <param name="file">An empty file for its exits.</param>
    /// <param name="isStream">Whether it comes through a pipe.</param>
    public BrowsedRun(RunHeader header, TextTable texts, SafeFileHandle file, bool isStream) => (Header, IsStream, Kept) = (header, isStream, new KeptRun(file, texts));

    /// <summary>What is known before the first exit.</summary>
    public RunHeader Header { get; }

    /// <summary>Whether it comes through a pipe.</summary>
    public bool IsStream { get; }

    /// <summary>Its exits, in the order in which they were recorded: a row each.</summary>
    public KeptRun Kept { get; }

    /// <summary>Rows.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>The outcome; null while it is read.</summary>
    public DiffResult? Result
    {
        get
        {
            lock (_lock)
            {
                return _result;
            }
        }
    }

    /// <inheritdoc/>
    public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure)
    {
        if (_count < MostExits)
        {
            Kept.Take(recorded);
        }

        lock (_lock)
        {
            int finding = departure is null ? 0 : NumberOf(departure);
            if (_count < MostExits)
            {
                if (_count % PieceSize == 0)
                {
                    _rows.Add(new Row[PieceSize]);
                }

                _rows[^1][_count % PieceSize] = new Row(verdict, finding);
                _count++;
            }

            _total++;
            _verdicts[(int)verdict]++;
            _holes += (recorded.Flags & (RecordFlags.LossBefore | RecordFlags.LossInside)) != 0 ? 1UL : 0;
            if (recorded.HasExit)
            {
                ulong time = recorded.Exit.Time.Value;
                (_first, _last) = (Math.Min(_first, time), Math.Max(_last, time));
                var kind = new ExitKind(recorded.Level, recorded.Exit.Code.Value);
                if (_kinds.Count < MostKinds || _kinds.ContainsKey(kind))
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(_kinds, kind, out _)++;
                }
            }
        }
    }

    /// <summary>The recording has ended: what does not stand is undecided, as in every report.</summary>
    public void End(DiffResult result)
    {
        lock (_lock)
        {
            _result = result;
            var standing = new Dictionary<string, Verdict>(StringComparer.Ordinal);
            foreach (DivergenceClass likely in result.Likely)
            {
                standing[likely.Fingerprint] = Verdict.Likely;
            }

            foreach (DivergenceClass certain in result.Divergences)
            {
                standing[certain.Fingerprint] = Verdict.Diverges;
            }

            _standing = standing;
        }
    }

    /// <summary>What is said of a row.</summary>
    public Verdict VerdictOf(long row)
    {
        lock (_lock)
        {
            return Settled(_rows[(int)(row / PieceSize)][row % PieceSize]);
        }
    }

    /// <summary>What a row departs in, by the first exit of its class; null where it does not.</summary>
    public SeenFinding? FindingOf(long row)
    {
        lock (_lock)
        {
            Row one = _rows[(int)(row / PieceSize)][row % PieceSize];
            return one.Finding > 0 && Settled(one) >= Verdict.Likely ? _findings[one.Finding - 1] : null;
        }
    }

    /// <summary>The nearest row with a finding.</summary>
    /// <param name="from">The row to look from; it does not count.</param>
    /// <param name="step">1 for the next, -1 for the one before.</param>
    /// <returns>The row; -1 where there is none.</returns>
    public long FindingFrom(long from, int step)
    {
        lock (_lock)
        {
            for (long row = from + step; row >= 0 && row < _count; row += step)
            {
                if (Settled(_rows[(int)(row / PieceSize)][row % PieceSize]) >= Verdict.Likely)
                {
                    return row;
                }
            }

            return -1;
        }
    }

    /// <summary>How much there is so far.</summary>
    public RunFigures Figures()
    {
        lock (_lock)
        {
            ulong[] verdicts = [.. _verdicts];
            foreach (SeenFinding finding in _findings)
            {
                Verdict before = finding.Departure.IsLikely ? Verdict.Likely : Verdict.Diverges, now = Settled(before, finding);
                ulong moved = Math.Min(finding.Count, verdicts[(int)before]);
                verdicts[(int)before] -= moved;
                verdicts[(int)now] += moved;
            }

            return new RunFigures(
                _total, verdicts, _holes, new Dictionary<ExitKind, ulong>(_kinds),
                [.. _findings.Where(one => Settled(Verdict.Diverges, one) >= Verdict.Likely).Select(static one => one with { })],
                Header.ClockUnit == ClockUnit.Nanoseconds && _last > _first ? (_last - _first) / 1e9 : 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Kept.Dispose();

    private int NumberOf(Departure departure)
    {
        if (!_numbers.TryGetValue(departure.Fingerprint, out int number))
        {
            // The comparison makes no more classes than fit into 16 bits.
            number = _findings.Count + 1;
            _findings.Add(new SeenFinding(departure, _count));
            _numbers.Add(departure.Fingerprint, number);
        }

        _findings[number - 1].Count++;
        return number;
    }

    private Verdict Settled(Row row) => row.Finding == 0 ? row.Verdict : Settled(row.Verdict, _findings[row.Finding - 1]);

    private Verdict Settled(Verdict verdict, SeenFinding finding) => _standing is null ? verdict
        : _standing.TryGetValue(finding.Departure.Fingerprint, out Verdict stands) ? (Verdict)Math.Min((byte)stands, (byte)verdict) : Verdict.Undecided;

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly struct Row(Verdict verdict, int finding)
    {
        private readonly ushort _finding = (ushort)Math.Min(finding, ushort.MaxValue);

        public Verdict Verdict { get; } = verdict;

        public int Finding => _finding;
    }
}

/// <summary>How much there is of a recording so far.</summary>
/// <param name="Exits">Exits, listed or not.</param>
/// <param name="Verdicts">Exits by <see cref="Verdict"/>.</param>
/// <param name="Holes">Exits before or in which events are missing.</param>
/// <param name="Kinds">Exits by level and code.</param>
/// <param name="Findings">Classes that were met, in the order in which they were.</param>
/// <param name="Seconds">From the first exit to the last; 0 where the clock tells no seconds.</param>
internal sealed record RunFigures(
    ulong Exits, IReadOnlyList<ulong> Verdicts, ulong Holes, IReadOnlyDictionary<ExitKind, ulong> Kinds, IReadOnlyList<SeenFinding> Findings, double Seconds)
{
    /// <summary>How many exits have a verdict.</summary>
    public ulong Of(Verdict verdict) => Verdicts[(int)verdict];
}
