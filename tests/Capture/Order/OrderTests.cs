using Differ.Capture.Order;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Order;

public sealed class OrderTests
{
    [Fact]
    public void CPUs_are_merged_by_time_and_then_in_their_order()
    {
        // The example beside EventMerge.
        Assert.Equal([(1UL, 0), (3UL, 1), (5UL, 0), (5UL, 0), (5UL, 1)], Merge([1, 5, 5], [3, 5]));
    }

    [Fact]
    public void A_CPU_keeps_its_own_order_where_its_clock_steps_back() =>
        Assert.Equal([(9UL, 1), (10UL, 0), (8UL, 0), (12UL, 0)], Merge([10, 8, 12], [9]));

    [Theory]
    [InlineData(3, 1, 100, 10, 115)]
    [InlineData(0, 0, 0, 10, 10)]
    [InlineData(0, 0, 7, 10, 17)]
    [InlineData(1, 0, 0, long.MaxValue, long.MaxValue)]
    [InlineData(1 << 30, 31, 0, 0x7fff_ffff_ffff_ffff, 0x3fff_ffff_ffff_ffff)]
    [InlineData(5_000, 32, 0, 1L << 62, 5_000L << 30)]
    public void Ticks_are_scaled_in_96_bits(uint multiplier, int shift, long offset, long ticks, long expected) =>
        Assert.Equal(new ClockTime((ulong)expected), new TimeScale(multiplier, shift, (ulong)offset).Apply((ulong)ticks));

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void A_TSC_is_converted_as_trace_cmd_does_it(int version)
    {
        // The offset of the option is not added.
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { Version = version }).Clock("x86-tsc").TscToNs(3, 1, 1_000_000);
        byte[] file = builder.Cpu(0).Event(1000, Mark.Of(0)).File;
        Assert.Equal([1500UL], EventList.Of(file).Times);
        Assert.Equal(ClockUnit.Nanoseconds, Recording.Of(file).Header.ClockUnit);
    }

    [Theory]
    [InlineData("x86-tsc")]
    [InlineData("counter")]
    [InlineData("uptime")]
    public void A_clock_without_a_conversion_counts_ticks(string clock)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder()).Clock(clock).Option(7, "500");
        byte[] file = builder.Cpu(0).Event(1000, Mark.Of(0)).File;
        Assert.Equal([1000UL], EventList.Of(file).Times);
        Assert.Equal(ClockUnit.Ticks, Recording.Of(file).Header.ClockUnit);
        Assert.StartsWith("1000 [000] ", CommandLine.RunWith(file, "show", "-", "--events").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("500", "", 1500)]
    [InlineData("-500", "", 500)]
    [InlineData("", "0x10", 17_000)]
    [InlineData("1", "0x10", 17_001)]
    public void Offset_and_date_are_added_to_nanoseconds(string offset, string date, ulong expected)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder()).Clock("local").Option(7, offset).Option(1, date);
        Assert.Equal([expected], EventList.Of(builder.Cpu(0).Event(1000, Mark.Of(0)).File).Times);
    }

    private static List<(ulong Time, int Cpu)> Merge(params ulong[][] times)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder());
        for (int cpu = 0; cpu < times.Length; cpu++)
        {
            foreach (ulong time in times[cpu])
            {
                // A page each, so that a clock may step back.
                builder.Cpu(cpu).NewPage().Event(time, Mark.Of(0));
            }
        }

        return [.. EventList.Of(builder.File).Events.Select(one => (one.Time, one.Cpu))];
    }
}
