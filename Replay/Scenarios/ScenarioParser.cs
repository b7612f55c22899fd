using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Scenarios;

/// <summary>Reads scenarios from text; the words are those of docs/scenarios.md.</summary>
public sealed class ScenarioParser
{
    private const int MostLines = 100_000;
    private const ulong SmallPages = 0x20_0000;

    private static readonly Dictionary<string, VmcbField> FieldNames = VmcbLayout.All.ToDictionary(
        static row => NameOf(row.Field), static row => row.Field, StringComparer.OrdinalIgnoreCase);

    // Registers that the VMCB has no field for.
    private static readonly Dictionary<string, Action<Registers, ulong>> OtherRegisters = new()
    {
        ["cr8"] = static (registers, value) => registers.TaskPriority = value,
        ["dr0"] = static (registers, value) => registers.Breakpoints[0] = value,
        ["dr1"] = static (registers, value) => registers.Breakpoints[1] = value,
        ["dr2"] = static (registers, value) => registers.Breakpoints[2] = value,
        ["dr3"] = static (registers, value) => registers.Breakpoints[3] = value,
        ["fpu-error"] = static (registers, value) => registers.FloatingPointError = value != 0,
    };

    private readonly List<Scenario> _done = [];
    private readonly List<Action<Machine>> _setup = [];
    private readonly List<ScenarioLine> _l1 = [];
    private readonly List<ScenarioLine> _l2 = [];
    private readonly List<Arrival> _arrivals = [];
    private readonly List<Expected> _expected = [];
    private readonly List<string> _rules = [];
    private Features _features = new();
    private List<ScenarioLine>? _program;
    private Scenario? _open;
    private int _line;

    /// <summary>Reads every scenario of a text.</summary>
    /// <exception cref="ScenarioException">A line that is not understood.</exception>
    public static IReadOnlyList<Scenario> Parse(TextReader text)
    {
        var parser = new ScenarioParser();
        while (text.ReadLine() is { } line)
        {
            parser.Take(line);
        }

        parser.Close();
        return parser._done.Count > 0 ? parser._done : throw new ScenarioException(Math.Max(parser._line, 1), "no scenario; start one with the word scenario and a title");
    }

    private void Take(string text)
    {
        if (++_line > MostLines)
        {
            throw Problem($"more than {MostLines} lines; split the file");
        }

        // A remark starts with # and a blank; #UD is an exception.
        string line = $" {text} ".Split(" # ", 2)[0].Trim();
        if (line.Length == 0)
        {
            return;
        }

        string[] words = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string rest = words.Length > 1 ? words[1] : "";
        if (words[0] == "scenario")
        {
            Close();
            _open = new Scenario(rest, _line);
            return;
        }

        if (_open is null)
        {
            throw Problem("a scenario starts with the word scenario and a title");
        }

        if (!TakeWord(words[0], rest))
        {
            (_program ?? throw Problem($"{words[0]} is not a word of scenarios; see docs/scenarios.md")).Add(new ScenarioLine(line, _line));
        }
    }

    private bool TakeWord(string word, string rest)
    {
        switch (word)
        {
            case "rule":
                _rules.AddRange(Words(rest));
                break;
            case "cpu":
                Words(rest).ForEach(TakeFeature);
                break;
            case "l1" or "vmcb12":
                Words(rest).ForEach(setting => TakeSetting(word == "l1", setting));
                break;
            case "intercept" or "no-intercept":
                Words(rest).ForEach(name => TakeIntercept(name, word == "intercept"));
                break;
            case "port" or "read" or "write" when _program is null:
                TakeMap(word, rest);
                break;
            case "nested-page" or "guest-page":
                TakePage(word == "nested-page", rest);
                break;
            case "memory":
                TakeMemory(rest);
                break;
            case "arrives":
                TakeArrival(rest);
                break;
            case "expect":
                _expected.AddRange(new ExpectationParser(rest, _line).Parse());
                break;
            case "L1:" or "L2:" when rest.Length > 0:
                throw Problem($"the program of {word[..2]} starts on the next line, one instruction a line");
            case "L1:" or "L2:":
                _program = word == "L1:" ? _l1 : _l2;
                return true;
            default:
                return false;
        }

        _program = null;
        return true;
    }

    private void TakeFeature(string text)
    {
        if (text.StartsWith("physbits=", StringComparison.Ordinal) && Numbers.TryParse(text[9..], out ulong bits) && bits is >= 32 and <= 52)
        {
            _features = _features.WithPhysicalBits((int)bits);
        }
        else if (text[0] is '+' or '-' && CpuFeature.Named(text[1..]) is { } feature)
        {
            _features = _features.With(feature, text[0] == '+');
        }
        else
        {
            throw Problem($"{text} is not a feature; write +name or -name with one of {string.Join(", ", CpuFeature.All.Select(static row => row.Name.ToLowerInvariant()))}, or physbits=40");
        }
    }

