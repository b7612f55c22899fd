using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Google.Protobuf;

namespace Differ.Schemas.Files;

/// <summary>Headers and summaries between their records and the messages of run.proto.</summary>
internal static class HeaderCodec
{
    // Rules, streams, losses, remarks: a message of a few bytes for each would fill the memory long before the file is large.
    private const int MostParts = 1 << 17;

    /// <summary>The message of a header.</summary>
    public static byte[] Encode(RunHeader header)
    {
        var message = new Proto.Header
        {
            Version = RunFile.Version,
            Origin = (uint)header.Origin,
            Capture = header.Capture,
            CaptureSize = header.CaptureSize,
            Format = header.Format,
            KernelRelease = header.KernelRelease,
            HostName = header.HostName,
            Clock = header.Clock,
            ClockUnit = (uint)header.ClockUnit,
            Listed = header.Listed.Bits,
            ListIsSelective = header.ListIsSelective,
            MayBeEdited = header.MayBeEdited,
            NamesFailedChecks = header.NamesFailedChecks,
            ShowsReinjection = header.ShowsReinjection,
            PretendsNestedExits = header.PretendsNestedExits,
            Manual = header.Rules.Count > 0 ? Apm.Revision : "",
        };
        message.Rules.AddRange(header.Rules.Select(Encode));
        return message.ToByteArray();
    }

    /// <summary>A header from its message.</summary>
    /// <exception cref="RunFormatException">It cannot be read, or is of a newer version.</exception>
    public static RunHeader DecodeHeader(ReadOnlyMemory<byte> bytes, long offset)
    {
        Proto.Header message = Parse(Proto.Header.Parser, bytes, "the header", offset);
        if (message.Version > RunFile.Version)
        {
            throw RunFormatException.NewerVersion(message.Version, offset);
        }

        return new RunHeader
        {
            Origin = message.Origin == 0 ? RunOrigin.Recorded : RunOrigin.Computed,
            Capture = message.Capture,
            CaptureSize = message.CaptureSize,
            Format = message.Format,
            KernelRelease = message.KernelRelease,
            HostName = message.HostName,
            Clock = message.Clock,
            ClockUnit = message.ClockUnit == 0 ? ClockUnit.Nanoseconds : ClockUnit.Ticks,
            Listed = new TracepointSet(message.Listed),
            ListIsSelective = message.ListIsSelective,
            MayBeEdited = message.MayBeEdited,
            NamesFailedChecks = message.NamesFailedChecks,
            ShowsReinjection = message.ShowsReinjection,
            PretendsNestedExits = message.PretendsNestedExits,
            Rules = [.. message.Rules.Select(Decode)],
        };
    }

    private static Proto.Rule Encode(RuleInfo rule) => new()
    {
        Id = rule.Id,
        Sections = rule.Sections,
        Scope = (uint)rule.Scope,
        Visibility = (uint)rule.Visibility,
        Confidence = (uint)rule.Confidence,
        Severity = (uint)rule.Severity,
        Statement = rule.Statement,
        Evidence = rule.Evidence,
        Expected = rule.Expected,
        Group = rule.Group,
        Rank = (uint)rule.Rank,
        Functions = { rule.Kvm.Names },
        NoFunction = rule.Kvm.WhyNone,
    };

    // A run may have been written by anybody.
    private static RuleInfo Decode(Proto.Rule rule) => new(
        PlainText.Of(rule.Id), rule.Sections.Length > 0 ? PlainText.Of(rule.Sections) : "?", (RuleScope)Kind(rule.Scope), (Visibility)Kind(rule.Visibility),
        (Confidence)Kind(rule.Confidence), (Severity)Kind(rule.Severity), PlainText.Of(rule.Statement), PlainText.Of(rule.Evidence), PlainText.Of(rule.Expected))
    {
        Group = rule.Group is >= 'A' and <= 'Z' ? (char)rule.Group : '?',
        Rank = (int)Math.Min(rule.Rank, int.MaxValue),
        Kvm = new KvmFunctions([.. rule.Functions.Select(static name => PlainText.Of(name))], PlainText.Of(rule.NoFunction)),
    };

