using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Rules;

/// <summary>What a rule is asked about: the state before, the exit, what was met; and where it says what must follow.</summary>
internal readonly ref struct Step
{
    private readonly ref readonly HardwareExit _exit;
    private readonly ExpectationBuilder _builder;

    public Step(
        Vcpu vcpu, GuestLevel level, bool hasExit, ref readonly HardwareExit exit, Observed<uint> entryEventInj,
        Observations seen, RunHeader header, FailedChecks failedChecks, ExpectationBuilder builder)
    {
        Vcpu = vcpu;
        Level = level;
        HasExit = hasExit;
        _exit = ref exit;
        EntryEventInj = entryEventInj;
        Seen = seen;
        Header = header;
        FailedChecks = failedChecks;
        _builder = builder;
    }

    /// <summary>The state before the exit is handled.</summary>
    public Vcpu Vcpu { get; }

    /// <summary>Who was running.</summary>
    public GuestLevel Level { get; }

    /// <summary>Whether there is an exit.</summary>
    public bool HasExit { get; }

    /// <summary>The exit.</summary>
    public ref readonly HardwareExit Exit => ref _exit;

    /// <summary>Its code.</summary>
    public SvmExitCode Code => _exit.Code;

    /// <summary>EVENTINJ that the entry shows, unseen before 6.14.</summary>
    public Observed<uint> EntryEventInj { get; }

    /// <summary>What was met.</summary>
    public Observations Seen { get; }

    /// <summary>The run.</summary>
    public RunHeader Header { get; }

    /// <summary>Checks of VMRUN that failed by name in this record.</summary>
    public FailedChecks FailedChecks { get; }

    /// <summary>Says that one of the outcomes to follow must be seen.</summary>
    public Expecting Expect() => _builder.Begin(Standing.Decided, Evidence.None);

    /// <summary>The same, provided something is as assumed.</summary>
    public Expecting Assuming(Evidence assumed) => _builder.Begin(Standing.Assumed, assumed);

    /// <summary>Says that the rule is in play and that what is missing would decide it.</summary>
    public void Undecided(Evidence missing) => _builder.Begin(Standing.Undecided, missing);

    /// <summary>Says that one of the outcomes to follow must be seen if a condition holds; undecided if that is not known, nothing if it does not.</summary>
    public Expecting When(Truth condition, Evidence missing) => condition.Answer switch
    {
        Answer.Yes => Expect(),
        Answer.Unknown => _builder.Begin(Standing.Undecided, missing),
        _ => default,
    };

    /// <summary>The same as <see cref="When"/> with the condition of an exception, which may rest on what was concluded only.</summary>
    /// <param name="raises">The condition.</param>
    /// <param name="operand">What the instruction is given; not known where it is not said.</param>
    public Expecting WhenRaised(InstructionGuard raises, Bits64 operand = default)
    {
        InstructionState state = Vcpu.Instruction.Afresh(operand);
        Truth raised = raises(state);
        return raised.IsYes && state.Assumed != Evidence.None ? Assuming(state.Assumed) : When(raised, state.Missing);
    }

    /// <summary>Whether L2 executed nothing between the entry behind VMRUN and this exit, its first; yes or unknown.</summary>
    /// <remarks>
    /// L2 may run for milliseconds without an exit: the handler of an event may have returned. Only an exit that L0 forces right behind
    /// the entry leaves no room, unless an instruction of L2 caused it: then the forced one came too late. A VMRUN that fails runs nothing.
    /// </remarks>
    public Truth RanNothing =>
        Code == SvmExitCode.Invalid ? Truth.Yes
        : Vcpu.FirstExitForced.IsYes && (Code == SvmExitCode.Intr || _exit.Interrupted.Valid) ? Truth.Yes
        : Truth.Unknown;

    /// <summary>VMRUN started L2, and L1 is shown a #VMEXIT before L2 was entered.</summary>
    public bool LeftL2BeforeItRan => Level != GuestLevel.L2 && Seen.HasVmenter && Seen.LeftL2 && !Seen.ShownBehindEntry;

    /// <summary>Whether L1 intercepts what an exit code stands for.</summary>
    public Truth Intercepted(SvmExitCode code) => Vcpu.Vmcb12.Intercepts(code);
}

/// <summary>Takes the allowed outcomes of one expectation.</summary>
/// <param name="builder">Where they go; null when nothing is expected.</param>
internal readonly struct Expecting(ExpectationBuilder? builder)
{
    /// <summary>Allows an outcome: all of its constraints hold.</summary>
    public Expecting Allow(params ReadOnlySpan<Constraint> constraints)
    {
        builder?.Allow(constraints);
        return this;
    }

    /// <summary>Says that the processor is at fault if no outcome is seen.</summary>
    public Expecting ByProcessor()
    {
        builder?.Blame(Culprit.Processor);
        return this;
    }
}
