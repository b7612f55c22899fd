using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report;

/// <summary>Results that have everything a report can show, and nothing.</summary>
internal static class SampleResult
{
    private static readonly RuleInfo
        Check = Rule("SVM-15.5-SAMPLE", "15.5.1", Severity.Critical),
        Event = Rule("SVM-15.20-SAMPLE", "15.20", Severity.Medium),
        Composed = Rule("SVM-L-SAMPLE", "composition 15.6", Severity.Low),
        Unseen = Rule("SVM-15.2-UNSEEN", "15.2", Severity.High),
        Kept = Rule("SVM-15.3-KEPT", "15.3", Severity.High),
        Silent = Rule("SVM-15.1-SILENT", "15.1", Severity.Info);

    /// <summary>Two virtual machines, losses, notes, findings against both culprits, a known departure, things undecided.</summary>
    public static DiffResult Full
    {
        get
        {
            var texts = new TextTable();
            int failure = texts.Add("CC(\"quoted\" & <marked>)");
            return new DiffResult(
                Header, Summary, Verdicts(1_234_567, 3, 20, 4), [Certain(failure), BeforeTheFirstExit], [Known], Undecided, Rules, texts)
            {
                Likely = [Likely],
                Ignored = [Ignored],
                Endings = Endings,
                Examined = new ExaminedExits(1_000_000, 5, 999_980),
                Losses = [new StreamLoss(new StreamId(1), 0.0123)],
            };
        }
    }

    /// <summary>The same without anything that departs.</summary>
    public static DiffResult Clean => Full with { Divergences = [], Likely = [], Ignored = [], KnownDepartures = [], Endings = [], Verdicts = Verdicts(1_234_574, 0, 20, 0) };

    /// <summary>The same with nothing but a departure that holds under an assumption.</summary>
    public static DiffResult OnlyLikely => Clean with { Likely = Full.Likely, Verdicts = new Dictionary<Verdict, ulong>(Clean.Verdicts) { [Verdict.Likely] = 1 } };

    /// <summary>The same, and most of it was lost.</summary>
    public static DiffResult Lost => Clean with { Losses = [new StreamLoss(new StreamId(0), 0.434)] };

    /// <summary>A capture from a pipe that says nothing of itself and holds no exit.</summary>
    public static DiffResult Empty => new(
        new RunHeader { Format = "perf script", Listed = new TracepointSet(ulong.MaxValue) }, new RunSummary(), Verdicts(0, 0, 0, 0), [], [], [],
        [new RuleCount(Silent, 0, 0, 0, [])], new TextTable());

    private static RunHeader Header => new()
    {
        Capture = "night run.dat",
        CaptureSize = 1_234_567_890_123,
        Format = "trace.dat v7",
        KernelRelease = "6.12.0+test",
        HostName = "epyc",
        Clock = "x86-tsc",
        ClockUnit = ClockUnit.Ticks,
        Listed = TracepointSet.Exit | TracepointSet.Entry | TracepointSet.Of(KvmEventKind.NestedVmexit),
    };

    private static RunSummary Summary => new()
    {
        Exits = 1_234_594,
        Events = 18_446_744_073_709_551_615,
        Machines = 2,
        GuestVendor = "AuthenticAMD",
        Streams =
        [
            new(new StreamId(0), new VcpuId(0), new ThreadId(4711), "CPU 0/KVM", 0, 1_000_000),
            new(new StreamId(1), null, new ThreadId(4712), "", 1, 234_593),
            new(new StreamId(2), null, null, "", 1, 1),
        ],
        Losses = [new CpuLoss(0, 3, 1_500, 1, 0), new CpuLoss(7, 0, 0, 0, 12_000)],
        Notes = [new CaptureNote("DIF0124", 1, "something odd; do this", ""), new CaptureNote("DIF0120", 1_000, "something lossy", "byte 4096")],
    };

    private static IReadOnlyList<RuleCount> Rules =>
    [
        Count(Check, [(Evidence.IoPermissionMap, 2)], new(new StreamId(0), 8, 1, 998), new(new StreamId(1), 2, 1, 2)),
        Count(Event, [], new(new StreamId(0), 0, 0, 1), new(new StreamId(1), 0, 0, 1)),
        Count(Composed, [(Evidence.IoPermissionMap, 19), (Evidence.LostEvents, 1)], new(new StreamId(0), 5, 19, 0) { Likely = 1 }, new(new StreamId(2), 0, 1, 1)),
        Count(Unseen, [(Evidence.IoPermissionMap, 3)], new StreamRuleCount(new StreamId(0), 0, 3, 0)),
        Count(Kept, [(Evidence.LostEvents, 1)], new(new StreamId(0), 4, 1, 0), new(new StreamId(StreamRuleCount.MostStreams), 9, 0, 0)),
        Count(Silent, []),
    ];

    private static IReadOnlyList<UndecidedClass> Undecided =>
    [
        new(EvidenceTable.Of(Evidence.IoPermissionMap), [new RuleShare(Composed, 19), new RuleShare(Unseen, 3), new RuleShare(Check, 2)], 19, new ExitPlace(new StreamId(0), 17)),
        new(EvidenceTable.Of(Evidence.LostEvents), [], 1, new ExitPlace(new StreamId(1), 3)),
        new(EvidenceTable.Of(Evidence.None), [], 1, new ExitPlace(new StreamId(9), 0)),
    ];

