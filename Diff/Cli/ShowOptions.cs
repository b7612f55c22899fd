using System.CommandLine;
using System.Globalization;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Naming;
using Differ.Diff.Results;
using Differ.Diff.View;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>What <c>differ show</c> is asked.</summary>
/// <param name="Filter">Which exits; times are not in it.</param>
/// <param name="From">The first time, as the user wrote it; null for none.</param>
/// <param name="To">The last time, in the same way.</param>
/// <param name="Context">Neighbours before and after each.</param>
/// <param name="WithStates">With each exit what probes saw of VMCBs and registers.</param>
/// <param name="Symbols">Symbols of the guests.</param>
internal sealed record ShowRequest(ExitFilter Filter, string? From, string? To, ulong Context, bool WithStates, SymbolTables Symbols)
{
    private const decimal Nanoseconds = 1_000_000_000;

    /// <summary>The vCPU that is asked for, in words.</summary>
    public string StreamWords => string.Join(", ", new[]
    {
        Filter.Machine is { } machine ? $"VM {machine}" : "",
        Filter.Vcpu is { } vcpu ? $"vCPU {vcpu}" : "",
        Filter.Thread is { } thread ? $"thread {thread}" : "",
    }.Where(part => part.Length > 0));

    /// <summary>The filter for a recording.</summary>
    /// <param name="isNanoseconds">Whether its times are seconds for people, and not ticks.</param>
    /// <exception cref="UsageException">A time is none.</exception>
    public ExitFilter FilterOf(bool isNanoseconds) => Filter with
    {
        From = From is null ? null : Time("--from", From, isNanoseconds),
        To = To is null ? null : Time("--to", To, isNanoseconds),
    };

    private static ulong Time(string option, string text, bool isNanoseconds) =>
        decimal.TryParse(text, isNanoseconds ? NumberStyles.AllowDecimalPoint : NumberStyles.None, CultureInfo.InvariantCulture, out decimal time) && time <= ulong.MaxValue / Nanoseconds
            ? (ulong)(isNanoseconds ? time * Nanoseconds : time)
            : throw new UsageException($"{option} {text}: a time is {(isNanoseconds ? "in seconds, as 631.53" : "in ticks of the recording's clock")}");
}

/// <summary>The options of <c>differ show</c> that say which exits.</summary>
internal sealed class ShowOptions
{
    private readonly Option<ulong?> _exit = new("--exit") { Description = "The exit of this number, of each vCPU", HelpName = "N" };
    private readonly Option<ulong> _context = new("--context", "-C") { Description = "So many exits before and after each", HelpName = "N", DefaultValueFactory = _ => 0 };
    private readonly Option<string[]> _reason = new("--reason") { Description = "Exits for this reason, as NPF, MSR, EXCP, #UD, 0x400; repeatable", HelpName = "REASON" };
    private readonly Option<string?> _level = new("--level") { Description = "Exits of this guest: L1 or L2", HelpName = "LEVEL" };
    private readonly Option<string?> _rip = new("--rip") { Description = "Exits at this address, or from A to B", HelpName = "A[..B]" };
    private readonly Option<string?> _from = new("--from") { Description = "Exits from this time on, in seconds", HelpName = "TIME" };
    private readonly Option<string?> _to = new("--to") { Description = "Exits up to this time", HelpName = "TIME" };
    private readonly Option<string?> _msr = new("--msr") { Description = "Exits that access this MSR, as EFER or 0xc0000080", HelpName = "MSR" };
    private readonly Option<string?> _port = new("--port") { Description = "Exits that access this I/O port", HelpName = "PORT" };
    private readonly Option<uint?> _vcpu = new("--vcpu") { Description = "Exits of this vCPU", HelpName = "N" };
    private readonly Option<int?> _machine = new("--vm") { Description = "Exits of this VM, counted from 0", HelpName = "N" };
    private readonly Option<int?> _pid = new("--pid") { Description = "Exits of this thread of the host", HelpName = "PID" };
    private readonly Option<string?> _verdict = new("--verdict") { Description = $"Exits with this verdict: {string.Join(", ", Verdicts)}", HelpName = "VERDICT" };
    private readonly Option<string?> _event = new("--event") { Description = "Exits with this event, as kvm_inj_exception", HelpName = "EVENT" };
    private readonly Option<bool> _state = new("--state") { Description = "With each exit what probes saw of VMCBs and registers" };
    private readonly Option<string?> _symbolsOfL1 = new("--l1-symbols") { Description = "Names for L1's addresses: System.map, kallsyms, ELF", HelpName = "FILE" };
    private readonly Option<string?> _symbolsOfL2 = new("--l2-symbols") { Description = "The same for L2", HelpName = "FILE" };

    public ShowOptions()
    {
        _level.CompletionSources.Add("L1", "L2");
        _verdict.CompletionSources.Add([.. Verdicts]);
        _event.CompletionSources.Add(static _ => KernelEvents.Names);
    }

