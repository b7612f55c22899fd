using Differ.Diff.Results;
using Differ.Schemas.Files;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Google.Protobuf;
using Run = Differ.Schemas.Proto;
using Proto = Differ.Schemas.Results.Proto;

namespace Differ.Diff.Shards;

/// <summary>What came of a recording, between its record and its message of result.proto: everything that reports tell of it.</summary>
/// <param name="rules">The rules that it was judged by.</param>
internal sealed class ResultCodec(RuleSet rules)
{
    /// <summary>The message of a result; its policy is that of the file.</summary>
    public Proto.Result Encode(DiffResult result)
    {
        var exits = new ExitCodec(result.Texts);
        var classes = new ClassCodec(rules, exits);
        return new Proto.Result
        {
            Header = Run.Header.Parser.ParseFrom(HeaderCodec.Encode(result.Header)),
            Summary = Run.Summary.Parser.ParseFrom(HeaderCodec.Encode(result.Summary)),
            Verdicts = { result.Verdicts.Select(count => new Proto.Count { Of = (uint)count.Key, Count_ = count.Value }) },
            Divergences = { result.Divergences.Select(classes.Encode) },
            Likely = { result.Likely.Select(classes.Encode) },
            Accepted = { result.Accepted.Select(classes.Encode) },
            Ignored = { result.Ignored.Select(classes.Encode) },
            KnownDepartures = { result.KnownDepartures.Select(classes.Encode) },
            Undecided = { result.Undecided.Select(Encode) },
            Rules = { result.Rules.Select(Encode) },
            Endings = { result.Endings.Select(ending => new Proto.Ending { Reason = ending.Reason, Exit = exits.Encode(ending.Exit), Count = ending.Count }) },
            OfL2 = result.Examined.OfL2,
            OfSvmInstructions = result.Examined.OfSvmInstructions,
            Decided = result.Examined.Decided,
            Losses = { result.Losses.Select(loss => new Proto.Loss { Stream = (uint)loss.Stream.Value, Share = loss.Share }) },
            NestedLosses =
            {
                result.NestedLosses.Select(loss => new Proto.NestedLoss { Stream = (uint)loss.Stream.Value, Exits = loss.Exits, Lost = loss.Lost, Places = loss.Places }),
            },
        };
    }

    /// <summary>A result from its message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="policy">What it was judged by.</param>
    /// <exception cref="InvalidDataException">It is not one that Differ writes.</exception>
    public DiffResult Decode(Proto.Result message, Policy policy)
    {
        var texts = new TextTable();
        var exits = new ExitCodec(texts);
        var classes = new ClassCodec(rules, exits);
        var verdicts = new Dictionary<Verdict, ulong>();
        foreach (Proto.Count count in message.Verdicts)
        {
            verdicts[count.Of <= (uint)Verdict.Diverges ? (Verdict)count.Of : throw new InvalidDataException()] = count.Count_;
        }

        return new DiffResult(
            HeaderCodec.DecodeHeader((message.Header ?? throw new InvalidDataException()).ToByteArray(), 0),
            HeaderCodec.DecodeSummary((message.Summary ?? throw new InvalidDataException()).ToByteArray(), 0),
            verdicts, Classes(message.Divergences), Classes(message.KnownDepartures), [.. message.Undecided.Select(one => Decode(one, classes))],
            [.. message.Rules.Select(one => Decode(one, classes))], texts)
        {
            Likely = Classes(message.Likely),
            Accepted = Classes(message.Accepted),
            Ignored = Classes(message.Ignored),
            Endings = [.. message.Endings.Select(ending => new VmEnding(ending.Reason, exits.Decode(ending.Exit), ending.Count))],
            Examined = new ExaminedExits(message.OfL2, message.OfSvmInstructions, message.Decided),
            Losses = [.. message.Losses.Select(loss => new StreamLoss(FileNumbers.StreamOf(loss.Stream), loss.Share))],
            NestedLosses = [.. message.NestedLosses.Select(loss => new NestedLoss(FileNumbers.StreamOf(loss.Stream), loss.Exits, loss.Lost, loss.Places))],
            Policy = policy,
        };

        DivergenceClass[] Classes(IEnumerable<Proto.Class> found) => [.. found.Select(classes.Decode)];
    }

    private static Proto.Undecided Encode(UndecidedClass undecided) => new()
    {
        Missing = (uint)undecided.Missing.Evidence,
        Rules = { undecided.Rules.Select(share => new Proto.RuleShare { Rule = share.Rule.Id, Count = share.Count }) },
        Exits = undecided.Exits,
        First = ClassCodec.Encode(undecided.First),
    };

    private static UndecidedClass Decode(Proto.Undecided message, ClassCodec classes) => new(
        EvidenceTable.Of(FileNumbers.EvidenceOf(message.Missing)), [.. message.Rules.Select(share => new RuleShare(classes.Rule(share.Rule), share.Count))],
        message.Exits, ClassCodec.Decode(message.First));

    private static Proto.RuleCount Encode(RuleCount count) => new()
    {
        Rule = count.Rule.Id,
        Conforms = count.Conforms,
        Undecided = count.Undecided,
        Departs = count.Departs,
        Likely = count.Likely,
        Lacking = { count.Lacking.Select(share => new Proto.Count { Of = (uint)share.Missing.Evidence, Count_ = share.Count }) },
        Streams =
        {
            count.Streams.Select(stream => new Proto.StreamRuleCount
            {
                Stream = (uint)stream.Stream.Value,
                Conforms = stream.Conforms,
                Undecided = stream.Undecided,
                Departs = stream.Departs,
                Likely = stream.Likely,
            }),
        },
    };

    private static RuleCount Decode(Proto.RuleCount message, ClassCodec classes) => new(
        classes.Rule(message.Rule), message.Conforms, message.Undecided, message.Departs,
        [.. message.Lacking.Select(share => new EvidenceShare(EvidenceTable.Of(FileNumbers.EvidenceOf(share.Of)), share.Count_))])
    {
        Likely = message.Likely,
        Streams =
        [
            .. message.Streams.Select(stream => new StreamRuleCount(FileNumbers.StreamOf(stream.Stream), stream.Conforms, stream.Undecided, stream.Departs)
            {
                Likely = stream.Likely,
            }),
        ],
    };
}
