using Differ.Replay.Model;
using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Scenarios;

/// <summary>Executes a scenario on the reference alone.</summary>
public sealed class ScenarioRun
{
    private const int MostSteps = 10_000;

    private readonly Scenario _scenario;
    private readonly Machine _machine;
    private readonly RunLog _log;
    private readonly List<int> _l1Starts = [];
    private readonly List<int> _l2Starts = [];

    private ScenarioRun(Scenario scenario, RunLog log, IProcessorObserver observer, bool timePasses = false)
    {
        _scenario = scenario;
        _log = log;
        _machine = new Machine(scenario.Features, observer, timePasses);
    }

    /// <summary>What happened, a line each.</summary>
    public IReadOnlyList<string> Events => [.. _log.Events.Select(happened => happened.ToString())];

    /// <summary>Why the manual leaves open whatever comes out, in words; null where it does not.</summary>
    public string? OpenBecause => Undefined.Everything;

    /// <summary>Where it ends: the registers that tell most, and the exit in vmcb12, without what the manual leaves open.</summary>
    public IEnumerable<(string Place, ulong Value)> EndState()
    {
        foreach (VmcbField field in (VmcbField[])[VmcbField.Rip, VmcbField.Rsp, VmcbField.Rax, VmcbField.RflagsRegister, VmcbField.Cr2])
        {
            if (Undefined[field] == 0)
            {
                yield return (ScenarioParser.NameOf(field), _machine.Processor.State[field]);
            }
        }

        foreach (VmcbField field in (VmcbField[])[VmcbField.ExitCode, VmcbField.ExitInfo1, VmcbField.ExitInfo2, VmcbField.ExitIntInfo, VmcbField.Rip])
        {
            if (Undefined.In(_machine.Guest, field) == 0)
            {
                yield return ($"vmcb12 {ScenarioParser.NameOf(field)}", _machine.Guest[field]);
            }
        }
    }

    /// <summary>What the manual leaves open of the machine at the end: a comparison with another processor leaves it out.</summary>
    internal Undefined Undefined => _machine.Undefined;

    /// <summary>What came out otherwise than expected; empty when all is as the scenario says.</summary>
    public IReadOnlyList<string> Surprises { get; private set; } = [];

    /// <summary>The machine: where it starts from, or at the end.</summary>
    internal Machine Machine => _machine;

    /// <summary>What arrives from outside.</summary>
    internal IReadOnlyList<Arrival> Arrivals => _scenario.Arrivals;

    /// <summary>Where the instruction is that an event arrives before; null where the program is shorter.</summary>
    internal ulong? AddressOf(Arrival arrival)
    {
        List<int> starts = arrival.InL2 ? _l2Starts : _l1Starts;
        return arrival.Position < starts.Count ? (arrival.InL2 ? Machine.L2Code : Machine.L1Code) + (ulong)starts[arrival.Position] : null;
    }

    /// <summary>A scenario before its first instruction.</summary>
    internal static ScenarioRun Loaded(Scenario scenario)
    {
        var log = new RunLog(null);
        var run = new ScenarioRun(scenario, log, log);
        run.Load();
        return run;
    }

    /// <summary>Runs a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <exception cref="ScenarioException">An instruction that cannot be assembled, or a program that does not end.</exception>
    public static ScenarioRun Of(Scenario scenario) => Of(scenario, null);

    /// <summary>Runs a scenario to be compared with a processor on which time passes: what it reads of the time is open.</summary>
    internal static ScenarioRun WhileTimePasses(Scenario scenario) => Of(scenario, null, timePasses: true);

    /// <summary>Runs a scenario and records it.</summary>
    internal static ScenarioRun Of(Scenario scenario, ModelRecorder? recorder, bool timePasses = false)
    {
        var log = new RunLog(recorder);
        var run = new ScenarioRun(scenario, log, log, timePasses);
        run.Load();
        run.Go(recorder);
        run.Surprises = [.. new Verdict(scenario, run._machine, log).Find()];
        return run;
    }

    private void Load()
    {
        Write(_scenario.L1, Machine.L1Code, _l1Starts);
        Write(_scenario.L2, Machine.L2Code, _l2Starts);
        foreach (Action<Machine> change in _scenario.Setup)
        {
            change(_machine);
        }

        _machine.DescribeSegments();
    }

    private void Write(IReadOnlyList<ScenarioLine> program, ulong start, List<int> starts)
    {
        ulong at = start;
        foreach (ScenarioLine line in program)
        {
            byte[] bytes = Assembler.Assemble(line.Text, at)
                ?? throw new ScenarioException(line.Number, $"\"{line.Text}\" is neither a word of scenarios nor an instruction; bytes can be written after db");
            starts.Add((int)(at - start));
            _machine.Processor.Memory.Write(at, bytes);
            at += (ulong)bytes.Length;
        }

        // Behind its program a guest waits.
        _machine.Processor.Memory.Write(at, 0xf4, 1);
    }

    private void Go(ModelRecorder? recorder)
    {
        Processor processor = _machine.Processor;
        var arrivals = _scenario.Arrivals.ToList();
        for (int step = 0; step < MostSteps; step++)
        {
            foreach (Arrival arrival in arrivals.Where(IsDue).ToList())
            {
                processor.Arrives(arrival.Event);
                arrivals.Remove(arrival);
            }

            int before = _log.Steps;
            try
            {
                processor.Step();
            }
            catch (NotSupportedException unknown)
            {
                throw new ScenarioException(_scenario.Line, unknown.Message);
            }

            recorder?.StepEnds(processor);
            if (processor.IsShutDown || (processor.Halted && before == _log.Steps))
            {
                return;
            }
        }

        throw new ScenarioException(_scenario.Line, $"the program does not end within {MostSteps} steps");
    }

