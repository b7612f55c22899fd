using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>Counts the events that were made and are not in the file: each thread numbers its own.</summary>
/// <remarks>
/// <code>
/// events         1  2  3        5  6                     4 is missing
/// sequence point                        thread made 8    7 and 8 are missing
/// </code>
/// Up to version 5 the number of a thread may be given to another thread, which starts again: a last number of 0 says so.
/// Source: microsoft/perfview NetTraceFormat.md, "Event Sequence Numbers".
/// </remarks>
/// <param name="version">Version of the format.</param>
internal sealed class NetTraceDrops(int version)
{
    /// <summary>Most threads that are told apart, a quarter of what a kernel can number.</summary>
    public const int MostThreads = 1 << 20;

    private const uint EndsThreads = 1;

    private readonly Dictionary<ulong, Thread> _threads = [];
    private Thread? _last;

    /// <summary>Where the block at hand starts in the file.</summary>
    public long Start { get; set; }

    /// <summary>Events that are missing.</summary>
    public ulong Count { get; private set; }

    /// <summary>Takes an event.</summary>
    /// <param name="capturedBy">The thread that made it.</param>
    /// <param name="number">Its number there.</param>
    public void TakeEvent(ulong capturedBy, uint number)
    {
        uint before = unchecked(number - 1);
        if (_last is null || _last.Id != capturedBy)
        {
            _last = Of(capturedBy, before);
        }

        Check(_last, before);
        _last.Made = number;
    }

    /// <summary>Takes the threads that begin, which have made nothing yet.</summary>
    public void TakeThreads(ReadOnlySpan<byte> block, long fileOffset)
    {
        for (var cursor = new ByteCursor(block, fileOffset, bigEndian: false); cursor.Left > 0;)
        {
            ByteCursor row = NetTraceNumbers.Part(ref cursor, cursor.U16("size of a thread"), "thread");
            _ = Of(NetTraceNumbers.Packed(ref row), made: 0);
        }
    }

    /// <summary>Takes a sequence point.</summary>
    public void TakePoint(ReadOnlySpan<byte> block, long fileOffset)
    {
        var cursor = new ByteCursor(block, fileOffset, bigEndian: false);
        bool packed = version >= NetTraceHeader.FirstPlainVersion;
        cursor.U64("time");
        uint flags = packed ? cursor.U32("flags") : 0;
        for (uint left = cursor.U32("number of threads"); left > 0; left--)
        {
            ulong id = packed ? NetTraceNumbers.Packed(ref cursor) : cursor.U64("thread");
            Check(id, packed ? unchecked((uint)NetTraceNumbers.Packed(ref cursor)) : cursor.U32("number"));
        }

        if ((flags & EndsThreads) != 0)
        {
            _threads.Clear();
            _last = null;
        }
    }

    /// <summary>Takes the threads that end, with their last numbers.</summary>
    public void TakeRemoved(ReadOnlySpan<byte> block, long fileOffset)
    {
        for (var cursor = new ByteCursor(block, fileOffset, bigEndian: false); cursor.Left > 0;)
        {
            ulong id = NetTraceNumbers.Packed(ref cursor);
            Check(id, unchecked((uint)NetTraceNumbers.Packed(ref cursor)));
            _threads.Remove(id);
            _last = null;
        }
    }

    private void Check(ulong id, uint made)
    {
        Thread thread = Of(id, made);
        Check(thread, made);
        thread.Made = made;
    }

    private void Check(Thread thread, uint made)
    {
        if (thread.Made != made && (version >= NetTraceHeader.FirstPlainVersion || thread.Made != 0))
        {
            // A number that goes back tells that some are missing, and not how many.
            int missing = unchecked((int)(made - thread.Made));
            Count += missing > 0 ? (ulong)missing : int.MaxValue;
        }
    }

    private Thread Of(ulong id, uint made)
    {
        if (!_threads.TryGetValue(id, out Thread? thread))
        {
            if (_threads.Count == MostThreads)
            {
                CaptureFormatException.ThrowImpossible("number of threads", Start, $"more than {MostThreads}");
            }

            thread = new Thread(id) { Made = made };
            _threads.Add(id, thread);
        }

        return thread;
    }

    private sealed class Thread(ulong id)
    {
        public ulong Id { get; } = id;

        public uint Made { get; set; }
    }
}
