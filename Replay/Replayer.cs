using Differ.Replay.Kvm;
using Differ.Replay.Manual;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay;

/// <summary>A recorded run becomes a computed one: for each exit, what was before, what was met, what the manual allows next.</summary>
public sealed class Replayer : IExitSink
{
    // Kinds that a plain exit of L1 may have without any rule having something to say.
    private const ulong Boring = (1UL << (int)KvmEventKind.PortAccess) | (1UL << (int)KvmEventKind.MmioAccess)
        | (1UL << (int)KvmEventKind.PageFault) | (1UL << (int)KvmEventKind.KvmRun) | (1UL << (int)KvmEventKind.Eoi)
        | (1UL << (int)KvmEventKind.ApicIpi) | (1UL << (int)KvmEventKind.ApicAccess) | (1UL << (int)KvmEventKind.ApicAcceptIrq)
        | (1UL << (int)KvmEventKind.EmulateInstruction) | (1UL << (int)KvmEventKind.VcpuWakeup) | (1UL << (int)KvmEventKind.Hypercall)
        | (1UL << (int)KvmEventKind.AsyncPageFault) | (1UL << (int)KvmEventKind.MsrAccess)
        | (1UL << (int)KvmEventKind.UserspaceExit);

    private const int MostSituations = 4096;

    private static readonly TracepointSet Vmcb12Events = TracepointSet.Of(KvmEventKind.NestedVmenter) | TracepointSet.Of(KvmEventKind.NestedIntercepts);

    private readonly RunHeader _header;
    private readonly IComputedSink _sink;
    private readonly StreamTable<Vcpu> _vcpus;
    private readonly RecordDigest _digest = new();
    private readonly Observations _seen;
    private readonly FailedChecks _failedChecks;
    private readonly ExpectationBuilder _builder = new();
    private readonly Rule[] _rules = [.. RuleBook.All];
    private readonly Dictionary<Circumstances, RuleSet> _rulesFor = [];

    /// <summary>A replay of one run.</summary>
    /// <param name="header">The run.</param>
    /// <param name="texts">Its texts.</param>
    /// <param name="sink">Takes the pairs.</param>
    /// <param name="cpu">What the user says of the virtual CPU; null for nothing.</param>
    public Replayer(RunHeader header, TextTable texts, IComputedSink sink, CpuDescription? cpu = null)
    {
        _header = header;
        _sink = sink;
        _vcpus = new StreamTable<Vcpu>(() => new Vcpu(cpu));
        _seen = new Observations(_digest, new InstructionDecoder(), header.Listed);
        _failedChecks = new FailedChecks(texts);
    }

    /// <summary>Whether the short way for plain exits is closed; for tests.</summary>
    internal bool LooksAtEverything { get; init; }

    /// <summary>Follows the state of one vCPU; null where nobody asks. Set before the first exit.</summary>
    public StateTrail? Trail
    {
        init
        {
            if (value is not null)
            {
                Vcpu vcpu = VcpuOf(value.Stream);
                vcpu.Trail = value;
                value.Begin(vcpu);
            }
        }
    }

    /// <summary>What the recording says against the CPU description, once it was read: one remark, or nothing.</summary>
    public IReadOnlyList<CaptureNote> Notes
    {
        get
        {
            string[] all = [.. _vcpus.All.SelectMany(vcpu => vcpu.Profile.Contradicted).Distinct().Order(StringComparer.Ordinal)];
            return all.Length == 0 ? [] :
            [
                new("DIF0140", (ulong)all.Length,
                    $"the CPU file contradicts the CPUID that the guest saw, which is believed from there on; correct the file: {string.Join(", ", all)}", ""),
            ];
        }
    }

