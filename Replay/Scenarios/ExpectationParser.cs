using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Scenarios;

/// <summary>Reads what follows the word expect.</summary>
/// <param name="text">The words.</param>
/// <param name="line">Where they stand.</param>
internal sealed class ExpectationParser(string text, int line)
{
    private readonly string[] _words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Reads it: one event, or one or more states.</summary>
    public IReadOnlyList<Expected> Parse() => _words switch
    {
        ["undefined"] => [new Expected(text, line, null, default, null, -1, 0, ulong.MaxValue) { IsUndefined = true }],
        ["undefined", ("l1" or "vmcb12") and var who, _, ..] => [.. _words.Skip(2).Select(name => State(who, name + "=0") with { IsUndefined = true })],
        [("l1" or "l2" or "vmcb12") and var who, _, ..] => [.. _words.Skip(1).Select(setting => State(who, setting))],
        _ => [ParseEvent()],
    };

    private Expected ParseEvent() => _words switch
    {
        ["enter"] => Event(RunEventKind.Enters, inL2: true, 0, 1),
        ["exit", var name, ..] => Event(RunEventKind.Exits, inL2: true, (CodeOf(name) ?? throw Problem($"{name} is not an exit code")).Value, 2),
        [("L1" or "L2") and var who, "raises", var name, ..] => Event(RunEventKind.Raises, who == "L2", VectorOf(name), 3),
        [("L1" or "L2") and var who, "interrupt", var vector, ..] => Event(RunEventKind.Interrupt, who == "L2", Number(vector), 3),
        [("L1" or "L2") and var who, "nmi"] => Event(RunEventKind.Nmi, who == "L2", ExceptionVector.Nmi, 2),
        ["shutdown"] => Event(RunEventKind.ShutsDown, inL2: false, 0, 1),
        _ => throw Problem($"expect {text} is not understood; write enter, exit NAME, L2 raises #UD, L2 interrupt 0x30, L2 nmi, shutdown, l1|l2|vmcb12 field=value, or undefined l1|vmcb12 field"),
    };

    /// <summary>An exit code by the manual's name, an exception as #UD, or a number; null where there is none.</summary>
    public static SvmExitCode? CodeOf(string name)
    {
        if (Numbers.TryParse(name, out ulong number))
        {
            return new SvmExitCode(number);
        }

        if (name.StartsWith('#'))
        {
            int vector = ExceptionVector.All.ToList().FindIndex(row => string.Equals(row.Name, name, StringComparison.OrdinalIgnoreCase));
            return vector < 0 ? null : SvmExitCode.OfException((byte)vector);
        }

        foreach (SvmExitRow row in SvmExitTable.Rows)
        {
            for (ulong i = 0; i < (ulong)row.Count; i++)
            {
                if (string.Equals(SvmExitTable.NameOf(row.First + i), name, StringComparison.OrdinalIgnoreCase))
                {
                    return new SvmExitCode(row.First + i);
                }
            }
        }

        return null;
    }

    private Expected Event(RunEventKind kind, bool inL2, ulong code, int read)
    {
        var details = new Dictionary<string, ulong>();
        foreach (string word in _words.Skip(read))
        {
            string[] parts = word.Split('=', 2);
            details[parts[0]] = parts.Length == 2 ? Number(parts[1]) : throw Problem($"{word} needs a value: name=value");
        }

        return new Expected(text, line, new RunEvent(kind, inL2, code, details), default, null, 0, 0, 0);
    }

    // field=value, or field&mask=value.
    private Expected State(string who, string setting)
    {
        string[] parts = setting.Split('=', 2);
        string[] name = parts[0].Split('&', 2);
        if (parts.Length != 2)
        {
            throw Problem($"{setting} needs a value: name=value");
        }

        ScenarioState where = who switch { "l1" => ScenarioState.L1, "l2" => ScenarioState.L2, _ => ScenarioState.Vmcb12 };
        VmcbField? field = ScenarioParser.FieldOf(name[0]);
        int? register = ScenarioParser.GeneralOf(name[0]);
        if (field is null && (register is null || where == ScenarioState.Vmcb12))
        {
            throw Problem($"{name[0]} is not a field of the VMCB or a register");
        }

        ulong mask = name.Length == 2 ? Number(name[1]) : ulong.MaxValue;
        return new Expected(text, line, null, where, field, register ?? 0, Number(parts[1]), mask);
    }

    private ulong VectorOf(string name) =>
        CodeOf(name) is { IsException: true } code ? code.Vector : throw Problem($"{name} is not an exception; write #UD");

    private ulong Number(string word) => Numbers.TryParse(word, out ulong number) ? number : throw Problem($"{word} is not a number");

    private ScenarioException Problem(string what) => new(line, what);
}
