using Differ.Diff.Results;
using Differ.Schemas.Files;
using Differ.Schemas.Run;
using Google.Protobuf;
using Proto = Differ.Schemas.Proto;

namespace Differ.Diff.Shards;

/// <summary>Kept exits as messages of run.proto, as a run file has them.</summary>
/// <param name="texts">Texts that the exits refer to; reading fills it.</param>
internal sealed class ExitCodec(TextTable texts) : IExitSink
{
    private readonly ExitWriter _writer = new(texts);
    private readonly ExitReader _reader = new(texts);
    private KeptExit? _read;

    /// <summary>The message of an exit.</summary>
    public Proto.Exit Encode(KeptExit kept)
    {
        HardwareExit exit = kept.Exit;
        GuestEntry entry = kept.Entry;
        KvmEvent[] events = [.. kept.Events.Select(static one => one with { NewerStart = 0, NewerLength = 0 })];
        using var body = new MemoryStream();
        using (var output = new CodedOutputStream(body, leaveOpen: true))
        {
            _writer.Write(output, new ExitRecord(kept.Stream, kept.Index, kept.Level, kept.Flags, ref exit, ref entry, default, events));
        }

        return Proto.Exits.Parser.ParseFrom(body.ToArray()).Exits_[0];
    }

    /// <summary>An exit from its message.</summary>
    /// <exception cref="InvalidDataException">There is none, or it is not one that Differ writes.</exception>
    public KeptExit Decode(Proto.Exit? message)
    {
        _reader.Read((message ?? throw new InvalidDataException()).ToByteArray(), static _ => false, this);
        return _read!;
    }

    void IExitSink.Take(in ExitRecord record) => _read = KeptExit.Of(record);
}
