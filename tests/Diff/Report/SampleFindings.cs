using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using AcceptedList = Differ.Diff.Baseline.Baseline;

namespace Differ.Tests.Diff.Report;

/// <summary>The fixed sets that every report is stored over: one capture, several, a comparison, and what wants to break out of a format.</summary>
internal static class SampleFindings
{
    /// <summary>What every format would take for its own if it were not told otherwise.</summary>
    public const string Hostile = "a|b`c`<script>]]>&\"'#1 @user ::error::%0A\n::stop\r\u001b[31m\u202e\ud800 --> \\";

    /// <summary>Every set, by the name its stored reports have.</summary>
    public static IReadOnlyDictionary<string, FindingSet> All { get; } = new Dictionary<string, FindingSet>
    {
        ["everything"] = One,
        ["nothing"] = FindingSet.Of(SampleResult.Empty),
        ["several"] = Several,
        ["compared"] = Compared,
        ["behaviour"] = FindingSet.Of(Behaviour(FailOn.Diverges)),
        ["behaviour-fails"] = FindingSet.Of(Behaviour(FailOn.Diverges | FailOn.Behaviour)),
        ["hostile"] = HostileSet,
    };

    /// <summary>Two VMs, losses, findings against both culprits, one of them many times over, one accepted, one documented, things undecided.</summary>
    public static FindingSet One => FindingSet.Of(Accepting(SampleResult.Full));

    /// <summary>
    /// The same among others: one that departs in the same way, one that is clean, one that likely departs, one of which much was lost, one
    /// without exits, two that cannot be used.
    /// </summary>
    public static FindingSet Several => new(
        [
            CheckedCapture.Of("captures/night", "captures/night/trace.dat", Accepting(SampleResult.Full)),
            CheckedCapture.Of("captures/day.dat", "captures/day.dat", SampleResult.Full with { Header = SampleResult.Full.Header with { KernelRelease = "6.1.0" } }),
            CheckedCapture.Of("captures/clean.dat", "captures/clean.dat", SampleResult.Clean),
            CheckedCapture.Of("captures/likely.dat", "captures/likely.dat", SampleResult.OnlyLikely),
            CheckedCapture.Of("captures/lost.dat", "captures/lost.dat", SampleResult.Lost),
            CheckedCapture.Of("standard input", "-", SampleResult.Empty),
        ],
        [
            new UnreadCapture("captures/cut.dat", "captures/cut.dat", "DIF0101", "DIF0101 at byte 0x1000: a page needs 4096 bytes, 12 left; the file is cut short, copy or record it again"),
            new UnreadCapture("missing.dat", "missing.dat", "", "there is no such file"),
        ]);

    /// <summary>A pair in which every change occurs, and captures without partners.</summary>
    public static FindingSet Compared
    {
        get
        {
            DiffResult full = SampleResult.Full;
            DivergenceClass[] found = [.. full.Divergences];
            ClassChange Change(Change change, int i, ulong before, ulong now) => new(
                change, found[i % found.Length] with { Fingerprint = $"{i:x12}", Count = Math.Max(now, 1) }, new Proportion(before, 1000), new Proportion(now, change == Differ.Diff.Changes.Change.NotComparable ? 0UL : 1000UL), 0.001);
            DiffResult test = Accepting(full);
            ClassChange[] changes =
            [
                new(Differ.Diff.Changes.Change.New, test.Divergences[0], new Proportion(0, 5), new Proportion(1, 5), 0.25), Change(Differ.Diff.Changes.Change.Fixed, 1, 7, 0),
                Change(Differ.Diff.Changes.Change.RateChanged, 2, 1, 900), Change(Differ.Diff.Changes.Change.StillThere, 3, 4, 4), Change(Differ.Diff.Changes.Change.NotComparable, 4, 9, 0),
            ];
            RunChanges pair = Behaving(new RunChanges("", full with { Header = full.Header with { KernelRelease = "6.1.0" } }, test, changes, []) { TestFile = "new/trace.dat" }, "");
            return FindingSet.Of(new ChangeSet([pair], ["old only"], ["new only"], [new UnreadCapture("broken", "new/broken.dat", "DIF0102", "DIF0102 at byte 0x0: no known capture format")]));
        }
    }

