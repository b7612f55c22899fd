using Differ.Diff.Statistics;
using Differ.Schemas.Run;

namespace Differ.Diff.Report.Html;

/// <summary>How often a guest exited for one reason, and how long that took.</summary>
/// <param name="level">Who was running.</param>
/// <param name="name">For a person.</param>
internal sealed class ReasonRow(GuestLevel level, string name)
{
    /// <summary>Who was running.</summary>
    public GuestLevel Level { get; } = level;

    /// <summary>The manual's name of it.</summary>
    public string Name { get; } = name;

    /// <summary>How many exits.</summary>
    public ulong Count { get; set; }

    /// <summary>How many of them the VMM was asked about.</summary>
    public ulong Asked { get; set; }

    /// <summary>Time that the VMM had.</summary>
    public ulong User { get; set; }

    /// <summary>Time from the #VMEXIT to the next entry, of the exits that have both and no loss between.</summary>
    public LogHistogram Handling { get; } = new();
}

/// <summary>Exits by guest and exit code. Codes beyond a number that no processor has are counted together.</summary>
internal sealed class ReasonTable
{
    private const int MostRows = 256;

    private readonly List<ReasonRow> _rows =
    [
        new(GuestLevel.Unknown, "no #VMEXIT recorded"),
        new(GuestLevel.Unknown, "other codes"),
        new(GuestLevel.L1, "other codes"),
        new(GuestLevel.L2, "other codes"),
    ];

    private readonly Dictionary<(GuestLevel Level, ulong Code), ushort> _found = [];

    /// <summary>The rows; some may be empty.</summary>
    public IReadOnlyList<ReasonRow> Rows => _rows;

    public ushort RowOf(in ExitRecord record)
    {
        if (!record.HasExit)
        {
            return 0;
        }

        (GuestLevel Level, ulong Code) key = (record.Level, record.Exit.Code.Value);
        if (_found.TryGetValue(key, out ushort row))
        {
            return row;
        }

        if (_rows.Count >= MostRows)
        {
            return (ushort)(1 + (int)record.Level);
        }

        row = (ushort)_rows.Count;
        _found.Add(key, row);
        _rows.Add(new ReasonRow(record.Level, record.Exit.Code.Name));
        return row;
    }

    /// <summary>Counts an exit.</summary>
    public void Add(in ExitRecord record, in ExitMoment moment)
    {
        ReasonRow row = _rows[moment.Reason];
        row.Count++;
        row.User = unchecked(row.User + moment.User);
        row.Asked += record.Kinds.Has(KvmEventKind.UserspaceExit) ? 1UL : 0;
        if (record.HasExit && record.HasEntry && !record.HasHole)
        {
            row.Handling.Add(moment.End - moment.Exit);
        }
    }
}
