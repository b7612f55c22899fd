using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.View;

/// <summary>Which exits are asked for. What is null asks for nothing; all that is asked for has to hold.</summary>
public sealed record ExitFilter
{
    private const int PortShift = 16;
    private const int PortSlot = 1;

    /// <summary>The exit of this number.</summary>
    public ulong? Index { get; init; }

    /// <summary>Exits for one of these reasons.</summary>
    public IReadOnlyList<ReasonWord> Reasons { get; init; } = [];

    /// <summary>Exits of this guest.</summary>
    public GuestLevel? Level { get; init; }

    /// <summary>Exits at these addresses, both ends included.</summary>
    public (ulong First, ulong Last)? Rip { get; init; }

    /// <summary>Exits from this time on, in units of the clock.</summary>
    public ulong? From { get; init; }

    /// <summary>Exits up to this time.</summary>
    public ulong? To { get; init; }

    /// <summary>Exits that read or write this MSR.</summary>
    public uint? Msr { get; init; }

    /// <summary>Exits that read or write this port.</summary>
    public ushort? Port { get; init; }

    /// <summary>Exits of this VM.</summary>
    public int? Machine { get; init; }

    /// <summary>Exits of vCPUs with this number.</summary>
    public uint? Vcpu { get; init; }

    /// <summary>Exits of this thread.</summary>
    public int? Thread { get; init; }

    /// <summary>Exits with this verdict.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>Exits among whose events is one of this kind.</summary>
    public KvmEventKind? Event { get; init; }

    /// <summary>Whether it asks which vCPU an exit is of: that is known at the end of a recording.</summary>
    public bool AsksStream => Machine is not null || Vcpu is not null || Thread is not null;

    /// <summary>Whether it asks for nothing but a number, so that neighbours are known before they come.</summary>
    public bool IsOfIndexAlone => Index is not null && this with { Index = null, Machine = null, Vcpu = null, Thread = null } == new ExitFilter();

    /// <summary>Whether an exit is of a vCPU that is asked for.</summary>
    /// <param name="stream">Its vCPU; null where it is not known.</param>
    public bool HasStream(VcpuStream? stream) => !AsksStream
        || (stream is not null && (Machine is null || stream.Machine == Machine) && (Vcpu is null || stream.Vcpu?.Value == Vcpu) && (Thread is null || stream.Thread?.Value == Thread));

    /// <summary>Whether an exit is asked for; its vCPU is looked at apart.</summary>
    /// <param name="record">The exit.</param>
    /// <param name="verdict">What is said of it.</param>
    public bool Has(in ExitRecord record, Verdict verdict) =>
        (Index is null || record.Index == Index) && (Level is null || record.Level == Level) && (Verdict is null || verdict == Verdict)
            && (Event is not { } kind || record.Kinds.Covers(TracepointSet.Of(kind))) && HasExit(record) && HasTime(record) && HasMsr(record) && HasPort(record);

    private bool HasExit(in ExitRecord record)
    {
        if (Reasons.Count == 0 && Rip is null)
        {
            return true;
        }

        if (!record.HasExit)
        {
            return false;
        }

        SvmExitCode code = record.Exit.Code;
        return (Rip is not { } range || (record.Exit.Rip >= range.First && record.Exit.Rip <= range.Last)) && (Reasons.Count == 0 || Reasons.Any(reason => reason.Means(code)));
    }

    private bool HasTime(in ExitRecord record)
    {
        ulong time = (record.HasExit ? record.Exit.Time : record.HasEntry ? record.Entry.Time : record.Events.IsEmpty ? default : record.Events[0].Time).Value;
        return (From is not { } from || time >= from) && (To is not { } to || time <= to);
    }

    private bool HasMsr(in ExitRecord record)
    {
        if (Msr is not { } index)
        {
            return true;
        }

        foreach (ref readonly KvmEvent one in record.Events)
        {
            if (one.Kind == KvmEventKind.MsrAccess && MsrAccess.Of(one).Index == index)
            {
                return true;
            }
        }

        return false;
    }

    private bool HasPort(in ExitRecord record)
    {
        if (Port is not { } port)
        {
            return true;
        }

        if (record.HasExit && record.Exit.Code == SvmExitCode.Ioio && record.Exit.Info1 >> PortShift == port)
        {
            return true;
        }

        foreach (ref readonly KvmEvent one in record.Events)
        {
            if (one.Kind == KvmEventKind.PortAccess && one.Values[PortSlot] == port)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A reason as a user names it: by the manual's name, its beginning, the kernel's name, or the code.</summary>
/// <param name="Word">The word.</param>
public sealed record ReasonWord(string Word)
{
    private readonly string _plain = Plain(Word);

    /// <summary>Names of exits, without those that the manual numbers.</summary>
    public static IEnumerable<string> Names => SvmExitTable.Rows.SelectMany(row => Enumerable.Range(0, row.Count).Select(i => new SvmExitCode(row.First + (ulong)i).Name));

    /// <summary>Whether a word means an exit that the manual has, or a number.</summary>
    public static bool MayMean(ReasonWord reason) => reason._plain.StartsWith("0X", StringComparison.Ordinal) || SvmExitTable.Rows.Any(row => Enumerable.Range(0, row.Count).Any(i => reason.Means(new SvmExitCode(row.First + (ulong)i))));

    /// <summary>Whether an exit code is meant.</summary>
    public bool Means(SvmExitCode code)
    {
        string name = Plain(code.Name);
        return name == _plain || (name.StartsWith(_plain, StringComparison.Ordinal) && name.Length > _plain.Length && name[_plain.Length] == ' ')
            || string.Create(System.Globalization.CultureInfo.InvariantCulture, $"0X{code.Value:X}") == _plain
            || string.Equals(SvmExitTable.Find(code.Value) is { Count: 1 } row ? row.KernelName : null, _plain, StringComparison.OrdinalIgnoreCase)
            || (_plain.StartsWith('#') && code.IsException && name.EndsWith(_plain, StringComparison.Ordinal));
    }

    // SVM_EXIT_EXCP_BASE of the kernel and VMEXIT_EXCP of the manual are the same.
    private static string Plain(string word)
    {
        string upper = word.ToUpperInvariant();
        foreach (string start in (string[])["SVM_EXIT_", "VMEXIT_", "#VMEXIT "])
        {
            upper = upper.StartsWith(start, StringComparison.Ordinal) ? upper[start.Length..] : upper;
        }

        return upper.StartsWith("EXCP_", StringComparison.Ordinal) ? $"EXCP #{upper["EXCP_".Length..].TrimStart('#')}" : upper;
    }
}
