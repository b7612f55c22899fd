using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Order;

/// <summary>The events of one CPU in their own order, to be merged with those of the others.</summary>
internal abstract class EventCursor : IDisposable
{
    /// <summary>Time of the current event.</summary>
    public ClockTime Time { get; protected set; }

    /// <summary>Whether the last step passed something besides events, a loss.</summary>
    public bool Marked { get; protected set; }

    /// <summary>Goes to the next event.</summary>
    /// <returns>False when there is none.</returns>
    public abstract bool MoveNext();

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
