using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Schemas.Files;
using Differ.Schemas.Vocabulary;
using Google.Protobuf;
using Proto = Differ.Schemas.Results.Proto;

namespace Differ.Diff.Shards;

/// <summary>A capture in a result file.</summary>
/// <param name="Capture">Which it is.</param>
/// <param name="Result">What came of it; null where it cannot be used.</param>
/// <param name="Unread">Why it cannot be used; null where it can.</param>
public sealed record KeptCapture(JudgedCapture Capture, DiffResult? Result, UnreadCapture? Unread);

/// <summary>Reads a result file, whole or not at all.</summary>
/// <param name="rules">The rules of this program; a file of others is refused.</param>
public sealed class ResultReader(RuleSet rules)
{
    private readonly ResultCodec _codec = new(rules);

    /// <summary>Reads a file with one capture.</summary>
    /// <param name="file">The file.</param>
    /// <param name="page">Gets the page of the capture, where it has one.</param>
    /// <returns>The judgement, and the capture.</returns>
    /// <exception cref="RunFormatException">It cannot be used.</exception>
    public (Judgement Judgement, KeptCapture Capture) ReadOne(Stream file, Stream page)
    {
        Judgement? judgement = null;
        KeptCapture? capture = null;
        foreach (ResultPart part in ResultFile.Parts(file))
        {
            switch (part.Kind)
            {
                case ResultBlock.Judgement:
                    judgement = JudgementOf(part);
                    break;
                case ResultBlock.Page:
                    page.Write(part.Body);
                    break;
                case ResultBlock.Capture:
                    capture = capture is null ? CaptureOf(part.Body, judgement!.Policy, part.Offset) : throw RunFormatException.DamagedResult(part.Offset);
                    break;
                default:
                    _ = SourcesOf(part, capture is null ? 0 : 1);
                    break;
            }
        }

        return (judgement!, capture ?? throw RunFormatException.DamagedResult(0));
    }

    /// <summary>The judgement of a file.</summary>
    /// <exception cref="RunFormatException">It cannot be read, or is of other rules.</exception>
    internal Judgement JudgementOf(ResultPart part)
    {
        Judgement judgement = Try(part, () => Judgement.Decode(part.Body));
        return judgement.RuleSet == rules.Hash ? judgement : throw RunFormatException.OtherRules(PlainText.Of(judgement.Version), rules.Version);
    }

    /// <summary>The capture in a block.</summary>
    /// <exception cref="RunFormatException">It cannot be read.</exception>
    internal KeptCapture CaptureOf(byte[] body, Policy policy, long offset) => Try(new ResultPart(ResultBlock.Capture, offset, body), () =>
    {
        Proto.Capture message = Proto.Capture.Parser.ParseFrom(body);
        JudgedCapture capture = Identity(message);
        return message.Result is { } result ? new KeptCapture(capture, _codec.Decode(result, policy), null)
            : message.Unread is { } unread
                ? new KeptCapture(capture, null, new UnreadCapture(capture.Name, capture.File, PlainText.Of(unread.Code), PlainText.Of(unread.Message)))
            : throw new InvalidDataException();
    });

    /// <summary>Which capture a block holds, and whether it could be used.</summary>
    /// <exception cref="RunFormatException">It cannot be read.</exception>
    internal static (JudgedCapture Capture, bool IsRead) IdentityOf(ResultPart part) => Try(part, () =>
    {
        Proto.Capture message = Proto.Capture.Parser.ParseFrom(part.Body);
        return (Identity(message), message.Result is not null);
    });

    /// <summary>The sets in the last block.</summary>
    /// <param name="part">The block.</param>
    /// <param name="captures">How many captures stand before it.</param>
    /// <exception cref="RunFormatException">It cannot be read, or counts other captures.</exception>
    internal static IReadOnlyList<CaptureSource> SourcesOf(ResultPart part, int captures) => Try(part, () =>
    {
        Proto.Sources message = Proto.Sources.Parser.ParseFrom(part.Body);
        return message.Captures == captures ? message.Sources_.Select(CaptureSource.Decode).ToArray() : throw new InvalidDataException();
    });

    private static JudgedCapture Identity(Proto.Capture message) => new(
        PlainText.Of(message.Content), PlainText.Of(message.Name), PlainText.Of(message.File), PlainText.Of(message.Set), (int)(message.Place & int.MaxValue));

    // The checksum is right: it was not written by Differ.
    private static T Try<T>(ResultPart part, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (fault is InvalidProtocolBufferException or InvalidDataException)
        {
            throw RunFormatException.DamagedResult(part.Offset);
        }
    }
}
