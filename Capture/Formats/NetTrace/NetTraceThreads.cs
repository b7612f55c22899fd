using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>Process and thread in the system of the threads that events name.</summary>
/// <remarks>
/// Up to version 5 events name the thread itself, and all are of one process. From then on they name a row:
/// <code>
/// u16 size, place, then any of: u8 1, name   2, process   3, thread   4, key, value
/// </code>
/// </remarks>
/// <param name="version">Version of the format.</param>
/// <param name="process">The process of a file that is about one.</param>
internal sealed class NetTraceThreads(int version, int process)
{
    private const byte NameKind = 1, ProcessKind = 2, ThreadKind = 3, PairKind = 4;

    private readonly Dictionary<ulong, (int Process, int Thread)> _rows = [];

    /// <summary>Process and thread; 0 where the file does not say.</summary>
    public (int Process, int Thread) Of(ulong thread) =>
        version >= NetTraceHeader.FirstPlainVersion ? _rows.GetValueOrDefault(thread) : (process, Number(thread));

    /// <summary>Takes a block of rows.</summary>
    public void Take(ReadOnlySpan<byte> block, long fileOffset)
    {
        for (var cursor = new ByteCursor(block, fileOffset, bigEndian: false); cursor.Left > 0;)
        {
            ByteCursor row = NetTraceNumbers.Part(ref cursor, cursor.U16("size of a thread"), "thread");
            long at = row.FileOffset;
            ulong place = NetTraceNumbers.Packed(ref row);
            if (_rows.Count == NetTraceDrops.MostThreads)
            {
                CaptureFormatException.ThrowImpossible("number of threads", at, $"more than {NetTraceDrops.MostThreads}");
            }

            _rows[place] = Read(ref row);
        }
    }

    private static (int Process, int Thread) Read(ref ByteCursor row)
    {
        (int Process, int Thread) read = default;
        while (row.Left > 0)
        {
            switch (row.U8("kind"))
            {
                case NameKind:
                    NetTraceNumbers.Sized(ref row);
                    break;
                case ProcessKind:
                    read.Process = Number(NetTraceNumbers.Packed(ref row));
                    break;
                case ThreadKind:
                    read.Thread = Number(NetTraceNumbers.Packed(ref row));
                    break;
                case PairKind:
                    NetTraceNumbers.Sized(ref row);
                    NetTraceNumbers.Sized(ref row);
                    break;
                default:
                    // What a later version adds has no size of its own.
                    return read;
            }
        }

        return read;
    }

    private static int Number(ulong value) => value <= int.MaxValue ? (int)value : 0;
}
