using Differ.Schemas.Files;

namespace Differ.Fuzz;

/// <summary>A pipe whose writer gives a few bytes at a time, falls silent in between, and may break or be interrupted. The same bytes come in the same pieces.</summary>
/// <param name="bytes">What comes.</param>
internal sealed class SlowPipe(byte[] bytes) : ReadOnlyStream
{
    private const int LongestPiece = 12;

    private readonly Random _random = FuzzWays.RandomOf(bytes);
    private readonly Queue<int> _silences = new();
    private int _at;

    /// <summary>How often the writer falls silent.</summary>
    public int Silences
    {
        init => Array.ForEach([.. Enumerable.Range(0, value).Select(_ => _random.Next(bytes.Length + 1)).Order()], _silences.Enqueue);
    }

    /// <summary>For how long.</summary>
    public TimeSpan Silence { get; init; }

    /// <summary>Behind how many bytes reading fails; that of all bytes never does.</summary>
    public int BreaksAt { get; init; } = int.MaxValue;

    /// <summary>Behind how many bytes somebody interrupts.</summary>
    public int InterruptedAt { get; init; } = int.MaxValue;

    /// <summary>Is told of the interruption.</summary>
    public CancellationTokenSource? Interruption { get; init; }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_silences.TryPeek(out int silence) && silence <= _at)
        {
            _silences.Dequeue();
            Thread.Sleep(Silence);
        }

        if (_at >= BreaksAt)
        {
            throw new IOException(MachineFaults.BadSector);
        }

        if (_at >= InterruptedAt)
        {
            Interruption?.Cancel();
        }

        int most = Math.Min(buffer.Length, bytes.Length - _at), next = Next(BreaksAt, InterruptedAt, _silences.TryPeek(out silence) ? silence : int.MaxValue);
        int length = Math.Min(Math.Min(most, 1 + _random.Next(1 << _random.Next(LongestPiece))), next - _at);
        bytes.AsSpan(_at, length).CopyTo(buffer);
        _at += length;
        return length;
    }

    // No piece goes beyond a place where something happens.
    private int Next(params ReadOnlySpan<int> places)
    {
        int next = int.MaxValue;
        foreach (int place in places)
        {
            next = place > _at && place < next ? place : next;
        }

        return next;
    }
}
