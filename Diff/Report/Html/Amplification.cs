using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>What the exits of L2 for one reason cost in exits to L0.</summary>
/// <param name="name">The manual's name of the exit.</param>
internal sealed class AmplificationRow(string name)
{
    /// <summary>Longer chains are counted together.</summary>
    public const int Longest = 64;

    /// <summary>The manual's name of the exit.</summary>
    public string Name { get; } = name;

    /// <summary>Exits of L2.</summary>
    public ulong Exits { get; set; }

    /// <summary>Those that L1 was shown.</summary>
    public ulong Shown { get; set; }

    /// <summary>Those of them whose chain ended with L2 running again; the others were cut by a loss or the end.</summary>
    public ulong Closed { get; set; }

    /// <summary>Exits to L0 in the closed chains, the exit of L2 and the VMRUN included.</summary>
    public ulong ToL0 { get; set; }

    /// <summary>The longest chain.</summary>
    public ulong Most { get; set; }

    /// <summary>Time from the exit of L2 until L2 ran again, over closed chains.</summary>
    public ulong Time { get; set; }

    /// <summary>Closed chains by length; the last entry stands for longer ones too.</summary>
    public ulong[] Lengths { get; } = new ulong[Longest + 1];
}

/// <summary>Exits of L2 that L1 handles: until L2 runs again, L1's own exits for it go to L0.</summary>
internal sealed class Amplification
{
    private const int MostRows = 256;

    private readonly Dictionary<ulong, AmplificationRow> _rows = [];
    private readonly AmplificationRow _others = new("other codes");

    /// <summary>The rows that count something, the most exits first.</summary>
    public IEnumerable<AmplificationRow> Rows => _rows.Values.Append(_others).Where(row => row.Exits > 0)
        .OrderByDescending(row => row.Exits).ThenBy(row => row.Name, StringComparer.Ordinal);

    /// <summary>Takes an exit of a stream.</summary>
    /// <param name="chain">What is open in the stream.</param>
    /// <param name="record">The exit.</param>
    /// <param name="moment">Its times.</param>
    public void Add(ref Chain chain, in ExitRecord record, in ExitMoment moment)
    {
        if (moment.Loss || !record.HasExit || record.Level == GuestLevel.Unknown)
        {
            chain = default;
        }

        if (!record.HasExit)
        {
            return;
        }

        bool shown = record.Kinds.Has(KvmEventKind.NestedVmexitInject);
        if (record.Level == GuestLevel.L2)
        {
            AmplificationRow row = RowOf(record.Exit.Code);
            row.Exits++;
            row.Shown += shown ? 1UL : 0;
            chain = shown && !record.HasHole ? new Chain(row, 0, moment.Exit) : default;
        }

        if (chain.Row is null)
        {
            return;
        }

        chain = chain with { Exits = chain.Exits + 1 };
        bool runs = record.Kinds.Has(KvmEventKind.NestedVmenter);
        if (runs && (record.Level == GuestLevel.L2 || !shown))
        {
            Close(chain, moment.End);
            chain = default;
        }
    }

    private static void Close(in Chain chain, ulong end)
    {
        AmplificationRow row = chain.Row!;
        row.Closed++;
        row.ToL0 += chain.Exits;
        row.Most = Math.Max(row.Most, chain.Exits);
        row.Time = unchecked(row.Time + (end - chain.Since));
        row.Lengths[(int)Math.Min(chain.Exits, AmplificationRow.Longest)]++;
    }

    private AmplificationRow RowOf(SvmExitCode code)
    {
        if (!_rows.TryGetValue(code.Value, out AmplificationRow? row))
        {
            if (_rows.Count >= MostRows)
            {
                return _others;
            }

            row = new AmplificationRow(code.Name);
            _rows.Add(code.Value, row);
        }

        return row;
    }

    /// <summary>An exit of L2 that L1 handles; <see cref="Row"/> is null when there is none.</summary>
    /// <param name="Row">Where it is counted.</param>
    /// <param name="Exits">Exits to L0 so far.</param>
    /// <param name="Since">When L2 exited.</param>
    internal readonly record struct Chain(AmplificationRow? Row, ulong Exits, ulong Since);
}
