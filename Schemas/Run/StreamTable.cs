using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>Something for every stream of a run, made when the stream is first met: a damaged run may have one of a high number and none before it.</summary>
/// <param name="make">Makes it.</param>
public sealed class StreamTable<T>(Func<T> make)
    where T : class
{
    private T?[] _byStream = [];

    /// <summary>What belongs to a stream.</summary>
    public T this[StreamId stream]
    {
        get
        {
            if (stream.Value >= _byStream.Length)
            {
                Array.Resize(ref _byStream, Math.Max(stream.Value + 1, 2 * _byStream.Length));
            }

            return _byStream[stream.Value] ??= make();
        }
    }

    /// <summary>All that was made, in the order of the streams.</summary>
    public IEnumerable<T> All => _byStream.OfType<T>();
}
