using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.PerfData;

/// <summary>The records of a recording in the order of the file, compressed ones unpacked.</summary>
/// <remarks>
/// All compressed records of a file are pieces of one zstd stream, and what they hold is one flow of records: a record may start in
/// one piece and end in the next. Other records (FINISHED_ROUND) stand between the pieces.
/// Source: Linux tools/perf/util/session.c, <c>perf_session__process_compressed_event</c>.
/// </remarks>
internal sealed class PerfRecords : IDisposable
{
    private readonly ByteSource _source;
    private readonly PerfSection _data;
    private readonly bool _bigEndian;
    private readonly RecordWindow _plain;
    private readonly RecordWindow _unpacked;
    private RecordWindow _current;
    private ZstdStream? _zstd;
    private long _next;
    private int _packedAt;
    private int _packedEnd;
    private bool _mayHaveMore;

    /// <summary>Starts to read.</summary>
    /// <param name="source">The file.</param>
    /// <param name="data">Where the records are.</param>
    /// <param name="bigEndian">Byte order.</param>
    public PerfRecords(ByteSource source, PerfSection data, bool bigEndian)
    {
        _source = source;
        _data = data;
        _bigEndian = bigEndian;
        _plain = new RecordWindow(Chunks, bigEndian);
        _unpacked = new RecordWindow(Chunks, bigEndian);
        _current = _plain;
        _next = data.Offset;
    }

    /// <summary>The memory the records are in.</summary>
    public RecordChunks Chunks { get; } = new();

    /// <summary>Type of the current record.</summary>
    public uint Type => _current.Type;

    /// <summary>Whether the current record was compressed.</summary>
    public bool IsUnpacked => _current == _unpacked;

    /// <summary>The chunk the current record is in.</summary>
    public RecordChunk Chunk => _current.Chunk;

    /// <summary>Where the current record's body starts in the chunk.</summary>
    public int BodyStart => _current.Start + RecordWindow.HeaderSize;

    /// <summary>The current record behind its header.</summary>
    public ReadOnlySpan<byte> Body => _current.Body;

    /// <summary>Where the body, or the record it was unpacked from, stands in the file.</summary>
    public long BodyOffset => Chunk.OffsetOf(BodyStart);

    /// <summary>The data that follows the current record and is not part of it.</summary>
    public PerfSection Following { get; private set; }

    /// <summary>Whether a pipe ended inside a record.</summary>
    public bool IsCut { get; private set; }

    /// <summary>How many bytes of the file are done.</summary>
    public long Consumed => _next - _data.Offset;

    /// <summary>Goes to the next record.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="CaptureFormatException">The data is cut or damaged.</exception>
    public bool MoveNext()
    {
        while (true)
        {
            if (_packedAt < _packedEnd || _mayHaveMore || _current == _unpacked)
            {
                _current = _unpacked;
                if (_unpacked.MoveNext())
                {
                    return true;
                }

                if (!Unpack())
                {
                    _current = _plain;
                }
            }
            else if (!_plain.MoveNext())
            {
                if (!Fill())
                {
                    End();
                    return false;
                }
            }
            else if (_plain.Type == PerfRecordType.Sample)
            {
                return true;
            }
            else if (!StartUnpacking())
            {
                Follow();
                return true;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _zstd?.Dispose();
        Chunks.Dispose();
    }

    // Whoever wrote a pipe may be killed at any byte, and what came before is all there is: a file is copied again.
    private void End()
    {
        if (_source is PipeSource)
        {
            IsCut = _plain.Left > 0 || _unpacked.Left > 0;
            return;
        }

        _plain.End();
        _unpacked.End();
    }

    private bool Fill()
    {
        long left = _data.End - _next;
        if (left <= 0)
        {
            return false;
        }

        // A pipe gives little at a time: it fills a chunk before the next is taken.
        if (_plain.Free.Count < RecordWindow.LongestRecord || _plain.EndOffset != _next)
        {
            _plain.Renew(_next, unpacked: false);
        }

        ArraySegment<byte> free = _plain.Free;
        int length = _source.ReadSome(_next, free.AsSpan(0, (int)Math.Min(left, free.Count)));
        _plain.Filled(length);
        _next += length;
        return length > 0;
    }

    private bool StartUnpacking()
    {
        if (_plain.Type is not (PerfRecordType.Compressed or PerfRecordType.Compressed2))
        {
            return false;
        }

        _packedAt = _plain.Start + RecordWindow.HeaderSize;
        _packedEnd = _plain.Start + _plain.Size;
        if (_plain.Type == PerfRecordType.Compressed2)
        {
            var cursor = new ByteCursor(Body, BodyOffset, _bigEndian);
            ulong size = cursor.U64("compressed.data_size");
            if (size > (ulong)cursor.Left)
            {
                CaptureFormatException.ThrowImpossible("compressed.data_size", BodyOffset, $"{size} in a record with {cursor.Left}");
            }

            _packedAt += sizeof(ulong);
            _packedEnd = _packedAt + (int)size;
        }

        _zstd ??= ZstdStream.Create(BodyOffset);
        return true;
    }

    // One step: as much as there is room for.
    private bool Unpack()
    {
        if (_packedAt == _packedEnd && !_mayHaveMore)
        {
            return false;
        }

        long at = _plain.Chunk.OffsetOf(_plain.Start);
        if (_unpacked.Free.Count == 0)
        {
            _unpacked.Renew(at, unpacked: true);
        }

        ArraySegment<byte> free = _unpacked.Free;
        ArraySegment<byte> packed = new(_plain.Chunk.Buffer, _packedAt, _packedEnd - _packedAt);
        (int read, int written) = _zstd!.Unpack(packed, free, at);
        _packedAt += read;
        _unpacked.Filled(written);
        _mayHaveMore = written == free.Count;
        return true;
    }

    // The few records that say in their body how much data follows them.
    private void Follow()
    {
        if (Type is PerfRecordType.StartOfPipe or PerfRecordType.StartOfBigEndianPipe)
        {
            CaptureFormatException.ThrowAnother("perf.data", BodyOffset - RecordWindow.HeaderSize);
        }

        var cursor = new ByteCursor(Body, BodyOffset, _bigEndian);
        ulong size = Type switch
        {
            PerfRecordType.AuxTrace => cursor.U64("auxtrace.size"),
            PerfRecordType.HeaderTracingData => cursor.U32("tracing_data.size"),
            _ => 0,
        };
        if (size == 0)
        {
            return;
        }

        long start = _next - _plain.Left;
        if (size > (ulong)(_data.End - start))
        {
            CaptureFormatException.ThrowTruncated("data behind a record", start, (long)Math.Min(size, long.MaxValue), _data.End - start);
        }

        Following = new PerfSection(start, (long)size);
        int there = (int)Math.Min((long)size, _plain.Left);
        _plain.Skip(there);
        _next += (long)size - there;
    }
}
