using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>How something came to be known.</summary>
public enum KnownBy : byte
{
    /// <summary>An event carries the value.</summary>
    Event,

    /// <summary>A recorder with probes dumped a VMCB or registers.</summary>
    Dump,

    /// <summary>It follows from what was recorded: an instruction worked, a guest was entered or left.</summary>
    Conclusion,

    /// <summary>The vCPU was reset, and the manual says what holds then (APM2 14.1.3).</summary>
    Reset,

    /// <summary>The user says so.</summary>
    User,
}

/// <summary>Where knowledge came from.</summary>
/// <param name="Exit">The exit whose record gave it; meaningless where the user says so.</param>
/// <param name="By">How.</param>
/// <param name="Events">The tracepoints that gave it, or from which it follows; empty where none did.</param>
public sealed record KnownSince(ulong Exit, KnownBy By, TracepointSet Events);

/// <summary>Bits of one item that became known together.</summary>
/// <param name="Bits">Which.</param>
/// <param name="Since">Where they came from.</param>
public sealed record KnownBits(ulong Bits, KnownSince Since);

/// <summary>A part of the state of a vCPU of which something is known, with where each bit came from.</summary>
/// <param name="Owner">Whose it is: L1, L2, vmcb12, the vCPU, the virtual CPU.</param>
/// <param name="Name">The manual's name, or a statement that bit 0 decides.</param>
/// <param name="Size">Bits that it has; 1 where it is a statement.</param>
/// <param name="Value">What is known of it.</param>
/// <param name="From">Every known bit once, with its source; the oldest source first.</param>
public sealed record KnownItem(string Owner, string Name, int Size, Bits64 Value, IReadOnlyList<KnownBits> From);
