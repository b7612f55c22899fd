using System.Buffers;

namespace Differ.Capture.Formats.PerfData;

/// <summary>A piece of the recording in memory, held as long as an event in it waits for its turn.</summary>
/// <param name="index">Its number in the pool.</param>
internal sealed class RecordChunk(int index)
{
    /// <summary>Its number in the pool.</summary>
    public int Index { get; } = index;

    /// <summary>The bytes.</summary>
    public byte[] Buffer { get; set; } = [];

    /// <summary>How many hold it.</summary>
    public int Users { get; set; }

    /// <summary>Where the first byte, or the record it was unpacked from, stands in the file.</summary>
    public long FileOffset { get; set; }

    /// <summary>Whether its bytes were unpacked.</summary>
    public bool IsUnpacked { get; set; }

    /// <summary>Where a byte, or the record it was unpacked from, stands in the file.</summary>
    public long OffsetOf(int at) => IsUnpacked ? FileOffset : FileOffset + at;
}

/// <summary>Gives out chunks and takes them back.</summary>
internal sealed class RecordChunks : IDisposable
{
    /// <summary>Bytes of a chunk: several times the longest record, 64 KiB.</summary>
    public const int Size = 1 << 18;

    private readonly List<RecordChunk> _all = [];
    private readonly Stack<RecordChunk> _free = [];

    /// <summary>How many are out.</summary>
    public int Live => _all.Count - _free.Count;

    /// <summary>The chunk with a number.</summary>
    public RecordChunk this[int index] => _all[index];

    /// <summary>A chunk with one user.</summary>
    public RecordChunk Rent(long fileOffset, bool unpacked)
    {
        if (!_free.TryPop(out RecordChunk? chunk))
        {
            chunk = new RecordChunk(_all.Count) { Buffer = ArrayPool<byte>.Shared.Rent(Size) };
            _all.Add(chunk);
        }

        chunk.Users = 1;
        chunk.FileOffset = fileOffset;
        chunk.IsUnpacked = unpacked;
        return chunk;
    }

    /// <summary>One user less.</summary>
    public void Release(RecordChunk chunk)
    {
        if (--chunk.Users == 0)
        {
            _free.Push(chunk);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RecordChunk chunk in _all)
        {
            ArrayPool<byte>.Shared.Return(chunk.Buffer);
            chunk.Buffer = [];
        }

        _all.Clear();
        _free.Clear();
    }
}