    private void TakeSetting(bool l1, string text)
    {
        (string name, ulong value) = Pair(text);
        if (FieldOf(name) is { } field)
        {
            _setup.Add(machine =>
            {
                Vmcb guest = machine.Guest;
                if (l1)
                {
                    machine.Processor.State[field] = value;
                }
                else
                {
                    guest[field] = value;
                }
            });
        }
        else if (l1 && GeneralOf(name) is { } register)
        {
            _setup.Add(machine => machine.Processor.State.General[register] = value);
        }
        else if (l1 && OtherRegisters.TryGetValue(name, out Action<Registers, ulong>? set))
        {
            _setup.Add(machine => set(machine.Processor.State, value));
        }
        else
        {
            throw Problem($"{name} is not a {(l1 ? "register" : "field of vmcb12")}; see docs/scenarios.md");
        }
    }

    private void TakeIntercept(string name, bool value)
    {
        SvmExitCode code = ExpectationParser.CodeOf(name) ?? throw Problem($"{name} is not an exit code");
        if (!code.HasIntercept)
        {
            throw Problem($"{name} has no intercept bit");
        }

        _setup.Add(machine => machine.Intercept(code, value));
    }

    private void TakeMap(string word, string rest)
    {
        foreach (string text in Words(rest))
        {
            ulong number = Number(text);
            if (word == "port" && number > ushort.MaxValue)
            {
                throw Problem($"{text} is not a port; ports end at 0xffff");
            }

            _setup.Add(word == "port" ? machine => machine.InterceptPort(number) : machine => machine.InterceptMsr((uint)number, word == "write"));
            if (word != "port" && (number > uint.MaxValue || MsrPermissionMap.BitOf((uint)number) is null))
            {
                throw Problem($"register {text} is outside the MSR permission map");
            }
        }
    }

    private void TakePage(bool nested, string rest)
    {
        (string address, ulong entry) = Pair(rest);
        ulong page = Number(address);
        if (page >= SmallPages)
        {
            throw Problem($"{address} is not in a small page; those end at 0x{SmallPages:x}");
        }

        _setup.Add(machine => machine.MapPage(nested, page, entry));
    }

    private void TakeMemory(string rest)
    {
        string[] parts = rest.Split('=', 2, StringSplitOptions.TrimEntries);
        ulong address = Number(parts[0]);
        byte[] bytes = (parts.Length == 2 ? Assembler.BytesOf(parts[1]) : null) ?? throw Problem("write memory 0x6000 = 01 02 03");
        _setup.Add(machine => machine.Processor.Memory.Write(address, bytes));
    }

    // interrupt 0x30 before L2 1
    private void TakeArrival(string rest)
    {
        string[] words = [.. Words(rest)];
        PendingEvent? what = words switch
        {
            ["interrupt", var vector, "before", ..] => new PendingEvent(PendingKind.Interrupt, Vector(vector)),
            ["nmi", "before", ..] => new PendingEvent(PendingKind.Nmi),
            ["smi", "before", ..] => new PendingEvent(PendingKind.Smi),
            ["init", "before", ..] => new PendingEvent(PendingKind.Init),
            ["machine-check", "before", ..] => new PendingEvent(PendingKind.MachineCheck),
            _ => null,
        };
        if (what is not { } arriving || words[^2] is not ("L1" or "L2"))
        {
            throw Problem("write arrives interrupt 0x30 before L2 1, or nmi, smi, init, machine-check; instructions count from 0");
        }

        _arrivals.Add(new Arrival(arriving, words[^2] == "L2", (int)Math.Min(Number(words[^1]), int.MaxValue)));
    }

    private void Close()
    {
        if (_open is { } open)
        {
            _done.Add(open with
            {
                Rules = [.. _rules],
                Features = _features,
                Setup = [.. _setup],
                L1 = [.. _l1],
                L2 = [.. _l2],
                Arrivals = [.. _arrivals],
                Expectations = [.. _expected],
            });
        }

        _rules.Clear();
        _setup.Clear();
        _l1.Clear();
        _l2.Clear();
        _arrivals.Clear();
        _expected.Clear();
        _features = new Features();
        _program = null;
    }

    /// <summary>A field of the VMCB or a register beside it by name; null where there is none.</summary>
    internal static VmcbField? FieldOf(string name) => FieldNames.TryGetValue(name, out VmcbField field) ? field : null;

    /// <summary>A field as scenarios write it.</summary>
    internal static string NameOf(VmcbField field) => field.ToString().Replace("Register", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>A general register by its 64-bit name; null where there is none.</summary>
    internal static int? GeneralOf(string name) =>
        Enum.TryParse(name, ignoreCase: true, out Register register) && register is >= Register.RAX and <= Register.R15 ? register - Register.RAX : null;

    private (string Name, ulong Value) Pair(string text)
    {
        string[] parts = text.Split('=', 2, StringSplitOptions.TrimEntries);
        return parts.Length == 2 ? (parts[0].ToLowerInvariant(), Number(parts[1])) : throw Problem($"{text} needs a value: name=value");
    }

    private ulong Number(string text) => Numbers.TryParse(text, out ulong number) ? number : throw Problem($"{text} is not a number");

    private byte Vector(string text) =>
        Number(text) is var number and <= byte.MaxValue ? (byte)number : throw Problem($"{text} is not a vector; vectors end at 0xff");

    private static List<string> Words(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    private ScenarioException Problem(string what) => new(_line, what);
}
