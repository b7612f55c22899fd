using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Google.Protobuf;

namespace Differ.Schemas.Files;

/// <summary>Brings recorded exits together with a computed run that was stored.</summary>
/// <remarks>
/// The computed run has its exits in the order of the recorded one and leaves out those of which no rule says anything,
/// so both are read once, side by side.
/// </remarks>
public sealed class ComputedReader : IExitSink, IDisposable
{
    // The longest that the rules make is a hundredth of it.
    private const int LongestExit = 1 << 20;

    private readonly Stream _stream;
    private readonly BlockReader _blocks;
    private readonly IComputedSink _sink;
    private IEnumerator<byte[]> _messages = Enumerable.Empty<byte[]>().GetEnumerator();
    private StoredComputedExit? _ready;
    private readonly Dictionary<StreamId, ulong> _last = [];

    private ComputedReader(Stream stream, BlockReader blocks, RunHeader header, IComputedSink sink)
    {
        _stream = stream;
        _blocks = blocks;
        Rules = header.Rules;
        _sink = sink;
    }

    /// <summary>The rules the run was computed with.</summary>
    public IReadOnlyList<RuleInfo> Rules { get; }

    /// <summary>What the computed run says is lossy or odd; what concerns the recorded one is in it too. Complete after <see cref="Finish"/>.</summary>
    public IReadOnlyList<CaptureNote> Notes { get; private set; } = [];

    /// <summary>How many parts of the file were damaged and passed over.</summary>
    public ulong Damages { get; private set; }

    /// <summary>Opens a computed run.</summary>
    /// <param name="stream">The file; closed with the reader.</param>
    /// <param name="recorded">Header of the recorded run it must belong to.</param>
    /// <param name="makeSink">Makes what takes the pairs, given the rules.</param>
    /// <exception cref="RunFormatException">It is no such file, or belongs to another run.</exception>
    public static ComputedReader Open(Stream stream, RunHeader recorded, Func<IReadOnlyList<RuleInfo>, IComputedSink> makeSink)
    {
        var blocks = new BlockReader(stream);
        RunHeader header = RunReader.ReadHeader(blocks, RunOrigin.Computed);
        return recorded.IsSourceOf(header)
            ? new ComputedReader(stream, blocks, header, makeSink(header.Rules))
            : throw RunFormatException.OtherRun();
    }

    /// <inheritdoc/>
    public void Take(in ExitRecord record)
    {
        _last[record.Stream] = record.Index;
        while (Next() is { } next && next.Stream == record.Stream && next.Index < record.Index)
        {
            // The recorded exit it belongs to was lost.
            _ready = null;
        }

        if (Next() is { } computed && computed.Stream == record.Stream && computed.Index == record.Index)
        {
            _ready = null;
            _sink.Take(record, computed.View);
        }
        else
        {
            _sink.Take(record, new ComputedExit(ulong.MaxValue, [], [], []));
        }
    }

    /// <summary>Checks that nothing is left over.</summary>
    /// <exception cref="RunFormatException">Exits are left that the recorded run does not have.</exception>
    public void Finish()
    {
        while (Next() is { } next)
        {
            if (!_last.TryGetValue(next.Stream, out ulong last) || next.Index > last)
            {
                throw RunFormatException.OtherRun();
            }

            _ready = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    // One at a time: a hostile block may hold millions.
    private StoredComputedExit? Next()
    {
        while ((_ready ??= OfBlock()) is null)
        {
            bool more = _blocks.MoveNext();
            Damages += _blocks.Damaged ? 1UL : 0;
            if (!more)
            {
                return null;
            }

            if (_blocks.Kind == BlockKind.ComputedExits)
            {
                _messages = RunReader.Messages(_blocks.Body).GetEnumerator();
            }
            else if (_blocks.Kind == BlockKind.Summary)
            {
                Notes = HeaderCodec.DecodeSummary(_blocks.Body, _blocks.BlockOffset).Notes;
            }
            else if (_blocks.Kind == BlockKind.Header)
            {
                throw RunFormatException.Another(_blocks.BlockOffset);
            }
        }

        return _ready;
    }

    // The next one of the block at hand; null at its end.
    private StoredComputedExit? OfBlock()
    {
        try
        {
            if (!_messages.MoveNext())
            {
                return null;
            }

            return _messages.Current.Length > LongestExit
                ? throw RunFormatException.TooMany($"a computed exit is longer than {LongestExit} bytes", _blocks.BlockOffset)
                : StoredComputedExit.Of(Proto.ComputedExit.Parser.ParseFrom(_messages.Current), Rules.Count)
                    ?? throw RunFormatException.BadMessage("a computed exit", _blocks.BlockOffset);
        }
        catch (InvalidProtocolBufferException)
        {
            throw RunFormatException.BadMessage("a block of computed exits", _blocks.BlockOffset);
        }
    }
}
