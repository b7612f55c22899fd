using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.PerfData;

/// <summary>Names of threads, from COMM and FORK records in whatever order their rings were read.</summary>
internal sealed class PerfThreads
{
    // Linux include/linux/threads.h, PID_MAX_LIMIT; include/linux/sched.h, TASK_COMM_LEN.
    private const uint MostThreads = 1 << 22;
    private const int LongestName = 16;
    private const int LongestLine = 64;

    private readonly Dictionary<int, string> _names = [];
    private readonly Dictionary<int, int> _parents = [];

    /// <summary>A thread has a name.</summary>
    public void Name(uint thread, ReadOnlySpan<byte> name)
    {
        name = name[..Math.Min(name.Length, LongestName)];
        int end = name.IndexOf((byte)0);
        if (thread < MostThreads)
        {
            _names[(int)thread] = Utf8Text.Decode(end < 0 ? name : name[..end]);
        }
    }

    /// <summary>A thread has begun.</summary>
    public void Fork(uint thread, uint parent)
    {
        if (thread < MostThreads && parent < MostThreads)
        {
            _parents[(int)thread] = (int)parent;
        }
    }

    /// <summary>The names, those of parents where threads have none of their own.</summary>
    public IReadOnlyDictionary<int, string> Settle()
    {
        foreach (int thread in _parents.Keys)
        {
            int named = thread;
            for (int i = 0; i < LongestLine && !_names.ContainsKey(named) && _parents.TryGetValue(named, out int parent); i++)
            {
                named = parent;
            }

            if (_names.TryGetValue(named, out string? name))
            {
                _names.TryAdd(thread, name);
            }
        }

        return _names;
    }
}
