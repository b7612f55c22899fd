using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>On which host CPU a vCPU is, and whether its moves can be true.</summary>
/// <remarks>
/// Events of different CPUs are put in order by their times. Where the clocks of two CPUs differ, the last events of a vCPU on one and
/// its first ones on the other come mixed:
/// <code>
///   as it was    CPU 0: a b c          CPU 1: d e f
///   as recorded  a d b e c f           the vCPU goes to CPU 1, comes back, and goes again
/// </code>
/// The scheduler needs longer for that: the thread has to be stopped, woken elsewhere, stopped and woken again. That a guest exits on
/// another CPU than entered it shows nothing: up to 6.4 kvm_exit is recorded when the thread may have been moved already.
/// </remarks>
/// <param name="unit">What times are: where they are ticks of unknown length, nothing is known of how long something took.</param>
internal sealed class CpuMoves(ClockUnit unit)
{
    // Nanoseconds in which no thread goes to another CPU and comes back.
    private const ulong Soonest = 200_000;

    private readonly ulong _soonest = unit == ClockUnit.Nanoseconds ? Soonest : 0;
    private readonly List<(int Cpu, ClockTime Left)> _left = [];

    /// <summary>The CPU of the last event; less than 0 before there is one.</summary>
    public int Cpu { get; private set; } = -1;

    /// <summary>The vCPU has an event on another CPU than before.</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="time">When.</param>
    /// <returns>Whether it has been there so lately that it cannot have come back.</returns>
    public bool Move(int cpu, ClockTime time)
    {
        _left.RemoveAll(place => unchecked(time.Value - place.Left.Value) > _soonest);
        bool back = _left.Exists(place => place.Cpu == cpu);
        _left.Add((Cpu, time));
        Cpu = cpu;
        return back;
    }

    /// <summary>When a move of a time is known to have been one.</summary>
    public ClockTime SettledAfter(ClockTime time) => new(Math.Min(time.Value, ulong.MaxValue - _soonest) + _soonest);

    /// <summary>Where the vCPU is first seen.</summary>
    public void Start(int cpu) => Cpu = cpu;
}
