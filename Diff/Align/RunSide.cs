using System.Collections.Concurrent;
using Differ.Diff.Compare;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>Marks on their way from the thread that reads a run to the one that aligns.</summary>
internal sealed class MarkBatch
{
    /// <summary>How many marks a batch holds.</summary>
    public const int Size = 1024;

    private readonly ExitMark[] _marks = new ExitMark[Size];
    private readonly int[] _streams = new int[Size];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The place of the next mark, to be filled before <see cref="Added"/>.</summary>
    public ref ExitMark Next => ref _marks[Count];

    /// <summary>The next mark has been filled.</summary>
    /// <param name="stream">Its stream.</param>
    public void Added(StreamId stream) => _streams[Count++] = stream.Value;

    public ref readonly ExitMark this[int number] => ref _marks[number];

    public int StreamOf(int number) => _streams[number];

    /// <summary>Empties it for the next marks.</summary>
    public void Clear() => Count = 0;
}

/// <summary>One of the two runs: takes its exits on the thread that reads it, passes them on, and queues their marks.</summary>
/// <remarks>The queue is short: a run that is ahead waits for the other.</remarks>
internal sealed class RunSide : IComputedSink, IDisposable
{
    private const int MostBatches = 4;

    private readonly INamingSink _inner;
    private readonly MarkMaker _maker;
    private readonly CancellationToken _cancel;
    private readonly BlockingCollection<MarkBatch> _full = new(MostBatches);
    private readonly ConcurrentQueue<MarkBatch> _free = new();
    private MarkBatch _batch = new();

    /// <summary>A side.</summary>
    /// <param name="inner">Takes every exit too.</param>
    /// <param name="listed">Tracepoints that both captures describe.</param>
    /// <param name="cancel">Ends the waiting for the other side.</param>
    public RunSide(INamingSink inner, TracepointSet listed, CancellationToken cancel)
    {
        _inner = inner;
        _maker = new MarkMaker(listed);
        _cancel = cancel;
    }

    /// <summary>Exits whose handling can be compared, by kind; complete when the run has ended.</summary>
    public ExitKinds Kinds { get; } = new();

    public void Take(in ExitRecord recorded, in ComputedExit computed)
    {
        _inner.Take(recorded, computed);
        ref ExitMark mark = ref _batch.Next;
        if (!_maker.TryMake(recorded, computed.Instruction, ref mark))
        {
            return;
        }

        mark.Finding = _inner.Finding;
        if (mark.Comparable)
        {
            Kinds.Add(mark);
        }

        _batch.Added(recorded.Stream);
        if (_batch.Count == MarkBatch.Size)
        {
            _full.Add(_batch, _cancel);
            _batch = _free.TryDequeue(out MarkBatch? free) ? free : new MarkBatch();
        }
    }

    /// <summary>The run has ended, well or not.</summary>
    public void End()
    {
        if (_batch.Count > 0 && !_cancel.IsCancellationRequested)
        {
            _full.Add(_batch, _cancel);
        }

        _full.CompleteAdding();
    }

    /// <summary>The next marks; waits for them.</summary>
    /// <returns>Null when there are no more.</returns>
    public MarkBatch? Next() => _full.TryTake(out MarkBatch? batch, Timeout.Infinite, _cancel) ? batch : null;

    /// <summary>Gives a batch back.</summary>
    public void Recycle(MarkBatch batch)
    {
        batch.Clear();
        _free.Enqueue(batch);
    }

    public void Dispose() => _full.Dispose();
}
