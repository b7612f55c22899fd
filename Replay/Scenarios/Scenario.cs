using Differ.Replay.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Scenarios;

/// <summary>A question to the manual: a machine, a program, what must come out.</summary>
/// <param name="Title">In words.</param>
/// <param name="Line">Where it starts.</param>
public sealed record Scenario(string Title, int Line)
{
    /// <summary>Rules it shows.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];

    /// <summary>What the processor can do.</summary>
    internal Features Features { get; init; } = new();

    /// <summary>What changes the machine before the program starts, in the order of the text.</summary>
    internal IReadOnlyList<Action<Machine>> Setup { get; init; } = [];

    /// <summary>L1's program.</summary>
    internal IReadOnlyList<ScenarioLine> L1 { get; init; } = [];

    /// <summary>L2's program.</summary>
    internal IReadOnlyList<ScenarioLine> L2 { get; init; } = [];

    /// <summary>What arrives from outside, and when.</summary>
    internal IReadOnlyList<Arrival> Arrivals { get; init; } = [];

    /// <summary>What must come out.</summary>
    internal IReadOnlyList<Expected> Expectations { get; init; } = [];
}

/// <summary>A line of a program.</summary>
/// <param name="Text">The instruction.</param>
/// <param name="Number">Where it stands.</param>
internal sealed record ScenarioLine(string Text, int Number);

/// <summary>Something from outside.</summary>
/// <param name="Event">What.</param>
/// <param name="InL2">Before an instruction of L2, not of L1.</param>
/// <param name="Position">Before which instruction, from 0.</param>
internal sealed record Arrival(PendingEvent Event, bool InL2, int Position);

/// <summary>One thing that must come out.</summary>
/// <param name="Text">As written.</param>
/// <param name="Line">Where.</param>
/// <param name="Happens">An event of the run that must be the next; null where a state is asked for.</param>
/// <param name="Where">Whose state; meaningless for an event.</param>
/// <param name="Field">Which field; null for a general register.</param>
/// <param name="Register">Which general register.</param>
/// <param name="Value">Its value.</param>
/// <param name="Mask">The bits that count.</param>
internal sealed record Expected(
    string Text, int Line, RunEvent? Happens, ScenarioState Where, VmcbField? Field, int Register, ulong Value, ulong Mask)
{
    /// <summary>Asks that the manual leaves the bits of the mask open; without a field and a register, whatever follows.</summary>
    public bool IsUndefined { get; init; }
}

/// <summary>Whose state an expectation asks for.</summary>
internal enum ScenarioState : byte
{
    /// <summary>L1 at the end.</summary>
    L1,

    /// <summary>L2 at its last #VMEXIT, or at the end where it still runs.</summary>
    L2,

    /// <summary>vmcb12 at the end.</summary>
    Vmcb12,
}

/// <summary>Something that happened in a run.</summary>
/// <param name="Kind">What.</param>
/// <param name="InL2">In L2, not in L1.</param>
/// <param name="Code">Exit code of a #VMEXIT, vector of an event.</param>
/// <param name="Details">Further values by name; an expectation may leave them out.</param>
internal sealed record RunEvent(RunEventKind Kind, bool InL2, ulong Code, IReadOnlyDictionary<string, ulong> Details)
{
    /// <summary>Whether this is what an expectation asks for.</summary>
    public bool Meets(RunEvent expected) =>
        Kind == expected.Kind && InL2 == expected.InL2 && Code == expected.Code
        && expected.Details.All(detail => Details.TryGetValue(detail.Key, out ulong value) && value == detail.Value);

    /// <inheritdoc/>
    public override string ToString()
    {
        string who = InL2 ? "L2" : "L1";
        string what = Kind switch
        {
            RunEventKind.Enters => "L1 enters L2",
            RunEventKind.Exits => $"#VMEXIT {SvmExitTable.NameOf(Code)}",
            RunEventKind.Raises => $"{who} gets {ExceptionVector.NameOf(Code)}",
            RunEventKind.Interrupt => $"{who} gets interrupt 0x{Code:x2}",
            RunEventKind.Nmi => $"{who} gets an NMI",
            _ => "the processor shuts down",
        };
        return what + string.Concat(Details.Where(detail => detail.Value != 0).Select(detail => $" {detail.Key}=0x{detail.Value:x}"));
    }
}

/// <summary>What can happen in a run.</summary>
internal enum RunEventKind : byte
{
    /// <summary>VMRUN starts L2.</summary>
    Enters,

    /// <summary>#VMEXIT.</summary>
    Exits,

    /// <summary>An exception is delivered.</summary>
    Raises,

    /// <summary>An interrupt is delivered.</summary>
    Interrupt,

    /// <summary>An NMI is delivered.</summary>
    Nmi,

    /// <summary>The processor shuts down.</summary>
    ShutsDown,
}
