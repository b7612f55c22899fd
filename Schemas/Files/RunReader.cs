using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Google.Protobuf;

namespace Differ.Schemas.Files;

/// <summary>Reads a run file of recorded exits; goes on behind damage and says what it cost.</summary>
public sealed class RunReader : IDisposable
{
    private readonly Stream _stream;
    private readonly BlockReader _blocks;

    private RunReader(Stream stream, BlockReader blocks, RunHeader header)
    {
        _stream = stream;
        _blocks = blocks;
        Header = header;
    }

    /// <summary>What is known before the first exit.</summary>
    public RunHeader Header { get; }

    /// <summary>Texts that the records refer to.</summary>
    public TextTable Texts { get; } = new();

    /// <summary>Whether a file that starts with these bytes is a run file.</summary>
    public static bool Sniff(ReadOnlySpan<byte> start) => start.StartsWith(RunFile.Magic);

    /// <summary>Whether a run file holds what was computed, not what was recorded.</summary>
    /// <param name="stream">The file, from its start.</param>
    public static bool IsComputed(Stream stream)
    {
        try
        {
            var blocks = new BlockReader(stream);
            return blocks.MoveNext() && blocks.Kind == BlockKind.Header && !blocks.Damaged
                && HeaderCodec.DecodeHeader(blocks.Body, blocks.BlockOffset).Origin == RunOrigin.Computed;
        }
        catch (RunFormatException)
        {
            // Reading it says what is wrong.
            return false;
        }
    }

    /// <summary>Opens a run file of recorded exits.</summary>
    /// <param name="stream">The file or pipe; closed with the reader.</param>
    /// <exception cref="RunFormatException">It is no such file, or its header is damaged.</exception>
    public static RunReader Open(Stream stream)
    {
        var blocks = new BlockReader(stream);
        RunHeader header = ReadHeader(blocks, RunOrigin.Recorded);
        return new RunReader(stream, blocks, header);
    }

    /// <summary>Reads all exits.</summary>
    /// <param name="sink">Takes them.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <returns>The summary; made from the exits where the file has lost its own.</returns>
    /// <exception cref="RunFormatException">A block is whole but no message of Differ.</exception>
    public RunSummary ReadExits(IExitSink sink, CancellationToken cancel = default)
    {
        var reader = new ExitReader(Texts);
        var told = new HashSet<StreamId>();
        ulong damages = 0;
        string first = "";
        var counts = new SortedDictionary<int, ulong>();
        RunSummary? summary = null;
        while (_blocks.MoveNext())
        {
            cancel.ThrowIfCancellationRequested();
            NoteDamage(ref damages, ref first, told);
            if (_blocks.Kind == BlockKind.Exits)
            {
                ReadBlock(reader, sink, damages > 0 ? told : null, counts);
            }
            else if (_blocks.Kind == BlockKind.Summary)
            {
                summary = HeaderCodec.DecodeSummary(_blocks.Body, _blocks.BlockOffset);
            }
            else if (_blocks.Kind == BlockKind.Header)
            {
                throw RunFormatException.Another(_blocks.BlockOffset);
            }
        }

        NoteDamage(ref damages, ref first, told);
        return Complete(summary, damages, first, counts);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    internal static RunHeader ReadHeader(BlockReader blocks, RunOrigin origin)
    {
        if (!blocks.MoveNext() || blocks.Kind != BlockKind.Header || blocks.Damaged)
        {
            throw RunFormatException.NoHeader(RunFile.Magic.Length);
        }

        RunHeader header = HeaderCodec.DecodeHeader(blocks.Body, blocks.BlockOffset);
        return header.Origin == origin ? header : throw RunFormatException.WrongOrigin(header.Origin == RunOrigin.Computed, blocks.BlockOffset);
    }

    /// <summary>The messages of a block, which are its field 1.</summary>
    internal static IEnumerable<byte[]> Messages(ReadOnlyMemory<byte> body)
    {
        using var input = new CodedInputStream(body.ToArray());
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (tag == WireFormat.MakeTag(1, WireFormat.WireType.LengthDelimited))
            {
                yield return input.ReadBytes().ToByteArray();
            }
            else
            {
                input.SkipLastField();
            }
        }
    }

    private void NoteDamage(ref ulong damages, ref string first, HashSet<StreamId> told)
    {
        if (_blocks.Damaged)
        {
            first = damages++ == 0 ? $"byte 0x{_blocks.Position:x}" : first;
            told.Clear();
        }
    }

    // After damage the next record of every stream may be missing something before it.
    private void ReadBlock(ExitReader reader, IExitSink sink, HashSet<StreamId>? told, SortedDictionary<int, ulong> counts)
    {
        try
        {
            foreach (byte[] message in Messages(_blocks.Body))
            {
                StreamId stream = reader.Read(message, id => told is not null && told.Add(id), sink);
                counts[stream.Value] = counts.GetValueOrDefault(stream.Value) + 1;
            }
        }
        catch (InvalidProtocolBufferException)
        {
            throw RunFormatException.BadMessage("a block of exits", _blocks.BlockOffset);
        }
        catch (InvalidDataException e)
        {
            throw RunFormatException.TooMany(e.Message, _blocks.BlockOffset);
        }
    }

    private static RunSummary Complete(RunSummary? summary, ulong damages, string first, SortedDictionary<int, ulong> counts)
    {
        var notes = new List<CaptureNote>(summary?.Notes ?? []);
        if (summary is null)
        {
            notes.Add(new CaptureNote("DIF0220", 1, "the run file ends before its summary: it was cut short, and so is the run", "", NoteCost.Absence));
        }

        if (damages > 0)
        {
            notes.Add(new CaptureNote("DIF0221", damages, "damaged parts of the run file were passed over; the exits in them are lost", first, NoteCost.Absence));
        }

        ulong exits = counts.Values.Aggregate(0UL, (sum, count) => sum + count);
        return (summary ?? new RunSummary
        {
            Machines = counts.Count > 0 ? 1 : 0,
            Streams = [.. Enumerable.Range(0, counts.Count == 0 ? 0 : counts.Keys.Max() + 1).Select(id =>
                new VcpuStream(new StreamId(id), null, null, "", 0, counts.GetValueOrDefault(id)))],
        }) with
        {
            Exits = exits,
            Notes = notes,
        };
    }
}
