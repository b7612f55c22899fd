using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats;

public sealed class RingBufferPageTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Data_of_every_length_is_read_whole(bool bigEndian)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { BigEndian = bigEndian });
        int[] lengths = [.. Enumerable.Range(12, 190)];
        for (int i = 0; i < lengths.Length; i++)
        {
            builder.Cpu(0).Event((ulong)i, Mark.Long(builder, (uint)i, lengths[i]));
        }

        EventList list = EventList.Of(builder.File);
        Assert.Equal(lengths.Select(length => (length + 3) / 4 * 4), list.Events.Select(one => one.Payload.Length));
        for (int i = 0; i < lengths.Length; i++)
        {
            Assert.Equal(Mark.Long(builder, (uint)i, lengths[i]), list.Events[i].Payload[..lengths[i]]);
        }
    }

    [Fact]
    public void Short_data_may_have_a_length_of_its_own()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder());
        builder.Cpu(0).Event(5, Mark.Of(1), withLength: true).Event(9, Mark.Of(2));
        Assert.Equal([(5UL, 1U), (9UL, 2U)], EventList.Of(builder.File).Events.Select(one => (one.Time, Mark.ValueOf(one))));
    }

    [Theory]
    [InlineData(false, 8)]
    [InlineData(true, 8)]
    [InlineData(false, 4)]
    [InlineData(true, 4)]
    public void Every_delta_adds_to_the_time(bool bigEndian, int longSize)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { BigEndian = bigEndian, LongSize = longSize });
        builder.Cpu(0).Event(1000, Mark.Of(0)).Event(1000, Mark.Of(1)).Event(1_000_007, Mark.Of(2))
            .Extend(1UL << 40).Event((1UL << 40) + 1_000_009, Mark.Of(3))
            .Discarded(delta: 100, bytes: 8).Event((1UL << 40) + 1_000_110, Mark.Of(4));
        EventList list = EventList.Of(builder.File);
        Assert.Equal([1000, 1000, 1_000_007, (1UL << 40) + 1_000_009, (1UL << 40) + 1_000_110], list.Times);
        Assert.Equal([0, 1, 2, 3, 4], list.Events.Select(one => Mark.ValueOf(one, bigEndian)));
    }

    [Fact]
    public void A_delta_beyond_27_bits_comes_as_an_extension()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder());
        ulong[] times = [1, (1UL << 27), (1UL << 28) + 5, 1UL << 50, (1UL << 50) + (1UL << 27) - 1];
        foreach (ulong time in times)
        {
            builder.Cpu(0).Event(time, Mark.Of(0));
        }

        Assert.Equal(times, EventList.Of(builder.File).Times);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_absolute_stamp_replaces_59_bits_of_the_time(bool bigEndian)
    {
        const ulong Top = 0xa800_0000_0000_0000;
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { BigEndian = bigEndian });
        builder.Cpu(0).Event(Top + 7, Mark.Of(0)).Stamp(Top + (1UL << 45) + 3).Event(Top + (1UL << 45) + 4, Mark.Of(1));
        Assert.Equal([Top + 7, Top + (1UL << 45) + 4], EventList.Of(builder.File).Times);
    }

    [Fact]
    public void A_padding_without_delta_ends_the_page()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder());
        builder.Cpu(0).Event(1, Mark.Of(1)).Rest().Raw(0xff, 0xff, 0xff, 0xff).NewPage().Event(2, Mark.Of(2));
        Assert.Equal([1U, 2U], EventList.Of(builder.File).Events.Select(one => Mark.ValueOf(one)));
    }

    [Theory]
    [InlineData(false, 8)]
    [InlineData(true, 4)]
    public void A_loss_mark_counts_its_events(bool bigEndian, int longSize)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { BigEndian = bigEndian, LongSize = longSize });
        builder.Cpu(0).Event(10, Mark.Of(0)).Lost(1234).Event(20, Mark.Of(1)).Lost().Event(30, Mark.Of(2));
        EventList list = EventList.Of(builder.File);
        Assert.Equal([new LossMark(0, 1234, new(10), new(20)), new LossMark(0, 0, new(20), new(30))], list.Losses);
        Assert.Equal(3, list.Events.Count);
    }

    [Fact]
    public void A_loss_before_a_time_extension_is_seen()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder());
        builder.Cpu(3).Event(10, Mark.Of(0)).Lost(5).Extend(1UL << 30).Event((1UL << 30) + 20, Mark.Of(1));
        Assert.Equal(5UL, Assert.Single(EventList.Of(builder.File).Losses).Events);
    }

    [Fact]
    public void Losses_of_pages_without_events_add_up()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder());
        builder.Cpu(0).Event(10, Mark.Of(0)).Lost(5).Rest().Lost(6).Rest().Lost(7).Event(30, Mark.Of(1));
        Assert.Equal(18UL, Assert.Single(EventList.Of(builder.File).Losses).Events);
    }

    [Fact]
    public void A_loss_at_the_end_is_seen()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder());
        builder.Cpu(0).Event(10, Mark.Of(0)).Lost(5).Rest();
        Assert.Equal(new LossMark(0, 5, new(10), new(ulong.MaxValue)), Assert.Single(EventList.Of(builder.File).Losses));
    }

    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(4096)]
    [InlineData(16384)]
    [InlineData(65536)]
    [InlineData(131072)]
    public void Pages_of_any_size_are_walked(int size)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { PageSize = size });
        for (uint i = 0; i < 20_000; i++)
        {
            builder.Cpu(0).Event(i * 3, Mark.Of(i));
        }

        EventList list = EventList.Of(builder.File);
        Assert.Equal(Enumerable.Range(0, 20_000).Select(i => ((ulong)i * 3, (uint)i)), list.Events.Select(one => (one.Time, Mark.ValueOf(one))));
    }

    [Theory]
    [InlineData("DIF0101", new byte[] { 3, 0 })]
    [InlineData("DIF0101", new byte[] { 28, 0, 0, 0, 1, 2, 3, 4 })]
    [InlineData("DIF0101", new byte[] { 30, 0, 0, 0 })]
    [InlineData("DIF0101", new byte[] { 31, 0, 0, 0 })]
    [InlineData("DIF0101", new byte[] { 0x3d, 0, 0, 0, 0xff, 0, 0, 0 })]
    [InlineData("DIF0104", new byte[] { 0, 0, 0, 0, 3, 0, 0, 0 })]
    [InlineData("DIF0104", new byte[] { 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff })]
    public void A_damaged_entry_is_refused_with_its_place(string code, byte[] entry)
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder());
        byte[] file = builder.Cpu(0).Event(1, Mark.Of(1)).Raw(entry).File;
        CaptureFormatException refused = Assert.Throws<CaptureFormatException>(() => EventList.Of(file));
        Assert.Equal(code, refused.Code);
        Assert.InRange(refused.FileOffset, 0, file.Length);
    }

    [Fact]
    public void A_page_that_claims_more_than_it_holds_is_refused()
    {
        TraceDatBuilder builder = Mark.Describe(new TraceDatBuilder { Version = 6 });
        byte[] file = builder.Cpu(0).Event(1, Mark.Of(1)).File;
        int page = file.Length - 4096;
        file[page + 9] = 0x10;
        CaptureFormatException refused = Assert.Throws<CaptureFormatException>(() => EventList.Of(file));
        Assert.Equal(("DIF0104", page), (refused.Code, (int)refused.FileOffset));
    }
}
