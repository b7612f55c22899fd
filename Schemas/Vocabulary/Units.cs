using System.Globalization;

namespace Differ.Schemas.Vocabulary;

/// <summary>A point on the clock of a recording: nanoseconds, or raw ticks where the file does not say how to convert them (<see cref="Run.RunHeader.ClockUnit"/>).</summary>
/// <param name="Value">Ticks since the clock's own zero.</param>
public readonly record struct ClockTime(ulong Value) : IComparable<ClockTime>
{
    /// <inheritdoc/>
    public int CompareTo(ClockTime other) => Value.CompareTo(other.Value);

    /// <summary>Earlier.</summary>
    public static bool operator <(ClockTime left, ClockTime right) => left.Value < right.Value;

    /// <summary>Later.</summary>
    public static bool operator >(ClockTime left, ClockTime right) => left.Value > right.Value;

    /// <summary>Not later.</summary>
    public static bool operator <=(ClockTime left, ClockTime right) => left.Value <= right.Value;

    /// <summary>Not earlier.</summary>
    public static bool operator >=(ClockTime left, ClockTime right) => left.Value >= right.Value;

    /// <summary>Seconds with nine decimals when ticks are nanoseconds, else the number.</summary>
    public string ToText(bool nanoseconds) => nanoseconds
        ? string.Create(CultureInfo.InvariantCulture, $"{Value / 1_000_000_000}.{Value % 1_000_000_000:d9}")
        : Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A vCPU's number as KVM gives it; unique within one VM only.</summary>
/// <param name="Value">0..4095.</param>
public readonly record struct VcpuId(uint Value);

/// <summary>The number of one vCPU stream within a run, in order of first appearance.</summary>
/// <param name="Value">0-based.</param>
public readonly record struct StreamId(int Value)
{
    /// <summary>Most streams of a run, more than any host runs vCPUs: a hostile file must not make anyone count further.</summary>
    public const int Most = 1 << 15;
}

/// <summary>A thread of the host, in the host's pid namespace.</summary>
/// <param name="Value">The thread id.</param>
public readonly record struct ThreadId(int Value);
