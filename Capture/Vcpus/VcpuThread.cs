using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>A host thread that may run vCPUs, usually one and always the same.</summary>
/// <param name="id">The thread id.</param>
/// <param name="room">What its waiting events may take, together with everything that is kept.</param>
internal sealed class VcpuThread(int id, EventBudget room)
{
    // Events before the first entry of a thread; a thread that enters no guest never has a use for them.
    private const int MostWaiting = 256;

    // Most threads have neither.
    private Dictionary<uint, ExitAssembler>? _streams;
    private List<(KvmEvent Event, Observed<ulong> Vcpu)>? _waiting;

    public int Id { get; } = id;

    /// <summary>The stream of the vCPU that runs now; null before it is known.</summary>
    public ExitAssembler? Current { get; private set; }

    /// <summary>Events that were dropped because the thread has entered no guest.</summary>
    public ulong Dropped { get; private set; }

    /// <summary>Makes the stream of a vCPU current and hands it what waited for it.</summary>
    /// <param name="vcpu">KVM's number.</param>
    /// <param name="create">Makes a stream that does not exist yet; null where there are too many.</param>
    /// <returns>The stream; null where it could not be made.</returns>
    public ExitAssembler? Switch(uint vcpu, Func<VcpuThread, uint, ExitAssembler?> create)
    {
        Current = StreamOf(vcpu);
        if (Current is null)
        {
            if (create(this, vcpu) is not { } made)
            {
                return null;
            }

            Current = made;
            _streams ??= [];
            _streams.Add(vcpu, made);
        }

        if (_waiting is not null)
        {
            foreach ((KvmEvent kvmEvent, Observed<ulong> of) in _waiting)
            {
                if (of.Or(vcpu) == vcpu)
                {
                    Current.Happen(kvmEvent);
                }
            }

            room.Give(_waiting.Count);
            _waiting = null;
        }

        return Current;
    }

    /// <summary>The stream of a vCPU that ran here; null where none with the number did.</summary>
    public ExitAssembler? StreamOf(uint vcpu) => _streams?.GetValueOrDefault(vcpu);

    /// <summary>KVM_RUN starts: a thread that serves several vCPUs may run another one now.</summary>
    public void BeginRun()
    {
        if (_streams is { Count: > 1 })
        {
            Current = null;
        }
    }

    /// <summary>Keeps an event until the vCPU it belongs to is known.</summary>
    /// <param name="kvmEvent">The event.</param>
    /// <param name="vcpu">KVM's number of the vCPU, where the event shows it; it is of no other then.</param>
    public void Wait(in KvmEvent kvmEvent, Observed<ulong> vcpu)
    {
        if ((_waiting?.Count ?? 0) < MostWaiting && room.Take(1))
        {
            _waiting ??= [];
            _waiting.Add((kvmEvent, vcpu));
        }
        else
        {
            Dropped++;
        }
    }

    /// <summary>The capture ends: what still waits belongs to no vCPU.</summary>
    public void End() => Dropped += (ulong)(_waiting?.Count ?? 0);
}