    /// <summary>The message of a summary.</summary>
    public static byte[] Encode(RunSummary summary)
    {
        var message = new Proto.Summary
        {
            Exits = summary.Exits,
            Events = summary.Events,
            Seen = summary.Seen.Bits,
            Off = summary.Off.Bits,
            ListIsSelective = summary.ListIsSelective,
            Machines = (uint)summary.Machines,
            GuestVendor = summary.GuestVendor,
        };
        foreach (VcpuStream stream in summary.Streams)
        {
            var encoded = new Proto.Stream { Name = stream.Name, Machine = (uint)stream.Machine, Exits = stream.Exits };
            if (stream.Vcpu is { } vcpu)
            {
                encoded.Vcpu = vcpu.Value;
            }

            if (stream.Thread is { } thread)
            {
                encoded.Thread = thread.Value;
            }

            if (stream.Heard is { } heard)
            {
                encoded.Heard = heard.Bits;
            }

            message.Streams.Add(encoded);
        }

        message.Losses.AddRange(summary.Losses.Select(loss => new Proto.Loss
        {
            Cpu = (uint)loss.Cpu,
            Marks = loss.Marks,
            Events = loss.Events,
            Uncounted = loss.Uncounted,
            Overrun = loss.Overrun,
        }));
        message.Notes.AddRange(summary.Notes.Select(note => new Proto.Note
        {
            Code = note.Code,
            Count = note.Count,
            Text = note.Text,
            First = note.First,
            Cost = (uint)note.Cost,
        }));
        return message.ToByteArray();
    }

    /// <summary>A summary from its message.</summary>
    /// <exception cref="RunFormatException">It cannot be read.</exception>
    public static RunSummary DecodeSummary(ReadOnlyMemory<byte> bytes, long offset)
    {
        Proto.Summary message = Parse(Proto.Summary.Parser, bytes, "the summary", offset);
        return new RunSummary
        {
            Exits = message.Exits,
            Events = message.Events,
            Seen = new TracepointSet(message.Seen),
            Off = new TracepointSet(message.Off),
            ListIsSelective = message.ListIsSelective,
            Streams =
            [
                .. message.Streams.Select((stream, i) => new VcpuStream(
                    new StreamId(i), stream.HasVcpu ? new VcpuId(stream.Vcpu) : null, stream.HasThread ? new ThreadId(stream.Thread) : null,
                    stream.Name, (int)(stream.Machine & int.MaxValue), stream.Exits) { Heard = stream.HasHeard ? new TracepointSet(stream.Heard) : null }),
            ],
            Machines = (int)(message.Machines & int.MaxValue),
            Losses = [.. message.Losses.Select(loss => new CpuLoss((int)(loss.Cpu & int.MaxValue), loss.Marks, loss.Events, loss.Uncounted, loss.Overrun))],
            Notes = [.. message.Notes.Select(note => new CaptureNote(
                note.Code, note.Count, note.Text, note.First, (NoteCost)Math.Min(note.Cost, (uint)NoteCost.Unmarked)))],
            GuestVendor = message.GuestVendor,
        };
    }

    // A number that no version has means as little as one that this version does not know.
    private static byte Kind(uint number) => (byte)Math.Min(number, byte.MaxValue);

    private static T Parse<T>(MessageParser<T> parser, ReadOnlyMemory<byte> bytes, string what, long offset)
        where T : IMessage<T>
    {
        try
        {
            return HasFewParts(bytes) ? parser.ParseFrom(bytes.Span) : throw RunFormatException.TooMany($"{what} has more than {MostParts} parts", offset);
        }
        catch (InvalidProtocolBufferException)
        {
            throw RunFormatException.BadMessage(what, offset);
        }
    }

    private static bool HasFewParts(ReadOnlyMemory<byte> bytes)
    {
        using var input = new CodedInputStream(bytes.ToArray());
        int parts = 0;
        for (; parts <= MostParts && input.ReadTag() != 0; parts++)
        {
            input.SkipLastField();
        }

        return parts <= MostParts;
    }
}
