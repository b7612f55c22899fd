using System.Buffers.Binary;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Ctf;

/// <summary>Who ran: from the events themselves, or from the switches of threads between them.</summary>
internal sealed class CtfThreads
{
    private readonly Dictionary<int, int> _threadOfCpu = [];
    private readonly Dictionary<int, string> _names = [];
    private readonly ProcessMachines _machines = new();

    public IReadOnlyDictionary<int, string> Names => _names;

    /// <summary>The VMs by thread.</summary>
    public IReadOnlyDictionary<int, int> MachineOfThread => _machines.MachineOfThread;

    /// <summary>Events of a CPU were lost, switches of threads among them, maybe.</summary>
    public void Lost(int cpu) => _threadOfCpu.Remove(cpu);

    /// <summary>The thread of an event; null where nobody knows.</summary>
    public int? Of(CtfEvents one)
    {
        CtfKind kind = one.Kind;
        int? thread = kind.ThreadAt >= 0 ? Int32(one, kind.ThreadAt) : _threadOfCpu.TryGetValue(one.Cpu, out int known) ? known : null;
        if (kind.NextThreadAt >= 0)
        {
            _threadOfCpu[one.Cpu] = Int32(one, kind.NextThreadAt);
        }

        if (thread is { } told)
        {
            Learn(one, kind, told);
        }

        return thread;
    }

    private void Learn(CtfEvents one, CtfKind kind, int thread)
    {
        if (kind.ProcessAt >= 0 && kind.Type.Binding is { Tracepoint.Role: TracepointRole.Entry })
        {
            _machines.Entered(thread, Int32(one, kind.ProcessAt));
        }

        if (kind.NameAt >= 0 && !_names.ContainsKey(thread))
        {
            ReadOnlySpan<byte> name = one.Located(kind.NameAt);
            _names.Add(thread, Utf8Text.Decode(name.IndexOf((byte)0) is >= 0 and int end ? name[..end] : name));
        }
    }

    private static int Int32(CtfEvents one, int at) => BinaryPrimitives.ReadInt32LittleEndian(one.Record[at..]);
}
