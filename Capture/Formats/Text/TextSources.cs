namespace Differ.Capture.Formats.Text;

/// <summary>The threads of a text that prints several files together, each of a host of its own: the same number is another thread in each.</summary>
/// <remarks>A thread of the first host keeps its number. Those of the others get numbers below 0, which no thread has.</remarks>
/// <example><c>trace-cmd report -i host.dat -i guest.dat</c></example>
internal sealed class TextSources
{
    private const int MostHosts = 1 << 10;

    private readonly ByteTable<int> _hosts = new();
    private readonly Dictionary<(int Host, int Thread), int> _keys = [];
    private readonly List<(int Host, int Thread)> _threads = [];

    /// <summary>The number under which a thread is kept.</summary>
    /// <param name="source">The file that its line names; empty for none.</param>
    /// <param name="thread">Its number on its host.</param>
    public int KeyOf(ReadOnlySpan<byte> source, int thread)
    {
        if (!_hosts.TryGet(source, out int host))
        {
            host = Math.Min(_hosts.Count, MostHosts - 1);
            if (_hosts.Count < MostHosts)
            {
                _hosts.TryAdd(source.ToArray(), host);
            }
        }

        if (host == 0)
        {
            return thread;
        }

        if (!_keys.TryGetValue((host, thread), out int key))
        {
            _threads.Add((host, thread));
            key = -_threads.Count;
            _keys.Add((host, thread), key);
        }

        return key;
    }

    /// <summary>The host of a thread, numbered in the order in which they come, and its number there.</summary>
    public (int Host, int Thread) Of(int key) => key < 0 ? _threads[-key - 1] : (0, key);
}
