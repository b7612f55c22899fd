using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Rules;

/// <summary>What a record is about; a rule is asked about the records of its situations only.</summary>
[Flags]
internal enum Situation : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>L1 exited for an SVM instruction.</summary>
    SvmInstruction = 1 << 0,

    /// <summary>L1 exited for an exception.</summary>
    L1Exception = 1 << 1,

    /// <summary>L1 exited for something rarely used.</summary>
    L1Rare = 1 << 2,

    /// <summary>L2 exited.</summary>
    L2Exit = 1 << 3,

    /// <summary>VMRUN began to run L2.</summary>
    VmrunEntered = 1 << 4,

    /// <summary>VMRUN was refused by a named check.</summary>
    VmrunRefused = 1 << 5,

    /// <summary>The outcome of a VMRUN shows: the first exit of L2, or a #VMEXIT right after the VMRUN.</summary>
    VmrunOutcome = 1 << 6,

    /// <summary>The exit interrupted the delivery of an event.</summary>
    DeliveryInterrupted = 1 << 7,

    /// <summary>An event is staged for delivery.</summary>
    EventStaged = 1 << 8,

    /// <summary>An MSR of SVM was accessed.</summary>
    SvmMsr = 1 << 9,

    /// <summary>System Management Mode was entered or left.</summary>
    Smm = 1 << 10,

    /// <summary>Nested virtualization is at work while EFER.SVME is known to be 0.</summary>
    NestedWithoutSvme = 1 << 11,

    /// <summary>The processor reported that it could not run the guest.</summary>
    InvalidExit = 1 << 12,

    /// <summary>L2 was left.</summary>
    LeftL2 = 1 << 13,

    /// <summary>The entry shows EVENTINJ.</summary>
    EntryShowsEvent = 1 << 14,

    /// <summary>A VM with encrypted state.</summary>
    SevEs = 1 << 15,

    /// <summary>States of VMCBs and registers were recorded around the exit.</summary>
    StatesRecorded = 1u << 31,

    /// <summary>The same around an exit of L2, or one at which L2 is started or left, or of VMLOAD or VMSAVE.</summary>
    SvmStatesRecorded = 1 << 18,

    /// <summary>L2 exited, and L0 decoded an instruction.</summary>
    L2Emulated = 1 << 16,

    /// <summary>The exit behind an RSM that is to bring L2 back, of which nothing tells whether it did.</summary>
    BehindSmm = 1 << 17,

    /// <summary>L1 exits, or L2 is started again, although nothing tells that L2, which was running, was left.</summary>
    L2Lost = 1 << 20,

    /// <summary>L2 exits, or is left, although nothing tells that it was started.</summary>
    L2Unentered = 1 << 21,

    /// <summary>What the exit reports is not of the form that the manual lays down for its code.</summary>
    OddReport = 1 << 22,

    /// <summary>What L1 is shown is not of the form that the manual lays down, or not of what vmcb12 intercepts, or shown twice.</summary>
    OddReflection = 1 << 23,

    /// <summary>The guest goes on at another RIP than such exits usually lead to, and neither another guest nor an exception explains it.</summary>
    UnusualRip = 1 << 24,

    /// <summary>A nested page fault of L2, or one of L1 that looks odd.</summary>
    NestedPageFault = 1 << 25,

    /// <summary>An exit of AVIC, or one that has no place while AVIC works.</summary>
    AvicExit = 1 << 26,

    /// <summary>An MSR was accessed that L1 and L2 share or that changes place with L2.</summary>
    SharedMsr = 1 << 27,

    /// <summary>L1 is shown a page fault, a machine check, FERR_FREEZE or shutdown.</summary>
    LeftByFault = 1 << 29,

    /// <summary>L2 shut down, or the VMM was told of a shutdown while L2 ran.</summary>
    ShutdownOfL2 = 1 << 30,
}

/// <summary>Asks a rule what it says about a step.</summary>
internal delegate void Judge(in Step step);

/// <summary>What a check of VMRUN needs of vmcb12. While nothing of it is known, the check is undecided without being asked.</summary>
/// <param name="Fields">Any of these; none for a rule that always has to be asked.</param>
/// <param name="Missing">The evidence that would show them.</param>
internal readonly record struct Vmcb12Needs(VmcbFields Fields, Evidence Missing)
{
    /// <summary>Whether none of the fields is known.</summary>
    public bool AreUnmet(VmcbFields known) => !Fields.IsEmpty && (Fields & known).IsEmpty;
}

/// <summary>The exception that a statement says an instruction raises.</summary>
/// <param name="Vector">The exception; #GP has error code 0.</param>
/// <param name="When">When it is raised.</param>
/// <param name="Of">The instructions, by the exit codes of their intercepts.</param>
internal sealed record RaisedException(byte Vector, InstructionGuard When, params SvmExitCode[] Of)
{
    /// <summary>Whether the intercept comes before it (APM2 table 15-7).</summary>
    public bool BehindIntercept { get; init; }

    /// <summary>Where the instruction is WRMSR: the register that it writes.</summary>
    public uint Msr { get; init; }

    /// <summary>What WRMSR raises.</summary>
    /// <param name="msr">The register that it writes.</param>
    /// <param name="when">When it is raised.</param>
    public static RaisedException ByWrite(uint msr, InstructionGuard when) => new(ExceptionVector.GP, when, SvmExitCode.Msr) { BehindIntercept = true, Msr = msr };
}

/// <summary>One statement of the manual: what it says, and how it is executed.</summary>
/// <param name="Info">What it says.</param>
/// <param name="When">The situations in which it has something to say.</param>
/// <param name="Codes">The exits it speaks of, where it speaks of an exit; null for all.</param>
/// <param name="Judge">Says it of a step.</param>
/// <param name="Needs">Where the rule is about vmcb12: what it needs of it.</param>
internal sealed record Rule(RuleInfo Info, Situation When, Func<SvmExitCode, bool>? Codes, Judge Judge, Vmcb12Needs Needs = default)
{
    // Situations that are about the exit itself; the others are about what came after it.
    private const Situation OfExit = Situation.SvmInstruction | Situation.L1Exception | Situation.L1Rare | Situation.L2Exit
        | Situation.L2Emulated | Situation.DeliveryInterrupted | Situation.InvalidExit | Situation.OddReport | Situation.AvicExit;

    /// <summary>A rule that does not depend on the exit code.</summary>
    public Rule(RuleInfo info, Situation when, Judge judge)
        : this(info, when, null, judge)
    {
    }

    /// <summary>Where the rule names an illegal state of VMRUN: whether a vmcb12 is one.</summary>
    public VmrunGuard? Illegal { get; init; }

    /// <summary>Where the rule says that an instruction raises an exception: which, and when.</summary>
    public RaisedException? Raises { get; init; }

    /// <summary>Whether the rule has something to say.</summary>
    /// <param name="situation">What the record is about.</param>
    /// <param name="code">Its exit code.</param>
    public bool Speaks(Situation situation, SvmExitCode code) =>
        (When & situation & ~OfExit) != 0 || ((When & situation & OfExit) != 0 && (Codes is null || Codes(code)));

    /// <summary>A statement that guides the replay and is never broken by itself.</summary>
    public static void SaysNothing(in Step step)
    {
        // The remark beside the row says what it guides.
    }
}