    private static DivergenceClass Known => new(
        "00000000000f", Event, [], Culprit.Hypervisor, Evidence.None, "", 1, [new(new StreamId(0), 1)], "it is so by design (Linux file, function)",
        new Occurrence(Plain(3), [], [], [new FieldText("exception", "no exception raised", null)], ["exception raised #UD"]), new ExitPlace(new StreamId(0), 3));

    private static DivergenceClass Ignored => new(
        "00000000001f", Composed, [], Culprit.Hypervisor, Evidence.None, "", 1, [new(new StreamId(0), 1)], "ignored: our guests never do it",
        new Occurrence(Plain(5), [], [], [new FieldText("exception", "no exception raised", null)], ["exception raised #UD"]), new ExitPlace(new StreamId(0), 5))
    {
        IsIgnored = true,
    };

    private static DivergenceClass Likely => new(
        "0123456789ab", Event, [], Culprit.Processor, Evidence.EferSvme, "VMRUN", 1, [new(new StreamId(1), 1)], null,
        new Occurrence(Lossy, [Plain(41)], [], [new FieldText("exitIntInfo", "EXITINTINFO: not recorded", null)], ["EXITINTINFO none"]), new ExitPlace(new StreamId(1), 42))
    {
        IsLikely = true,
    };

    private static IReadOnlyList<VmEnding> Endings =>
    [
        new(UserspaceExit.ShutdownReason, Plain(7), 2),
        new(UserspaceExit.InternalErrorReason, KeptExit.Of(new RecordedExit { Stream = 2, Flags = RecordFlags.NoExit }.Record), 1),
    ];

    private static DivergenceClass BeforeTheFirstExit
    {
        get
        {
            var start = new RecordedExit { Stream = 2, Flags = RecordFlags.NoExit, Level = GuestLevel.Unknown };
            return new DivergenceClass(
                "ba9876543210", Composed, [], Culprit.Hypervisor, Evidence.None, "", 1, [new(new StreamId(2), 1)], null,
                new Occurrence(KeptExit.Of(start.Record), [], [], [new FieldText("entryLevel", "entry into L2", 2)], ["entry into L1"]), new ExitPlace(new StreamId(2), 0));
        }
    }

    private static KeptExit Lossy
    {
        get
        {
            var exit = new RecordedExit { Stream = 1, Index = 42, Flags = RecordFlags.LossBefore | RecordFlags.LossInside | RecordFlags.NoEntry };
            exit.Exit = exit.Exit with { Code = SvmExitCode.Invalid, IntInfo = Observed<uint>.Unseen, IntInfoError = Observed<uint>.Unseen };
            return KeptExit.Of(exit.Record);
        }
    }

    private static DivergenceClass Certain(int failure) => new(
        "abcdef012345", Check, [Event], Culprit.Hypervisor, Evidence.None, "SKINIT", 1_000, [new(new StreamId(0), 998), new(new StreamId(1), 2)], null,
        new Occurrence(
            Everything(failure), [Plain(38), Plain(39)], [Plain(41)],
            [new FieldText("reflectedCode", "L1 is shown #VMEXIT NPF", 0x400), new FieldText("exception", "no exception raised", null)],
            ["L1 is shown no #VMEXIT", "exception raised #GP, entry at rip 0x1000"]),
        new ExitPlace(new StreamId(1), 200_000))
    {
        AlsoLikely = [Composed],
    };

    private static KeptExit Plain(ulong index) => KeptExit.Of(new RecordedExit { Index = index, Level = GuestLevel.L1 }.Record);

    // Every kind of event with every field, so that every way to print one is used.
    private static KeptExit Everything(int failure)
    {
        var exit = new RecordedExit { Index = 40 };
        exit.Exit = exit.Exit with { Info1 = 0x11, Info2 = 0x22, IntInfo = Observed<uint>.Of(0x8000_0b0e) };
        exit.Entry = exit.Entry with { EventInj = Observed<uint>.Of(0x8000_0030), ImmediateExit = Truth.Yes };
        foreach (EventSchema shape in EventSchemas.All)
        {
            exit.With(shape.Kind, [.. shape.Slots.Select((slot, i) => (ulong?)(shape.FormOf(i) == SlotForm.Text ? (ulong)failure : (ulong)i + 1))]);
        }

        return KeptExit.Of(exit.Record);
    }

    private static RuleCount Count(RuleInfo rule, (Evidence Missing, ulong Count)[] lacking, params StreamRuleCount[] streams) => new(
        rule, Sum(streams, one => one.Conforms), Sum(streams, one => one.Undecided), Sum(streams, one => one.Departs),
        [.. lacking.Select(share => new EvidenceShare(EvidenceTable.Of(share.Missing), share.Count))])
    {
        Likely = Sum(streams, one => one.Likely),
        Streams = streams,
    };

    private static ulong Sum(StreamRuleCount[] streams, Func<StreamRuleCount, ulong> part) => streams.Aggregate(0UL, (sum, one) => sum + part(one));

    private static RuleInfo Rule(string id, string sections, Severity severity) => new(
        id, sections, RuleScope.Emulation, Visibility.Observable, Confidence.Certain, severity, $"statement of {id}", "evidence", "expected");

    private static Dictionary<Verdict, ulong> Verdicts(ulong conforms, ulong known, ulong undecided, ulong diverges) => new()
    {
        [Verdict.Conforms] = conforms,
        [Verdict.KnownDeparture] = known,
        [Verdict.Ignored] = diverges > 0 ? 1UL : 0,
        [Verdict.Undecided] = undecided,
        [Verdict.Likely] = diverges > 0 ? 1UL : 0,
        [Verdict.Diverges] = diverges,
    };
}
