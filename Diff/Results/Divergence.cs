using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Results;

/// <summary>A record that is kept, with everything in it.</summary>
/// <param name="Stream">The vCPU stream.</param>
/// <param name="Index">Position in the stream.</param>
/// <param name="Level">Who was running.</param>
/// <param name="Flags">What is special.</param>
/// <param name="Exit">The #VMEXIT.</param>
/// <param name="Entry">The entry.</param>
/// <param name="Events">What L0 did.</param>
public sealed record KeptExit(
    StreamId Stream, ulong Index, GuestLevel Level, RecordFlags Flags, HardwareExit Exit, GuestEntry Entry,
    IReadOnlyList<KvmEvent> Events)
{
    /// <summary>Whether the #VMEXIT was recorded.</summary>
    public bool HasExit => (Flags & RecordFlags.NoExit) == 0;

    /// <summary>Whether the entry was recorded.</summary>
    public bool HasEntry => (Flags & RecordFlags.NoEntry) == 0;

    /// <summary>The manual's name of the exit code; empty where no #VMEXIT was recorded.</summary>
    public string ExitName => HasExit ? Exit.Code.Name : "";

    /// <summary>Copies a record; of what it lacks, nothing.</summary>
    public static KeptExit Of(in ExitRecord record) => new(
        record.Stream, record.Index, record.Level, record.Flags, record.HasExit ? record.Exit : default, record.HasEntry ? record.Entry : default, record.Events.ToArray());
}

/// <summary>Where an exit is in a run.</summary>
/// <param name="Stream">The vCPU stream.</param>
/// <param name="Index">Position in the stream, from 0.</param>
public readonly record struct ExitPlace(StreamId Stream, ulong Index);

/// <summary>How often one rule is concerned.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Count">How often.</param>
public sealed record RuleShare(RuleInfo Rule, ulong Count);

/// <summary>One field of a comparison.</summary>
/// <param name="Name">Short name for programs.</param>
/// <param name="Text">For a person.</param>
/// <param name="Value">The value; null when it did not happen or cannot be seen.</param>
public sealed record FieldText(string Name, string Text, ulong? Value);

/// <summary>The first time something was said of an exit, in full.</summary>
/// <param name="Exit">The exit.</param>
/// <param name="Before">The exits of the vCPU before it, the nearest last.</param>
/// <param name="After">The exits of the vCPU after it, the nearest first.</param>
/// <param name="Recorded">What was recorded, by field.</param>
/// <param name="Expected">The outcomes the manual allows; one of them had to be seen.</param>
public sealed record Occurrence(
    KeptExit Exit, IReadOnlyList<KeptExit> Before, IReadOnlyList<KeptExit> After, IReadOnlyList<FieldText> Recorded, IReadOnlyList<string> Expected);

/// <summary>Equal departures, grouped: the same rule broken in the same way, whatever the addresses, times and vCPUs.</summary>
/// <param name="Fingerprint">12 hexadecimal digits that name the class on every machine.</param>
/// <param name="Rule">The rule that is broken.</param>
/// <param name="AlsoBroken">Further rules that the same exits break, as surely as <paramref name="Rule"/>; the most specific first.</param>
/// <param name="Culprit">Who is at fault.</param>
/// <param name="Assumed">What a likely finding assumes; none for a certain one.</param>
/// <param name="Instruction">The instruction the guest was at; empty when it is not known.</param>
/// <param name="Count">How many exits.</param>
/// <param name="Streams">The vCPU streams, each with how many exits; the counts add up to <paramref name="Count"/>.</param>
/// <param name="Known">Why it is no finding: documented, accepted or ignored; null for a finding.</param>
/// <param name="First">The first occurrence.</param>
/// <param name="Last">Where the last one is.</param>
public sealed record DivergenceClass(
    string Fingerprint, RuleInfo Rule, IReadOnlyList<RuleInfo> AlsoBroken, Culprit Culprit, Evidence Assumed, string Instruction,
    ulong Count, IReadOnlyList<StreamShare> Streams, string? Known, Occurrence First, ExitPlace Last)
{
    /// <summary>Whether it holds only if <see cref="Assumed"/> is as its rule supposes.</summary>
    public bool IsLikely { get; init; }

    /// <summary>Whether the configuration ignores its rule, for the reason in <see cref="Known"/>.</summary>
    public bool IsIgnored { get; init; }

    /// <summary>Rules that exits of a certain finding break besides, each under an assumption.</summary>
    public IReadOnlyList<RuleInfo> AlsoLikely { get; init; } = [];

    /// <summary>The entry of a baseline that accepts it, which <see cref="Known"/> then puts into words; null for none.</summary>
    public AcceptedDeparture? Accepted { get; init; }
}

