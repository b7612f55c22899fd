using System.Buffers.Binary;

namespace Differ.Capture.Formats.Text;

/// <summary>How an event stands to those before it in its text.</summary>
internal enum TextSequence : byte
{
    /// <summary>It follows the one before of its thread.</summary>
    Next,

    /// <summary>Its thread's time went back, or events between were left out: it starts another excerpt.</summary>
    Apart,

    /// <summary>It stood in the text before.</summary>
    Repeated,
}

/// <summary>The order of the events of each thread: every tool prints them in the order of time, people paste them in any.</summary>
/// <remarks>
/// <code>
///   mail     1 2 3 4 5
///   reply    > 3 4 5 6      time goes back at 3: 3, 4 and 5 are the same events again, 6 starts an excerpt
///   swapped  1 2 4 3 5      time goes back at 3: it starts an excerpt
/// </code>
/// An event is the same when thread, time, event and fields are, whatever quoting and wrapping made of its line.
/// </remarks>
internal sealed class TextOrder
{
    // What people quote is shorter than what tools print. Half of the slots stay free.
    private const int MostRemembered = 1 << 16, Slots = 2 * MostRemembered;
    private const int MostThreads = 1 << 18;

    private readonly Dictionary<int, ThreadOrder> _threads = [];
    private ulong[]? _events = new ulong[Slots];
    private int _remembered;
    private ThreadOrder _current = new();
    private int _thread = int.MinValue;
    private int _part;

    /// <summary>Another text begins: no thread goes on where it was.</summary>
    public void Part()
    {
        _part++;
        _thread = int.MinValue;
    }

    /// <summary>Takes an event.</summary>
    /// <param name="thread">Its thread.</param>
    /// <param name="time">Its time.</param>
    /// <param name="kind">Which event it is.</param>
    /// <param name="content">Its fields, or its text.</param>
    public TextSequence Take(int thread, ulong time, int kind, ReadOnlySpan<byte> content)
    {
        ThreadOrder order = Of(thread);
        bool back = time < order.Last, behind = (back || order.Behind) && time <= order.Latest;
        ulong hash = _events is null ? 0 : Hash(content, thread, time, kind);
        bool repeated = _events is not null && (behind ? _events[SlotOf(_events, hash)] == hash : time == order.Last && hash == order.LastHash);
        order.Behind = behind;
        order.Last = time;
        order.LastHash = hash;
        order.Apart |= back || (behind && repeated);
        if (repeated)
        {
            return TextSequence.Repeated;
        }

        Remember(hash);
        order.Latest = Math.Max(order.Latest, time);
        bool apart = order.Apart;
        order.Apart = false;
        return apart ? TextSequence.Apart : TextSequence.Next;
    }

    private ThreadOrder Of(int thread)
    {
        if (thread == _thread)
        {
            return _current;
        }

        if (!_threads.TryGetValue(thread, out ThreadOrder? order))
        {
            order = new ThreadOrder();
            if (_threads.Count < MostThreads)
            {
                _threads.Add(thread, order);
            }
        }
        else if (order.Part != _part)
        {
            order.Apart = true;
        }

        order.Part = _part;

        _thread = thread;
        return _current = order;
    }

    private void Remember(ulong hash)
    {
        if (_events is null)
        {
            return;
        }

        ref ulong slot = ref _events[SlotOf(_events, hash)];
        _remembered += slot == hash ? 0 : 1;
        slot = hash;
        if (_remembered == MostRemembered)
        {
            _events = null;
        }
    }

    // Where a hash is, or would be.
    private static int SlotOf(ulong[] events, ulong hash)
    {
        int slot = (int)(hash % Slots);
        while (events[slot] != 0 && events[slot] != hash)
        {
            slot = (slot + 1) % Slots;
        }

        return slot;
    }

    private static ulong Hash(ReadOnlySpan<byte> content, int thread, ulong time, int kind)
    {
        unchecked
        {
            ulong hash = Mix(time ^ Mix(((ulong)(uint)thread << 32) | (uint)kind));
            for (; content.Length >= sizeof(ulong); content = content[sizeof(ulong)..])
            {
                hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(content));
            }

            foreach (byte letter in content)
            {
                hash = Mix(hash ^ letter);
            }

            // 0 is a slot that is free.
            return hash | 1;
        }
    }

    private static ulong Mix(ulong hash)
    {
        hash = unchecked((hash + 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93);
        return hash ^ (hash >> 32);
    }

    private sealed class ThreadOrder
    {
        /// <summary>Time of the last event, be it a repeated one.</summary>
        public ulong Last { get; set; }

        /// <summary>What tells it from others.</summary>
        public ulong LastHash { get; set; }

        /// <summary>The latest time so far.</summary>
        public ulong Latest { get; set; }

        /// <summary>Time went back and has not caught up: what comes may be what came before.</summary>
        public bool Behind { get; set; }

        /// <summary>Number of the text that its last event is in, of several put together.</summary>
        public int Part { get; set; }

        /// <summary>What comes next does not follow what came before.</summary>
        public bool Apart { get; set; }
    }
}
