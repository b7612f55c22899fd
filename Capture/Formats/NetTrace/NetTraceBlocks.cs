using System.Numerics;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>What a block holds.</summary>
internal enum NetTraceBlockKind
{
    /// <summary>Nothing that is looked at.</summary>
    Other = 0,

    /// <summary>Events.</summary>
    Events = 2,

    /// <summary>Descriptions of events.</summary>
    Descriptions = 3,

    /// <summary>How many events each thread has made.</summary>
    SequencePoint = 4,

    /// <summary>What threads there are.</summary>
    Threads = 6,

    /// <summary>Threads that make no more events, and how many they made.</summary>
    RemovedThreads = 7,
}

/// <summary>Follows the blocks of a file from one to the next.</summary>
/// <remarks>
/// <code>
/// versions 4 and 5                                                                       version 6
///   5 5 1 u32 version, u32, u32 length of the name, name, 6, u32 size, filled to 4, 6      u24 size, u8 kind
///   1 at the end                                                                           kind 0 at the end
/// </code>
/// </remarks>
/// <param name="reader">At the first block behind the description of the session, or in version 6 at that.</param>
/// <param name="version">Version of the format.</param>
internal sealed class NetTraceBlocks(SourceReader reader, int version)
{
    private const byte NullTag = 1, BeginTag = 5, EndTag = 6;
    private const int LongestName = 64, Alignment = 4, LargestBlock = 1 << 26;

    private static readonly (string Name, NetTraceBlockKind Kind)[] Names =
    [
        ("EventBlock", NetTraceBlockKind.Events),
        ("MetadataBlock", NetTraceBlockKind.Descriptions),
        ("SPBlock", NetTraceBlockKind.SequencePoint),
    ];

    private byte[] _block = [];
    private int _length;
    private bool _ended;

    /// <summary>What the current block holds.</summary>
    public NetTraceBlockKind Kind { get; private set; }

    /// <summary>Where its content starts in the file.</summary>
    public long Start { get; private set; }

    /// <summary>The content, valid until the next move; nothing where it is not looked at.</summary>
    public ReadOnlySpan<byte> Content => _block.AsSpan(0, _length);

    /// <summary>How far the file was read.</summary>
    public long Position => reader.Position;

    /// <summary>Goes to the next block.</summary>
    /// <returns>False behind the last.</returns>
    /// <exception cref="CaptureFormatException">DIF0101: a block or the end is missing. DIF0104: something else stands there.</exception>
    public bool MoveNext() => !_ended && (version >= NetTraceHeader.FirstPlainVersion ? MoveToBlock() : MoveToObject());

    private bool MoveToBlock()
    {
        const int SizeBits = 24;
        uint header = reader.U32("block header");
        uint kind = header >> SizeBits;
        Enter(Enum.IsDefined((NetTraceBlockKind)kind) ? (NetTraceBlockKind)kind : NetTraceBlockKind.Other, header & ((1U << SizeBits) - 1));
        _ended = kind == 0;
        return !_ended;
    }

    private bool MoveToObject()
    {
        long at = reader.Position;
        byte tag = reader.U8("tag of an object");
        if (tag == NullTag)
        {
            _ended = true;
            return false;
        }

        bool begins = tag == BeginTag && reader.U8("tag of a type") == BeginTag && reader.U8("type of a type") == NullTag;
        if (!begins)
        {
            CaptureFormatException.ThrowImpossible("start of an object", at, $"tag {tag} here");
        }

        _ = reader.U32("version of an object");
        _ = reader.U32("version of the reader");
        string name = reader.Text(reader.U32("type name"), LongestName, "type name");
        ExpectEnd();
        uint size = reader.U32("size of a block");
        reader.Skip((ulong)(-reader.Position & (Alignment - 1)), "filling");
        Enter(Array.Find(Names, one => one.Name == name).Kind, size);
        ExpectEnd();
        return true;
    }

    private void Enter(NetTraceBlockKind kind, uint size)
    {
        Kind = kind;
        Start = reader.Position;
        _length = 0;
        if (kind == NetTraceBlockKind.Other)
        {
            reader.Skip(size, "block");
            return;
        }

        if (size > LargestBlock)
        {
            CaptureFormatException.ThrowImpossible("size of a block", Start, $"{size}, the limit is {LargestBlock}");
        }

        if (size > reader.Left)
        {
            CaptureFormatException.ThrowTruncated("block", Start, size, reader.Left);
        }

        _length = (int)size;
        if (_block.Length < _length)
        {
            // Blocks are about alike: the next is not to need another for a few bytes more.
            _block = new byte[BitOperations.RoundUpToPowerOf2(size)];
        }

        reader.Read(_block.AsSpan(0, _length), "block");
    }

    private void ExpectEnd()
    {
        long at = reader.Position;
        byte tag = reader.U8("end of an object");
        if (tag != EndTag)
        {
            CaptureFormatException.ThrowImpossible("end of an object", at, $"tag {tag}");
        }
    }
}
