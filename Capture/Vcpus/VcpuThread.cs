using Differ.Schemas.Run;

namespace Differ.Capture.Vcpus;

/// <summary>A host thread that may run vCPUs, usually one and always the same.</summary>
/// <param name="id">The thread id.</param>
internal sealed class VcpuThread(int id)
{
    // Events before the first entry of a thread; a thread that enters no guest never has a use for them.
    private const int MostWaiting = 256;

    private readonly Dictionary<uint, ExitAssembler> _streams = [];
    private readonly List<Happening> _waiting = [];

    /// <summary>The thread id.</summary>
    public int Id { get; } = id;

    /// <summary>The stream of the vCPU that runs now; null before it is known.</summary>
    public ExitAssembler? Current { get; private set; }

    /// <summary>Events that were dropped because the thread has entered no guest.</summary>
    public ulong Dropped { get; private set; }

    /// <summary>Makes the stream of a vCPU current and hands it what waited for it.</summary>
    /// <param name="vcpu">KVM's number.</param>
    /// <param name="create">Makes a stream that does not exist yet.</param>
    public ExitAssembler Switch(uint vcpu, Func<VcpuThread, uint, ExitAssembler> create)
    {
        if (!_streams.TryGetValue(vcpu, out ExitAssembler? stream))
        {
            stream = create(this, vcpu);
            _streams.Add(vcpu, stream);
        }

        Current = stream;
        foreach (Happening happening in _waiting)
        {
            stream.Happen(happening);
        }

        _waiting.Clear();
        return stream;
    }

    /// <summary>KVM_RUN starts: a thread that serves several vCPUs may run another one now.</summary>
    public void BeginRun()
    {
        if (_streams.Count > 1)
        {
            Current = null;
        }
    }

    /// <summary>Keeps an event until the vCPU it belongs to is known.</summary>
    public void Wait(in Happening happening)
    {
        if (_waiting.Count < MostWaiting)
        {
            _waiting.Add(happening);
        }
        else
        {
            Dropped++;
        }
    }

    /// <summary>The capture ends: what still waits belongs to no vCPU.</summary>
    public void End() => Dropped += (ulong)_waiting.Count;
}
