using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using Proto = Differ.Schemas.Results.Proto;

namespace Differ.Diff.Shards;

/// <summary>Classes of divergences between their records and the messages of result.proto.</summary>
/// <param name="rules">The rules that messages name by their ids.</param>
/// <param name="exits">Reads and writes exits.</param>
internal sealed class ClassCodec(RuleSet rules, ExitCodec exits)
{
    /// <summary>The message of a class.</summary>
    public Proto.Class Encode(DivergenceClass found)
    {
        var message = new Proto.Class
        {
            Fingerprint = found.Fingerprint,
            Rule = found.Rule.Id,
            AlsoBroken = { found.AlsoBroken.Select(rule => rule.Id) },
            Culprit = (uint)found.Culprit,
            Assumed = (uint)found.Assumed,
            Instruction = found.Instruction,
            Count = found.Count,
            Streams = { found.Streams.Select(share => new Proto.StreamShare { Stream = (uint)share.Stream.Value, Count = share.Count }) },
            First = Encode(found.First),
            Last = Encode(found.Last),
            IsLikely = found.IsLikely,
            IsIgnored = found.IsIgnored,
            AlsoLikely = { found.AlsoLikely.Select(rule => rule.Id) },
            Accepted = found.Accepted is { } entry ? Encode(entry) : null,
        };
        if (found.Known is { } known)
        {
            message.Known = known;
        }

        return message;
    }

    /// <summary>A class from its message.</summary>
    /// <exception cref="InvalidDataException">It is not one that Differ writes.</exception>
    public DivergenceClass Decode(Proto.Class message) => new(
        PlainText.Of(message.Fingerprint), Rule(message.Rule), [.. message.AlsoBroken.Select(Rule)],
        message.Culprit == (uint)Culprit.Processor ? Culprit.Processor : Culprit.Hypervisor, FileNumbers.EvidenceOf(message.Assumed), PlainText.Of(message.Instruction), message.Count,
        [.. message.Streams.Select(share => new StreamShare(FileNumbers.StreamOf(share.Stream), share.Count))],
        message.HasKnown ? PlainText.Of(message.Known) : null, Decode(message.First ?? throw new InvalidDataException()), Decode(message.Last))
    {
        IsLikely = message.IsLikely,
        IsIgnored = message.IsIgnored,
        AlsoLikely = [.. message.AlsoLikely.Select(Rule)],
        Accepted = message.Accepted is { } entry ? Decode(entry) : null,
    };

    /// <summary>A rule by its id.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public RuleInfo Rule(string id) => rules.Find(id) ?? throw new InvalidDataException();

    /// <summary>The message of a place.</summary>
    public static Proto.Place Encode(ExitPlace place) => new() { Stream = (uint)place.Stream.Value, Index = place.Index };

    /// <summary>A place from its message.</summary>
    public static ExitPlace Decode(Proto.Place? place) => new(FileNumbers.StreamOf(place?.Stream ?? 0), place?.Index ?? 0);

    private Proto.Occurrence Encode(Occurrence first) => new()
    {
        Exit = exits.Encode(first.Exit),
        Before = { first.Before.Select(exits.Encode) },
        After = { first.After.Select(exits.Encode) },
        Recorded = { first.Recorded.Select(Encode) },
        Expected = { first.Expected },
    };

    private Occurrence Decode(Proto.Occurrence message) => new(
        exits.Decode(message.Exit), [.. message.Before.Select(exits.Decode)], [.. message.After.Select(exits.Decode)],
        [.. message.Recorded.Select(field => new FieldText(PlainText.Of(field.Name), PlainText.Of(field.Text), field.HasValue ? field.Value : null))],
        [.. message.Expected.Select(static text => PlainText.Of(text))]);

    private static Proto.Field Encode(FieldText field)
    {
        var message = new Proto.Field { Name = field.Name, Text = field.Text };
        if (field.Value is { } value)
        {
            message.Value = value;
        }

        return message;
    }

    private static Proto.AcceptedDeparture Encode(AcceptedDeparture entry)
    {
        var message = new Proto.AcceptedDeparture
        {
            Fingerprint = entry.Fingerprint,
            Rule = entry.Rule,
            Reason = entry.Reason,
            FromKernel = entry.FromKernel,
            ToKernel = entry.ToKernel,
        };
        if (entry.Expires is { } last)
        {
            message.Expires = (uint)last.DayNumber;
        }

        return message;
    }

    // As in a baseline, whose texts are made plain where they are told.
    private static AcceptedDeparture Decode(Proto.AcceptedDeparture entry) => new(
        entry.Fingerprint, entry.Rule, entry.Reason, entry.FromKernel, entry.ToKernel,
        entry.HasExpires ? DateOnly.FromDayNumber((int)Math.Min(entry.Expires, (uint)DateOnly.MaxValue.DayNumber)) : null);
}