/// <summary>What could not be decided for lack of one kind of evidence.</summary>
/// <param name="Missing">The evidence.</param>
/// <param name="Rules">The rules that need it, each with how often.</param>
/// <param name="Exits">How many exits.</param>
/// <param name="First">The first of them.</param>
public sealed record UndecidedClass(
    EvidenceRow Missing, IReadOnlyList<RuleShare> Rules, ulong Exits, ExitPlace First);

/// <summary>How many exits of one vCPU stream are concerned.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Count">How many.</param>
public sealed record StreamShare(StreamId Stream, ulong Count);

/// <summary>How often one kind of evidence was missing.</summary>
/// <param name="Missing">The evidence.</param>
/// <param name="Count">How often.</param>
public sealed record EvidenceShare(EvidenceRow Missing, ulong Count);

/// <summary>How often one rule had something to say, and what came of it.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Conforms">Kept.</param>
/// <param name="Undecided">Not decided.</param>
/// <param name="Departs">Broken for certain, known departures included.</param>
/// <param name="Lacking">What it was not decided for; the counts add up to <paramref name="Undecided"/>.</param>
public sealed record RuleCount(RuleInfo Rule, ulong Conforms, ulong Undecided, ulong Departs, IReadOnlyList<EvidenceShare> Lacking)
{
    /// <summary>Broken under an assumption.</summary>
    public ulong Likely { get; init; }

    /// <summary>How often the rule had something to say.</summary>
    public ulong Exercised => Decided + Undecided;

    /// <summary>How often it was decided: kept or broken, be it under an assumption.</summary>
    public ulong Decided => Conforms + Likely + Departs;

    /// <summary>The same for each vCPU stream in which it had something to say, by number; empty where that is not known.</summary>
    public IReadOnlyList<StreamRuleCount> Streams { get; init; } = [];
}

/// <summary>How often one rule had something to say in one vCPU stream.</summary>
/// <param name="Stream">The stream; <see cref="MostStreams"/> stands for that one and all further ones.</param>
/// <param name="Conforms">Kept.</param>
/// <param name="Undecided">Not decided.</param>
/// <param name="Departs">Broken for certain, known departures included.</param>
public sealed record StreamRuleCount(StreamId Stream, ulong Conforms, ulong Undecided, ulong Departs)
{
    /// <summary>How many streams are counted apart: a hostile capture may pretend to any number.</summary>
    public const int MostStreams = 1024;

    /// <summary>Broken under an assumption.</summary>
    public ulong Likely { get; init; }
}

/// <summary>What one exit is said to depart in.</summary>
/// <param name="Fingerprint">The class it belongs to.</param>
/// <param name="Rule">The rule that is broken.</param>
/// <param name="Recorded">What was recorded, by field.</param>
/// <param name="Expected">The outcomes the manual allows.</param>
/// <param name="IsLikely">Whether it holds under an assumption only.</param>
public sealed record Departure(string Fingerprint, RuleInfo Rule, IReadOnlyList<FieldText> Recorded, IReadOnlyList<string> Expected, bool IsLikely);

/// <summary>Returns to the VMM that end a virtual machine or reset it, after exits of one kind.</summary>
/// <param name="Reason">KVM_EXIT_SHUTDOWN, KVM_EXIT_FAIL_ENTRY or KVM_EXIT_INTERNAL_ERROR.</param>
/// <param name="Exit">The exit that led to the first of them.</param>
/// <param name="Count">How many.</param>
public sealed record VmEnding(uint Reason, KeptExit Exit, ulong Count)
{
    /// <summary>The kernel's name of the reason.</summary>
    public string Name => UserspaceExit.NameOf(Reason);
}
