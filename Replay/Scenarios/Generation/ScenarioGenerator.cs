using System.Globalization;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Scenarios.Generation;

/// <summary>Makes scenarios that nobody thought of: states at and across the border of the legal, short programs, events from outside.</summary>
/// <param name="seed">The same seed makes the same scenarios, given the same answers to what was kept.</param>
public sealed class ScenarioGenerator(int seed)
{
    private const int MostSettings = 4, MostInstructions = 4, Scratch = 0x40000, Vectors = 256, EventTypes = 8;
    private const ulong Valid = 1UL << 31, ErrorCode = 1UL << 11;

    // What all of them have: L1 runs L2 once, and gets it back by VMMCALL at the latest.
    private static readonly string[] Run = ["vmrun"], Back = ["vmmcall"], BackSetup = ["intercept VMMCALL"];

    private static readonly string[] L2Instructions =
    [
        "cpuid", "rdtsc", "nop", "hlt", "int 0x80", "int3", "db f1", "ud2", "pushfq", "popfq", "cli", "sti", "iretq", "pause",
        "mov rbx, [0x40010]", "mov [0x40010], rbx", "push rbx", "pop rbx", "div rbx",
        "mov rbx, cr0", "mov cr0, rbx", "mov rbx, cr3", "mov cr3, rbx", "mov cr4, rbx", "mov rbx, cr8", "mov cr8, rbx", "clts", "lmsw bx", "smsw bx",
        "mov rbx, dr6", "mov dr6, rbx", "mov rbx, dr7", "mov dr7, rbx", "mov dr0, rbx",
        "in al, 0x60", "out 0x80, al", "outsb", "insb", "outsd", "rdmsr", "wrmsr", "rdpmc", "xsetbv",
        "sgdt [0x40100]", "sidt [0x40100]", "sldt bx", "str bx", "lldt bx", "ltr bx",
        "invlpg [0x40000]", "invlpga", "invd", "wbinvd", "monitor", "mwait", "rsm",
        "vmrun", "vmload", "vmsave", "stgi", "clgi", "skinit", "vmmcall",
    ];

    // Around VMRUN: before it, or behind it.
    private static readonly string[] L1Instructions = ["stgi", "clgi", "vmload", "vmsave", "sti", "cli", "vmrun", "mov cr8, rbx", "mov rbx, dr7", "pushfq", "rdtsc", "int3", "nop"];

    private static readonly ulong[] Addresses =
    [
        0, 0x1000, 0x5000, 0x6000, 0x40000, 0x40010, 0x40ffe, 0x70_0000, 0x7fff_f000, 0xffff_f000, 0xff_ffff_e000, 0xff_ffff_f000, 0x100_0000_0000,
        0x7fff_ffff_f000, 0x8000_0000_0000, 0xffff_8000_0000_0000, 0xffff_ffff_ffff_f000,
    ];

    private static readonly uint[] Msrs = [0x10, 0x1b, 0x174, 0x175, 0x176, 0x1d9, 0x277, 0xc000_0080, 0xc000_0081, 0xc000_0082, 0xc000_0100, 0xc000_0101, 0xc000_0102, 0xc001_0114, 0xc001_0117];