    private Option[] Filters => [_reason, _level, _rip, _from, _to, _msr, _port, _vcpu, _machine, _pid, _verdict, _event];

    private static IEnumerable<string> Verdicts => Enum.GetValues<Verdict>().Reverse().Select(ViewedExit.WordOf);

    /// <summary>Adds them to the verb.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_exit, _context, .. Filters, _state])
        {
            command.Options.Add(option);
        }

        AddSymbolsTo(command);
    }

    /// <summary>Adds those by which an exit is let through or not.</summary>
    public void AddFiltersTo(Command command)
    {
        foreach (Option option in (Option[])[_exit, .. Filters])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Adds those that name symbols.</summary>
    public void AddSymbolsTo(Command command)
    {
        command.Options.Add(_symbolsOfL1);
        command.Options.Add(_symbolsOfL2);
    }

    /// <summary>The symbols that the words name.</summary>
    /// <exception cref="UsageException">A file of symbols cannot be used.</exception>
    public SymbolTables ReadSymbols(ParseResult words) => new(SymbolsOf(words.GetValue(_symbolsOfL1)), SymbolsOf(words.GetValue(_symbolsOfL2)));

    /// <summary>What the words say.</summary>
    /// <exception cref="UsageException">They make no sense, or a file of symbols cannot be used.</exception>
    public ShowRequest Read(ParseResult words)
    {
        var filter = new ExitFilter
        {
            Index = words.GetValue(_exit),
            Reasons = [.. (words.GetValue(_reason) ?? []).SelectMany(word => word.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Select(Reason)],
            Level = words.GetValue(_level) is { } level ? LevelOf(level) : null,
            Rip = words.GetValue(_rip) is { } rip ? Range(rip) : null,
            Msr = words.GetValue(_msr) is { } msr ? MsrNames.Find(msr) ?? throw new UsageException($"--msr {msr}: there is no such MSR; give its number, as 0xc0000080") : null,
            Port = words.GetValue(_port) is { } port ? PortOf(port) : null,
            Vcpu = words.GetValue(_vcpu),
            Machine = words.GetValue(_machine),
            Thread = words.GetValue(_pid),
            Verdict = words.GetValue(_verdict) is { } verdict ? ViewedExit.VerdictOf(verdict) ?? throw new UsageException($"--verdict {verdict}: there are {string.Join(", ", Verdicts)}") : null,
            Event = words.GetValue(_event) is { } name ? KernelEvents.Find(name) ?? throw new UsageException(NoEvent(name)) : null,
        };
        return new ShowRequest(
            filter, words.GetValue(_from), words.GetValue(_to), words.GetValue(_context), words.GetValue(_state), ReadSymbols(words));
    }

    private static ReasonWord Reason(string word) => new ReasonWord(word) is var reason && ReasonWord.MayMean(reason) ? reason
        : throw new UsageException($"--reason {word}: there is no such exit; nearest are {string.Join(", ", Config.NearestNames.To(word, ReasonWord.Names))}");

    private static string NoEvent(string name) => name is KernelEvents.Exit or KernelEvents.Entry ? $"--event {name}: every exit has it"
        : $"--event {name}: there is no such event of an exit; nearest are {string.Join(", ", Config.NearestNames.To(name, KernelEvents.Names))}";

    private static GuestLevel LevelOf(string word) => word.ToUpperInvariant() switch
    {
        "L1" => GuestLevel.L1,
        "L2" => GuestLevel.L2,
        _ => throw new UsageException($"--level {word}: it is L1 or L2"),
    };

    private static (ulong, ulong) Range(string text)
    {
        string[] ends = text.Split("..");
        ulong first = Address(ends[0]), last = ends.Length > 1 ? Address(ends[1]) : first;
        return ends.Length <= 2 && first <= last ? (first, last) : throw new UsageException($"--rip {text}: write it as 0x400000 or 0x400000..0x401fff");
    }

    // Addresses are hexadecimal wherever a kernel or a debugger prints them.
    private static ulong Address(string text) =>
        ulong.TryParse(text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address)
            ? address : throw new UsageException($"--rip {text}: an address is hexadecimal, as 0x400d70");

    private static ushort PortOf(string text)
    {
        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ushort.TryParse(isHex ? text[2..] : text, isHex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            ? port : throw new UsageException($"--port {text}: a port is a number, as 0x3f8");
    }

    private static GuestSymbols? SymbolsOf(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            using Stream file = DiskFile.Read(path);
            using var bytes = new MemoryStream();
            file.CopyTo(bytes);
            return GuestSymbols.Read(bytes.ToArray());
        }
        catch (FormatException problem)
        {
            throw new UsageException($"{path}: {problem.Message}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {UnusableInput.ReasonOf(fault)}");
        }
    }
}
