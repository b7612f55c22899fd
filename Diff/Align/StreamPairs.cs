using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>Which vCPU stream of one run belongs to which of the other.</summary>
/// <remarks>
/// A run tells only at its end which stream is which vCPU. Until then streams are paired by their number, which is the order
/// of their first events; vCPU 0 comes first on every machine.
/// </remarks>
public sealed class StreamPairs
{
    // Streams without a partner get numbers above those that a run can have.
    private const int Single = 1 << 20;

    private readonly Dictionary<int, int> _testToBase = [];
    private readonly Dictionary<int, int> _baseToTest = [];
    private readonly bool _byNumber;

    private StreamPairs(bool byNumber) => _byNumber = byNumber;

    /// <summary>By number.</summary>
    public static StreamPairs ByNumber { get; } = new(byNumber: true);

    /// <summary>By VM and vCPU.</summary>
    public static StreamPairs ByVcpu(IReadOnlyList<VcpuStream> inBase, IReadOnlyList<VcpuStream> inTest)
    {
        var pairs = new StreamPairs(byNumber: false);

        // Several streams may be one vCPU: the first that has no partner yet is next.
        var free = inBase.GroupBy(one => (one.Machine, one.Vcpu)).ToDictionary(group => group.Key, group => new Queue<VcpuStream>(group));
        foreach (VcpuStream test in inTest)
        {
            if (free.TryGetValue((test.Machine, test.Vcpu), out Queue<VcpuStream>? waiting) && waiting.TryDequeue(out VcpuStream? partner))
            {
                pairs._testToBase.Add(test.Id.Value, partner.Id.Value);
                pairs._baseToTest.Add(partner.Id.Value, test.Id.Value);
            }
        }

        return pairs;
    }

    /// <summary>Whether the streams of two runs are paired as by number.</summary>
    public bool AreByNumber => _byNumber || _testToBase.All(pair => pair.Key == pair.Value);

    /// <summary>The pair of a stream of the test run; that of a stream of the base run is its own number.</summary>
    public int OfTest(int stream) => _byNumber ? stream : _testToBase.TryGetValue(stream, out int partner) ? partner : Single + stream;

    /// <summary>The stream of the base run in a pair.</summary>
    public static StreamId BaseOf(int pair) => new(pair < Single ? pair : -1);

    /// <summary>The stream of the test run in a pair.</summary>
    public StreamId TestOf(int pair) =>
        new(pair >= Single ? pair - Single : _byNumber ? pair : _baseToTest.TryGetValue(pair, out int partner) ? partner : -1);
}
