namespace Differ.Capture.Order;

/// <summary>Takes what a merge brings.</summary>
/// <typeparam name="T">The cursors that are merged.</typeparam>
internal interface IMergeVisitor<in T>
    where T : EventCursor
{
    /// <summary>A step of a cursor passed something besides events; the event it came to is not yet due.</summary>
    void Marked(T cursor);

    /// <summary>The event a cursor stands at is due.</summary>
    void Visit(T cursor);
}

/// <summary>Merges the events of several CPUs into one order of time, holding one event of each.</summary>
/// <remarks>
/// Each CPU's own order is kept even where its clock steps back. Between CPUs, events of the same time come in the order
/// of the cursors. Example: CPU 0 has events at 1, 5 and 5, CPU 1 at 3 and 5; the order is 1 (0), 3 (1), 5 (0), 5 (0), 5 (1).
/// The visitor is a struct so that a call per event costs nothing.
/// </remarks>
internal static class EventMerge
{
    /// <summary>Visits every event of every cursor.</summary>
    /// <param name="cursors">Not yet moved.</param>
    /// <param name="visitor">Takes them.</param>
    public static void Run<T, TVisitor>(IReadOnlyList<T> cursors, ref TVisitor visitor)
        where T : EventCursor
        where TVisitor : struct, IMergeVisitor<T>
    {
        var waiting = new PriorityQueue<(T Cursor, int Order), (ulong Time, int Order)>(cursors.Count);
        for (int i = 0; i < cursors.Count; i++)
        {
            if (Step(cursors[i], ref visitor))
            {
                waiting.Enqueue((cursors[i], i), (cursors[i].Time.Value, i));
            }
        }

        while (waiting.TryDequeue(out (T Cursor, int Order) due, out _))
        {
            bool others = waiting.TryPeek(out _, out (ulong Time, int Order) next);
            if (RunAhead(due.Cursor, due.Order, others ? next : (ulong.MaxValue, int.MaxValue), ref visitor))
            {
                waiting.Enqueue(due, (due.Cursor.Time.Value, due.Order));
            }
        }
    }

    // Stays with one cursor while no other is due: bursts of one CPU need no queue.
    private static bool RunAhead<T, TVisitor>(T cursor, int order, (ulong Time, int Order) next, ref TVisitor visitor)
        where T : EventCursor
        where TVisitor : struct, IMergeVisitor<T>
    {
        do
        {
            visitor.Visit(cursor);
            if (!Step(cursor, ref visitor))
            {
                return false;
            }
        }
        while (cursor.Time.Value < next.Time || (cursor.Time.Value == next.Time && order < next.Order));

        return true;
    }

    private static bool Step<T, TVisitor>(T cursor, ref TVisitor visitor)
        where T : EventCursor
        where TVisitor : struct, IMergeVisitor<T>
    {
        bool more = cursor.MoveNext();
        if (cursor.Marked)
        {
            visitor.Marked(cursor);
        }

        return more;
    }
}
