using System.Numerics;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>Pairs of one way to act otherwise of which the rules say the same.</summary>
/// <param name="BaseFinding">Fingerprint of what the base run's exits depart in; null for nothing.</param>
/// <param name="TestFinding">The same of the test run's.</param>
/// <param name="Count">How many pairs.</param>
/// <param name="First">The first of them.</param>
/// <param name="Base">What L0 did there in the base run.</param>
/// <param name="Test">What it did in the test run.</param>
public sealed record ActShare(
    string? BaseFinding, string? TestFinding, ulong Count, StepPair First, IReadOnlyList<FieldText> Base, IReadOnlyList<FieldText> Test);

/// <summary>One way in which L0 behaves differently in the test run: at the same exit, the same in the base run and something else in the test run.</summary>
/// <param name="Fingerprint">12 hexadecimal digits that name it on every machine.</param>
/// <param name="Level">Who was running.</param>
/// <param name="Exit">The exit.</param>
/// <param name="Instruction">The instruction the guest was at; empty when it is not known, or the exit says it.</param>
/// <param name="Compared">How many exits of the kind, with L1 shown the exit or not as here in the base run, were compared.</param>
/// <param name="Shares">The pairs, by what the rules say of them; in the order they were met.</param>
public sealed record ActChange(string Fingerprint, GuestLevel Level, string Exit, string Instruction, ulong Compared, IReadOnlyList<ActShare> Shares);

/// <summary>Counts the pairs at which what L0 did could be compared, by kind of exit, and groups those at which it differs.</summary>
internal sealed class ActTally
{
    // Hostile runs may differ in every way; further ways are counted with the last.
    private const int MostWays = 1024;
    private const int MostShares = 64;

    private readonly Dictionary<Key, Way> _ways = [];
    private Way? _last;

    /// <summary>Exits of the base run that were compared.</summary>
    public ExitKinds Compared { get; } = new();

    /// <summary>The exits of the test run that they were compared with.</summary>
    public ExitKinds ComparedInTest { get; } = new();

    /// <summary>Takes a pair.</summary>
    /// <param name="inBase">The exit of the base run.</param>
    /// <param name="inTest">The exit of the test run.</param>
    /// <param name="said">What they say of L0.</param>
    /// <param name="pair">The pair of streams.</param>
    public void Add(in ExitMark inBase, in ExitMark inTest, Acts said, int pair)
    {
        if (said == Acts.NotComparable)
        {
            return;
        }

        Compared.Add(inBase);
        ComparedInTest.Add(inTest);
        if (said == Acts.Otherwise)
        {
            WayOf(inBase, inTest).Add(inBase, inTest, pair);
        }
    }

    /// <summary>In which ways L0 behaves differently, in the order they were met.</summary>
    /// <param name="pairs">Which stream belongs to which.</param>
    public IReadOnlyList<ActChange> Changes(StreamPairs pairs) => [.. _ways.Values.Select(way => way.Describe(this, pairs))];

    private Way WayOf(in ExitMark inBase, in ExitMark inTest)
    {
        ulong instruction = inBase.Instruction != ExitMark.NotKnown ? inBase.Instruction : inTest.Instruction;
        var key = new Key(inBase.Level, inBase.Code, inTest.Code, instruction == inBase.Code ? ExitMark.NotKnown : instruction, Signature(inBase, inTest));
        if (_ways.TryGetValue(key, out Way? way) || (_ways.Count >= MostWays && (way = _last) is not null))
        {
            return way;
        }

        _last = new Way(key, inBase, inTest);
        _ways.Add(key, _last);
        return _last;
    }

    // FNV-1a over what differs and does not follow from another difference; the multiplication wraps on purpose.
    private static ulong Signature(in ExitMark inBase, in ExitMark inTest)
    {
        ulong hash = 14695981039346656037;
        for (uint rows = StepWords.LeadingRows(inBase, inTest); rows != 0; rows &= rows - 1)
        {
            int row = BitOperations.TrailingZeroCount(rows);
            foreach (Observed<ulong> value in (ReadOnlySpan<Observed<ulong>>)[inBase.Get(row), inTest.Get(row)])
            {
                ulong part = value.IsKnown ? AlignedFields.All[row].Part(value.Value) : 0;
                hash = unchecked((hash ^ (part + ((ulong)row << 56) + ((ulong)value.Sight << 48))) * 1099511628211);
            }
        }

        return ExitMark.StepsAgree(inBase, inTest) ? hash
            : unchecked((hash ^ (((ulong)StepWords.KindOf(inBase.Step) << 8) + (ulong)StepWords.KindOf(inTest.Step))) * 1099511628211);
    }

    private readonly record struct Key(GuestLevel Level, ulong BaseCode, ulong TestCode, ulong Instruction, ulong Signature);

    private sealed class Way
    {
        private readonly Key _key;
        private readonly ExitMark _first;
        private readonly string _acts;
        private readonly Dictionary<(string? Base, string? Test), Share> _shares = [];
        private Share? _last;

        public Way(Key key, in ExitMark inBase, in ExitMark inTest)
        {
            _key = key;
            _first = inBase;
            _acts = StepWords.Parts(inBase, inTest);
        }

        public void Add(in ExitMark inBase, in ExitMark inTest, int pair)
        {
            (string?, string?) findings = (inBase.Finding, inTest.Finding);
            if (!_shares.TryGetValue(findings, out Share? share) && (_shares.Count < MostShares || (share = _last) is null))
            {
                _last = share = new Share(inBase, inTest, pair);
                _shares.Add(findings, share);
            }

            share.Count++;
        }

        public ActChange Describe(ActTally tally, StreamPairs pairs)
        {
            string exit = SvmExitTable.NameOf(_key.BaseCode), other = SvmExitTable.NameOf(_key.TestCode);
            string instruction = _key.Instruction == ExitMark.NotKnown ? "" : SvmExitTable.NameOf(_key.Instruction);
            return new ActChange(
                Fingerprint.Of($"behaviour|{_key.Level}|{exit}|{other}|{instruction}|{_acts}"), _key.Level, exit == other ? exit : $"{exit} in base, {other} in test",
                instruction, tally.Compared.Of(_first),
                [
                    .. _shares.Select(share => new ActShare(
                        share.Key.Base, share.Key.Test, share.Value.Count,
                        new StepPair(
                            new ExitPlace(StreamPairs.BaseOf(share.Value.Pair), share.Value.Base.Index),
                            new ExitPlace(pairs.TestOf(share.Value.Pair), share.Value.Test.Index)),
                        StepWords.Done(share.Value.Base, share.Value.Test).Base, StepWords.Done(share.Value.Base, share.Value.Test).Test)),
                ]);
        }
    }

    private sealed class Share(in ExitMark inBase, in ExitMark inTest, int pair)
    {
        public ExitMark Base { get; } = inBase;

        public ExitMark Test { get; } = inTest;

        public int Pair => pair;

        public ulong Count { get; set; }
    }
}