    /// <inheritdoc/>
    public void Take(in ExitRecord record)
    {
        Vcpu vcpu = VcpuOf(record.Stream);
        if ((record.Flags & RecordFlags.LossBefore) != 0)
        {
            vcpu.Forget();
        }

        if (vcpu.ResetSuspected)
        {
            Narrowing.ConfirmReset(vcpu, record, _header.Listed);
            vcpu.Trail?.Note(vcpu, record, KnownBy.Reset, TracepointSet.Entry);
        }

        NoteInit(record);
        Dumps.AtExit(vcpu, record);
        vcpu.Trail?.Note(vcpu, record, KnownBy.Dump, default);
        _builder.Reset();
        if (IsPlain(vcpu, record))
        {
            vcpu.Trail?.Ask(record);
            _sink.Take(record, _builder.View(InstructionOf(record)));
            Narrowing.AfterPlainExit(vcpu, record);
            vcpu.Trail?.Note(vcpu, record, KnownBy.Conclusion, TracepointSet.Exit);
            TakeEntryDump(vcpu, record);
            return;
        }

        _digest.Read(record);
        _seen.Read(record);
        if ((record.Flags & RecordFlags.LossInside) == 0)
        {
            LoadVmcb12(vcpu, record);
            Judge(vcpu, record);
        }

        vcpu.Trail?.Ask(record);
        _sink.Take(record, _builder.View(InstructionOf(record), _digest));
        Narrowing.After(vcpu, record, _digest, _seen, _header.Listed);
        TakeEntryDump(vcpu, record);
        if ((record.Flags & RecordFlags.LossInside) != 0 || (_header.MayBeEdited && GoesOnInL1Unshown(vcpu, record)))
        {
            vcpu.Forget();
        }
    }

    private static void TakeEntryDump(Vcpu vcpu, in ExitRecord record)
    {
        Dumps.AtEntry(vcpu, record);
        vcpu.Trail?.Note(vcpu, record, KnownBy.Dump, default);
    }

    // L1 goes on behind its VMRUN, so it was shown the #VMEXIT: a reader of the text took the line out.
    private bool GoesOnInL1Unshown(Vcpu vcpu, in ExitRecord record) =>
        record is { Level: GuestLevel.L2, HasEntry: true } && _digest.Reflections == 0 && vcpu.ResumeRip.IsKnown && record.Entry.Rip == vcpu.ResumeRip;