    private static readonly string[] Registers = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "cr4", "efer", "rflags", "dr7", "cr2", "cr8", "vmcr", "interruptshadow", "nmimask", "gif"];

    private readonly Random _random = new(seed);

    /// <summary>Every bit of every field of vmcb12, flipped in a state that is legal, each alone; then every other vector of an injected event of every type.</summary>
    public static IEnumerable<ScenarioText> Singles()
    {
        foreach (VmcbRow row in StartingState.GuestFields)
        {
            for (int bit = 0; bit < 8 * row.Size; bit++)
            {
                yield return Alone(StartingState.Line(row.Field, StartingState.Of(row.Field) ^ (1UL << bit)));
            }
        }

        for (ulong injected = 1; injected < Vectors * EventTypes; injected++)
        {
            yield return Alone(StartingState.Line(VmcbField.EventInj, Valid | injected));
        }
    }

    /// <summary>The next scenario: a new one, or another form of one that was kept.</summary>
    /// <param name="kept">Those that showed something that none before them did.</param>
    public ScenarioText Next(IReadOnlyList<ScenarioText> kept) =>
        kept.Count > 0 && _random.Next(2) == 0 ? Changed(kept[_random.Next(kept.Count)]) : New();

    private static ScenarioText Alone(string setting) => new([.. BackSetup, setting], Run, ["nop", .. Back]);

    private ScenarioText New()
    {
        string[] l2 = [.. Times(1 + _random.Next(MostInstructions), () => Pick(L2Instructions)), .. Back];
        string[] l1 =
        [
            .. _random.Next(4) == 0 ? [Pick(L1Instructions)] : Array.Empty<string>(), .. Run,
            .. _random.Next(3) == 0 ? [Pick(L1Instructions)] : Array.Empty<string>(),
        ];
        var text = new ScenarioText(BackSetup, l1, l2);
        return text with { Setup = [.. BackSetup, .. Times(_random.Next(MostSettings + 1), () => Setting(text))] };
    }

    // One or two things otherwise.
    private ScenarioText Changed(ScenarioText from)
    {
        ScenarioText text = from;
        foreach (int _ in Enumerable.Range(0, 1 + _random.Next(2)))
        {
            text = _random.Next(4) switch
            {
                0 => text with { L2 = [.. Replaced(text.L2, Pick(L2Instructions))] },
                1 => text with { L1 = [.. Replaced(text.L1, Pick(L1Instructions))] },
                2 when text.Setup.Count > 1 => text with { Setup = [.. Replaced(text.Setup, Setting(text))] },
                _ => text with { Setup = [.. text.Setup, Setting(text)] },
            };
        }

        return text.L1.Contains(Run[0]) ? text : text with { L1 = [.. text.L1, .. Run] };
    }

    private IEnumerable<string> Replaced(IReadOnlyList<string> lines, string by)
    {
        int at = _random.Next(lines.Count);
        return lines.Select((line, i) => i == at ? by : line);
    }

    private string Setting(ScenarioText text) => _random.Next(12) switch
    {
        0 or 1 or 2 => GuestField(),
        3 => StartingState.Line(VmcbField.EventInj, Event()),
        4 => StartingState.Line(VmcbField.IntCtl, StartingState.Of(VmcbField.IntCtl) | Bits(3, 40)),
        5 or 6 => $"intercept {Intercept()}",
        7 => $"{(_random.Next(2) == 0 ? "nested" : "guest")}-page 0x{Pick([0x20000, Scratch, 0x41000, 0x57000, 0x70000, 0x71000, 0x1000]):x}={_random.Next(8)}",
        8 => $"l1 {Pick(Registers)}=0x{(_random.Next(2) == 0 ? Pick(Addresses) : Bits(2, 64)):x}",
        9 => $"l1 rcx=0x{Pick(Msrs):x}",
        10 => _random.Next(2) == 0 ? $"port 0x{Pick([0x60, 0x80, 0xffff]):x}" : $"{(_random.Next(2) == 0 ? "read" : "write")} 0x{Pick([.. Msrs.Where(static msr => msr is < 0x2000 or >= 0xc000_0000)]):x}",
        _ => Arrival(text),
    };

    private string GuestField()
    {
        VmcbRow row = StartingState.GuestFields[_random.Next(StartingState.GuestFields.Count)];
        ulong start = StartingState.Of(row.Field);
        ulong value = _random.Next(5) switch
        {
            0 => Pick(Addresses),
            1 => 0,
            2 => row.Mask,
            3 => start ^ Bits(1, 8 * row.Size),
            _ => start ^ Bits(3, 8 * row.Size),
        };
        return StartingState.Line(row.Field, value & row.Mask);
    }

    private ulong Event() => Valid | (ulong)_random.Next(Vectors) % (_random.Next(2) == 0 ? 33UL : Vectors) | ((ulong)Pick([0, 2, 3, 4, _random.Next(EventTypes)]) << 8)
        | (_random.Next(4) == 0 ? ErrorCode | ((ulong)_random.Next() << 32) : 0);

    private string Intercept()
    {
        while (true)
        {
            var code = new SvmExitCode((ulong)_random.Next(0xc0));
            if (code.HasIntercept)
            {
                return string.Create(CultureInfo.InvariantCulture, $"0x{code.Value:x}");
            }
        }
    }

    private string Arrival(ScenarioText text)
    {
        string what = Pick(["interrupt 0x30", "interrupt 0xf0", "nmi", "smi", "init"]);
        return _random.Next(3) == 0 ? $"arrives {what} before L1 {_random.Next(text.L1.Count)}" : $"arrives {what} before L2 {_random.Next(text.L2.Count)}";
    }

    private ulong Bits(int most, int width) => Times(1 + _random.Next(most), () => 1UL << _random.Next(width)).Aggregate(0UL, static (all, bit) => all | bit);

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    private static T[] Times<T>(int count, Func<T> make) => [.. Enumerable.Range(0, count).Select(_ => make())];
}