    private bool IsDue(Arrival arrival) =>
        _machine.Processor.Guest is not null == arrival.InL2 && _machine.Processor.State[VmcbField.Rip] == AddressOf(arrival);

    private sealed class Verdict(Scenario scenario, Machine machine, RunLog log)
    {
        public IEnumerable<string> Find()
        {
            int next = 0;
            foreach (Expected expected in scenario.Expectations)
            {
                if (expected.IsUndefined)
                {
                    if ((UndefinedOf(expected) & expected.Mask) != expected.Mask)
                    {
                        yield return $"line {expected.Line}: expected {expected.Text}, but the manual defines it";
                    }
                }
                else if (expected.Happens is null)
                {
                    ulong value = ValueOf(expected) & expected.Mask;
                    if (value != (expected.Value & expected.Mask))
                    {
                        yield return $"line {expected.Line}: expected {expected.Text}, got 0x{value:x}";
                    }
                }
                else if (next >= log.Events.Count)
                {
                    yield return $"line {expected.Line}: expected {expected.Text}, nothing more happened";
                }
                else if (!log.Events[next++].Meets(expected.Happens))
                {
                    yield return $"line {expected.Line}: expected {expected.Text}, got {log.Events[next - 1]}";
                }
            }

            bool asks = scenario.Expectations.Any(expected => expected.Happens is not null);
            for (; asks && next < log.Events.Count; next++)
            {
                yield return $"not expected: {log.Events[next]}";
            }
        }

        private ulong UndefinedOf(Expected expected)
        {
            Undefined undefined = machine.Undefined;
            return expected switch
            {
                { Where: ScenarioState.Vmcb12, Field: { } field } => undefined.In(machine.Guest, field) | ~VmcbLayout.Of(field).Mask,
                { Field: { } field } => undefined[field] | ~VmcbLayout.Of(field).Mask,
                { Register: >= 0 and var register } => undefined.General(register),
                _ => undefined.Everything is null ? 0 : ulong.MaxValue,
            };
        }

        private ulong ValueOf(Expected expected)
        {
            if (expected.Where == ScenarioState.Vmcb12)
            {
                return machine.Guest[expected.Field!.Value];
            }

            bool inL2 = machine.Processor.Guest is not null;
            Registers state = machine.Processor.State;
            if (expected.Where == ScenarioState.L2 && !inL2)
            {
                return expected.Field is { } left ? log.LeftFields[(int)left] : log.LeftGeneral[expected.Register];
            }

            return expected.Field is { } field ? state[field] : state.General[expected.Register];
        }
    }
}

/// <summary>Notes what a processor does.</summary>
/// <param name="also">Is told too; null for nobody.</param>
internal sealed class RunLog(IProcessorObserver? also) : IProcessorObserver
{
    private readonly List<RunEvent> _events = [];

    /// <summary>What happened.</summary>
    public IReadOnlyList<RunEvent> Events => _events;

    /// <summary>Instructions and events so far.</summary>
    public int Steps { get; private set; }

    /// <summary>L2's registers at its last #VMEXIT, by field.</summary>
    public ulong[] LeftFields { get; private set; } = new ulong[(int)VmcbField.Count];

    /// <summary>L2's general registers at its last #VMEXIT.</summary>
    public ulong[] LeftGeneral { get; private set; } = new ulong[16];

    /// <inheritdoc/>
    public void Executes(Processor processor, in Instruction instruction)
    {
        Steps++;
        also?.Executes(processor, instruction);
    }

    /// <inheritdoc/>
    public void Runs(Processor processor, in Vmcb vmcb) => also?.Runs(processor, vmcb);

    /// <inheritdoc/>
    public void Entered(Processor processor, Guest guest)
    {
        Add(RunEventKind.Enters, inL2: true, 0);
        also?.Entered(processor, guest);
    }

    /// <inheritdoc/>
    public void Leaves(Processor processor, Guest guest, Effect exit)
    {
        EventInfo current = processor.Delivery.Current;
        ulong intInfo = current.Valid && exit.Code != SvmExitCode.Invalid ? current.Raw | ((ulong)processor.Delivery.CurrentError << 32) : 0;
        Add(RunEventKind.Exits, inL2: true, exit.Code.Value, ("info1", exit.Info1), ("info2", exit.Info2), ("intinfo", intInfo),
            ("rip", processor.State[VmcbField.Rip]));
        LeftFields = [.. Enumerable.Range(0, (int)VmcbField.Count).Select(field => processor.State[(VmcbField)field])];
        LeftGeneral = [.. processor.State.General];
        also?.Leaves(processor, guest, exit);
    }

    /// <inheritdoc/>
    public void Left(Processor processor, in Vmcb vmcb) => also?.Left(processor, vmcb);

    /// <inheritdoc/>
    public void Delivers(Processor processor, EventInfo what, uint? error)
    {
        RunEventKind kind = what.Type switch
        {
            EventType.Exception => RunEventKind.Raises,
            EventType.Nmi => RunEventKind.Nmi,
            _ => RunEventKind.Interrupt,
        };
        Add(kind, processor.Guest is not null, what.Vector, ("error", error ?? 0));
        also?.Delivers(processor, what, error);
    }

    /// <inheritdoc/>
    public void ShutsDown(Processor processor)
    {
        Add(RunEventKind.ShutsDown, inL2: false, 0);
        also?.ShutsDown(processor);
    }

    private void Add(RunEventKind kind, bool inL2, ulong code, params ReadOnlySpan<(string Name, ulong Value)> details)
    {
        Steps++;
        var named = new Dictionary<string, ulong>();
        foreach ((string name, ulong value) in details)
        {
            named[name] = value;
        }

        _events.Add(new RunEvent(kind, inL2, code, named));
    }
}