    // INIT of one vCPU is accepted on the thread of the vCPU that sends it, and ends the other's guest without a #VMEXIT.
    private void NoteInit(in ExitRecord record)
    {
        if (!record.Kinds.Has(KvmEventKind.ApicAcceptIrq))
        {
            return;
        }

        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.ApicAcceptIrq && AcceptedInterrupt.Of(kvmEvent).DeliveryMode == AcceptedInterrupt.InitMode)
            {
                foreach (Vcpu vcpu in _vcpus.All)
                {
                    vcpu.InitAccepted |= !vcpu.InL2.IsNo;
                }
            }
        }
    }

    // Most exits of a host are L1's and have nothing to do with SVM, or nothing that is not settled: they are passed on
    // without a closer look (benchmark ReplayBenchmarks.Check; a test holds the short way against the long one).
    private bool IsPlain(Vcpu vcpu, in ExitRecord record) =>
        !LooksAtEverything
        && record.States.IsEmpty && record.Level == GuestLevel.L1 && (record.Kinds.Bits & ~Boring) == 0 && record.Flags == RecordFlags.None
        && !record.Exit.Interrupted.Valid && !vcpu.InL2.IsYes && !vcpu.Queued.Valid
        && NextRip.IsUsual(record) && NestedPaging.IsUsual(record.Exit) && !vcpu.SevEs.IsYes && !vcpu.NmiTaken && !vcpu.L2Due && !IsAvicExit(vcpu, record.Exit.Code)
        && IsSettled(vcpu, record.Exit.Code) && !record.Exit.Code.IsException && !IsRare(record.Exit.Code)
        && (!record.Entry.EventInj.IsKnown || (record.Entry.EventInj.Value & EventInfo.ValidBit) == 0)
        && ExitInfo.IsLegal(record.Exit) && !GoesOnElsewhere(record)
        && (!record.Kinds.Has(KvmEventKind.MsrAccess) || !AccessesWatchedMsr(vcpu, record))
        && Narrowing.GoesOnNearby(record)
        && (!record.Kinds.Has(KvmEventKind.UserspaceExit) || PassesUserspace(record));

    // VMLOAD and VMSAVE are spoken of for EFER.SVME=0 and CPL > 0 only, and neither is so.
    private static bool IsSettled(Vcpu vcpu, SvmExitCode code) =>
        !Availability.IsSvmInstruction(code)
        || ((code == SvmExitCode.Vmload || code == SvmExitCode.Vmsave) && vcpu.Svme.IsYes && vcpu.VmloadExits.IsYes && vcpu.Cpl.Known == 0);

    // The VMM answers, and the guest goes on; behind a shutdown it is reset.
    private static bool PassesUserspace(in ExitRecord record)
    {
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.UserspaceExit && UserspaceExit.Of(kvmEvent).Reason == UserspaceExit.ShutdownReason)
            {
                return false;
            }
        }

        return record.Entry.Rip.IsKnown;
    }

    private static bool AccessesWatchedMsr(Vcpu vcpu, in ExitRecord record)
    {
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.MsrAccess && MsrAccess.Of(kvmEvent) is var access
                && (Availability.IsSvmMsr(access.Index) || vcpu.Shared.IsNews(access)))
            {
                return true;
            }
        }

        return false;
    }

    // Port I/O goes on where EXITINFO2 says, or is tried again.
    private static bool GoesOnElsewhere(in ExitRecord record) =>
        record.Exit.Code == SvmExitCode.Ioio && record.HasEntry && record.Entry.Rip.IsKnown
        && record.Entry.Rip.Value != record.Exit.Info2 && record.Entry.Rip.Value != record.Exit.Rip;

    private static bool IsRare(SvmExitCode code) =>
        code.Value is >= 0x8f and <= 0x9f || code == SvmExitCode.AvicIncompleteIpi || code == SvmExitCode.AvicNoAccel
        || code == SvmExitCode.Rdpru || code == SvmExitCode.Rsm || code == SvmExitCode.Vmgexit || code == SvmExitCode.Invalid
        || code == SvmExitCode.Shutdown || code == SvmExitCode.Cr0SelWrite || code == SvmExitCode.Invd || code == SvmExitCode.Wbinvd
        || code.Value is >= 0x10 and < 0x20;

    // What VMRUN found in vmcb12 is memory, not L0's doing: the rules that judge the outcome need it before.
    private void LoadVmcb12(Vcpu vcpu, in ExitRecord record)
    {
        if (_seen.HasVmenter && record.Level != GuestLevel.L2)
        {
            vcpu.ResumeRip = Vmrun.ResumeRip(vcpu, record, _seen);
            vcpu.Vmcb12.Load(_seen.Vmenter, _seen.HasIntercepts ? _seen.Intercepts : null);
            vcpu.Trail?.Note(vcpu, record, KnownBy.Event, Vmcb12Events);
            if (!_digest.States.IsEmpty)
            {
                vcpu.Vmcb12.Load(_digest.States);
                vcpu.L1AtVmrun.Load(_digest.States, StateMoment.L1AtExit);
                vcpu.Trail?.Note(vcpu, record, KnownBy.Dump, default);
            }
        }
    }

    private void Judge(Vcpu vcpu, in ExitRecord record)
    {
        Situation situation = SituationOf(vcpu, record);
        if (situation == Situation.None)
        {
            return;
        }

        if (_header.NamesFailedChecks && (situation & Situation.VmrunRefused) != 0)
        {
            _failedChecks.Read(record);
        }

        Observed<uint> entryEvent = record.HasEntry ? record.Entry.EventInj : Observed<uint>.Unseen;
        var step = new Step(vcpu, record.Level, record.HasExit, in record.Exit, entryEvent, _seen, _header, _failedChecks, _builder);
        RuleSet rules = RulesFor(situation, record.HasExit ? record.Exit.Code : SvmExitCode.Invalid, vcpu.Vmcb12.Known);
        _builder.Add(rules.Undecided);
        foreach (int rule in rules.Asked)
        {
            _builder.Rule = rule;
            _rules[rule].Judge(step);
        }
    }

    private Situation SituationOf(Vcpu vcpu, in ExitRecord record)
    {
        Situation situation = Situation.None;
        if (record.HasExit)
        {
            situation |= record.Level switch
            {
                GuestLevel.L1 => L1Situation(record.Exit.Code),
                GuestLevel.L2 => Situation.L2Exit | (vcpu.FirstExitPending ? Situation.VmrunOutcome : Situation.None)
                    | (_seen.HasInstruction ? Situation.L2Emulated : Situation.None),
                _ => Situation.None,
            };
            situation |= record.Exit.Interrupted.Valid && record.Level != GuestLevel.Unknown ? Situation.DeliveryInterrupted : Situation.None;
            situation |= vcpu.L2Due && record.Level != GuestLevel.Unknown ? Situation.BehindSmm : Situation.None;
            situation |= record.Exit.Code == SvmExitCode.Invalid ? Situation.InvalidExit : Situation.None;
            situation |= OddityOf(vcpu, record);
            situation |= OddSituation(vcpu, record);
        }

        situation |= _seen.HasVmenter ? Situation.VmrunEntered : Situation.None;
        situation |= _seen.HasVmenter && _seen.LeftL2 ? Situation.VmrunOutcome : Situation.None;
        situation |= _digest.FailedChecks > 0 ? Situation.VmrunRefused : Situation.None;
        situation |= _digest.HasStaged && record.Level != GuestLevel.Unknown ? Situation.EventStaged : Situation.None;
        situation |= _digest.HasMsr && Availability.IsSvmMsr(_digest.Msr.Index) ? Situation.SvmMsr : Situation.None;
        situation |= _digest.SmmEntered || _digest.SmmLeft ? Situation.Smm : Situation.None;
        situation |= _seen.LeftL2 ? Situation.LeftL2 | OddityOfReflection(vcpu) : Situation.None;
        situation |= _seen.LeftL2 && Shutdown.IsFault(_digest.Reflection.ExitCode) ? Situation.LeftByFault : Situation.None;
        situation |= record.HasEntry && record.Entry.EventInj.IsKnown ? Situation.EntryShowsEvent : Situation.None;
        situation |= _digest.HasMsr && vcpu.Shared.IsNews(_digest.Msr) ? Situation.SharedMsr : Situation.None;
        situation |= vcpu.SevEs.IsYes ? Situation.SevEs : Situation.None;
        situation |= _seen.HasStates ? StatesSituation(record) : Situation.None;
        bool nested = _seen.HasVmenter || _seen.LeftL2 || record.Kinds.Has(KvmEventKind.Invlpga);
        bool without = nested && record.Level == GuestLevel.L1 && vcpu.Svme.IsNo && !vcpu.SvmeConcluded && !_seen.SmmLeft;
        return situation | (without ? Situation.NestedWithoutSvme : Situation.None);
    }

    private Situation StatesSituation(in ExitRecord record)
    {
        bool ofSvm = record.Level == GuestLevel.L2 || _seen.HasVmenter || _seen.LeftL2 || record.Exit.Code == SvmExitCode.Vmload || record.Exit.Code == SvmExitCode.Vmsave
            || !record.States[StateMoment.L2AtExit].IsEmpty || !record.States[StateMoment.L2AtEntry].IsEmpty;
        return Situation.StatesRecorded | (ofSvm ? Situation.SvmStatesRecorded : Situation.None);
    }

    private Situation OddityOf(Vcpu vcpu, in ExitRecord record)
    {
        Situation oddity = ExitInfo.IsLegal(record.Exit) && (_seen.LeftL2 || !GoesOnElsewhere(record)) ? Situation.None : Situation.OddReport;
        bool lost = record.Level == GuestLevel.L1 ? vcpu.InL2.IsYes : record.Level == GuestLevel.L2 && _seen.HasVmenter && !_seen.LeftL2;
        oddity |= lost ? Situation.L2Lost : Situation.None;
        bool unentered = vcpu.InL2.IsNo && (record.Level == GuestLevel.L2 || (record.Level == GuestLevel.L1 && _seen.LeftL2 && !_seen.HasVmenter));
        return oddity | (unentered ? Situation.L2Unentered : Situation.None);
    }

    private Situation OddityOfReflection(Vcpu vcpu)
    {
        NestedVmexitInject shown = _digest.Reflection;
        bool usual = _digest.Reflections == 1 && ExitInfo.IsLegalForL1(shown)
            && (!shown.ExitCode.IsException || !vcpu.Vmcb12.Intercepts(shown.ExitCode).IsNo);
        return usual ? Situation.None : Situation.OddReflection;
    }

    // What the short way looks for in a plain exit of L1, so that both ways ask the same rules.
    private Situation OddSituation(Vcpu vcpu, in ExitRecord record)
    {
        Situation situation = Situation.None;
        bool explained = _digest.Reflections > 0 || _digest.Vmenters > 0 || _digest.HasException;
        if (record.Level != GuestLevel.Unknown && record.HasEntry && !explained && !vcpu.SevEs.IsYes && !NextRip.IsUsual(record))
        {
            situation |= Situation.UnusualRip;
        }

        if (record.Exit.Code == SvmExitCode.Npf && (record.Level == GuestLevel.L2 || !NestedPaging.IsUsual(record.Exit)))
        {
            situation |= Situation.NestedPageFault;
        }

        situation |= record.Level == GuestLevel.L2 && (record.Exit.Code == SvmExitCode.Shutdown || _digest.ShutdownReported)
            ? Situation.ShutdownOfL2 : Situation.None;
        return situation | (IsAvicExit(vcpu, record.Exit.Code) && record.Level == GuestLevel.L1 ? Situation.AvicExit : Situation.None);
    }

    private static bool IsAvicExit(Vcpu vcpu, SvmExitCode code) =>
        code == SvmExitCode.AvicIncompleteIpi || code == SvmExitCode.AvicNoAccel
        || (vcpu.AvicActive.IsYes && (code == SvmExitCode.VIntr || code == SvmExitCode.Cr8Write));

    private static Situation L1Situation(SvmExitCode code) =>
        Availability.IsSvmInstruction(code) ? Situation.SvmInstruction
        : code.IsException ? Situation.L1Exception
        : IsRare(code) ? Situation.L1Rare
        : Situation.None;

    private RuleSet RulesFor(Situation situation, SvmExitCode code, VmcbFields known)
    {
        // Codes above the table's are few on any processor; a hostile recording must not fill the memory with them.
        var key = new Circumstances(((ulong)situation << 32) | (code.Value & uint.MaxValue), known);
        if (!_rulesFor.TryGetValue(key, out RuleSet? rules))
        {
            rules = RuleSet.Of(_rules, situation, code, known);
            if (_rulesFor.Count < MostSituations)
            {
                _rulesFor.Add(key, rules);
            }
        }

        return rules;
    }

    private ulong InstructionOf(in ExitRecord record)
    {
        if (record.HasExit && !record.Exit.Code.IsException && record.Exit.Code.HasIntercept)
        {
            return record.Exit.Code.Value;
        }

        return record.Level == GuestLevel.L2 || (record.HasExit && record.Exit.Code.IsException)
            ? _seen.Instruction.Code?.Value ?? ulong.MaxValue
            : ulong.MaxValue;
    }

    /// <summary>The state of a vCPU. Tests may know more of it than a recording shows.</summary>
    internal Vcpu VcpuOf(StreamId stream) => _vcpus[stream];

    private readonly record struct Circumstances(ulong SituationAndCode, VmcbFields Known);
}