    /// <summary>What two captures have in common.</summary>
    public static CommonExits Common => new([new CommonKind(GuestLevel.L2, "MSR", true, 12, 10, 9, 9), new CommonKind(GuestLevel.L2, "RDTSC", false, 3, 0, 0, 0)]);

    /// <summary>A pair in which nothing is new that a rule names, and L0 behaves differently; its names are meant to break out.</summary>
    /// <param name="failOn">What fails.</param>
    public static ChangeSet Behaviour(FailOn failOn)
    {
        DiffResult result = SampleResult.Clean with { Policy = new Policy { FailOn = failOn } };
        return new ChangeSet([Behaving(new RunChanges(Hostile, result, result, [], []) { TestFile = Hostile }, Hostile)], [], [], []);
    }

    /// <summary>Captures, hosts, kernels, vCPUs and evidence whose names are meant to break out.</summary>
    public static FindingSet HostileSet
    {
        get
        {
            DiffResult full = SampleResult.Full;
            DivergenceClass[] found =
            [
                .. full.Divergences.Select(one => one with
                {
                    First = one.First with { Recorded = [new FieldText("text", Hostile, null)] },
                }),
            ];
            DiffResult result = full with
            {
                Header = full.Header with { Capture = Hostile, HostName = Hostile, KernelRelease = Hostile, Format = Hostile },
                Divergences = [found[0] with { Known = null }, .. found[1..]],
                KnownDepartures = [full.KnownDepartures[0] with { Known = Hostile }],
            };
            return new FindingSet([CheckedCapture.Of(Hostile, Hostile, result)], [new UnreadCapture(Hostile, Hostile, "", Hostile)]);
        }
    }

    /// <summary>More of everything than any reader takes.</summary>
    /// <param name="classes">How many classes of divergences.</param>
    /// <param name="captures">How many captures.</param>
    public static FindingSet Huge(int classes, int captures)
    {
        DiffResult full = SampleResult.Full;
        DiffResult result = full with
        {
            Divergences = [.. Enumerable.Range(0, classes).Select(i => full.Divergences[0] with { Fingerprint = $"{i:x12}" })],
            KnownDepartures = [.. Enumerable.Range(classes, classes).Select(i => full.KnownDepartures[0] with { Fingerprint = $"{i:x12}" })],
            Likely = [],
            Ignored = [],
        };
        return new FindingSet(
            [.. Enumerable.Range(0, captures).Select(i => CheckedCapture.Of($"captures/{i}-{new string('n', 200)}.dat", $"captures/{i}.dat", result))],
            [.. Enumerable.Range(0, captures).Select(i => new UnreadCapture($"unread/{i}", $"unread/{i}", "DIF0102", new string('m', 2000)))]);
    }

    private static RunChanges Behaving(RunChanges pair, string text)
    {
        ExitPlace first = new(new StreamId(0), 40);
        KeptExit exit = SampleResult.Full.Divergences[0].First.Exit;
        return pair with
        {
            Behaviour =
            [
                new BehaviourChange(
                    "5ca1ab1e0001", GuestLevel.L2, "MSR", "", 7, 9, new StepPair(first, first),
                    [new FieldText("entryLevel", "entry into L1", 1), new FieldText("reflectedCode", $"L1 is shown #VMEXIT MSR{text}", 0x7c)],
                    [new FieldText("entryLevel", "entry into L2", 2), new FieldText("reflectedCode", "L1 is shown no #VMEXIT", null)])
                {
                    AroundBase = new ExitContext([exit], exit.Index),
                    AroundTest = new ExitContext([exit], exit.Index),
                },
                new BehaviourChange("5ca1ab1e0002", GuestLevel.L1, "EXCP #UD in base, VMRUN in test", "VMRUN", 1, 1, new StepPair(first, first), [], []),
            ],
            Common = Common,
        };
    }

    private static DiffResult Accepting(DiffResult result) => new AcceptedList(
        [new AcceptedDeparture(result.Divergences[^1].Fingerprint, result.Divergences[^1].Rule.Id, "our guests never do it", "6.1", "", new DateOnly(2027, 6, 30))])
        .Apply(result, new DateOnly(2027, 1, 1));
}
