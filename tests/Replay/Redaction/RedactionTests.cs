using Differ.Replay.Redaction;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Replay.Redaction;

/// <summary>What is mapped keeps what rules look at, and nothing else.</summary>
public sealed class RedactionTests
{
    private static readonly byte[] Key = [.. "a secret"u8];

    [Fact]
    public void Addresses_keep_their_place_in_the_page_their_highest_bit_and_what_is_canonical() => Laws.Hold(static (address, _, _, _) =>
    {
        var map = new AddressMap(Key);
        ulong mapped = map.Of(address);
        return (mapped & 0xfff) == (address & 0xfff)
            && ulong.LeadingZeroCount(mapped) == ulong.LeadingZeroCount(address) && ulong.LeadingZeroCount(~mapped) == ulong.LeadingZeroCount(~address)
            && map.OfCr3(address) >> 52 == address >> 52;
    });

    [Fact]
    public void Addresses_stay_apart_and_equal_ones_equal() => Laws.Hold(static (one, other, _, _) =>
    {
        var map = new AddressMap(Key);
        return (map.Of(one) == map.Of(other)) == (one == other);
    });

    [Theory]
    [InlineData(0x1_0000)]
    [InlineData(0x40_1234)]
    [InlineData(0x10_0000)]
    [InlineData(0x7fff_f000)]
    [InlineData(0x1_2345_6000)]
    [InlineData(0x7fff_1234_5678)]
    [InlineData(0xffff_ffff_8100_0000)]
    [InlineData(0xffff_8881_0123_4000)]
    public void An_address_becomes_another(ulong address)
    {
        var map = new AddressMap(Key);
        Assert.NotEqual(address, map.Of(address));
        Assert.Equal(map.Of(address) + 3, map.Of(address + 3));
        Assert.NotEqual(map.Of(address), new AddressMap("another"u8).Of(address));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0xfff0)]
    [InlineData(0xf_fff0)]
    [InlineData(0xfee0_0300)]
    [InlineData((1UL << 40) - 0x1000)]
    [InlineData(1UL << 47)]
    [InlineData(ulong.MaxValue)]
    public void What_no_guest_chose_and_what_rules_about_ranges_speak_of_stays(ulong address) => Assert.Equal(address, new AddressMap(Key).Of(address));

    [Fact]
    public void Values_of_one_byte_become_others_each_another_and_zero_stays()
    {
        var map = new ValueMap(Key);
        List<ulong> mapped = [.. Enumerable.Range(0, 256).Select(value => map.Of((ulong)value, 1))];
        Assert.Equal(256, mapped.Distinct().Count());
        Assert.All(mapped, static value => Assert.InRange(value, 0UL, 255UL));
        Assert.Equal(0UL, mapped[0]);
        Assert.True(mapped.Where((value, i) => value == (ulong)i).Count() < 16);
    }

    [Fact]
    public void Values_of_any_size_stay_apart() => Laws.Hold(static (one, other, size, _) =>
    {
        var map = new ValueMap(Key);
        int bytes = (int)(size % 8) + 1;
        return (map.Of(one, bytes) == map.Of(other, bytes)) == (one == other);
    });

    [Fact]
    public void Every_field_of_every_event_has_a_form()
    {
        Assert.Equal(EventSchemas.All.Select(shape => (shape.Kind, shape.Slots.Count)), RedactedForms.Events.Select(row => (row.Kind, row.Slots.Length)));
        Assert.All(VmcbLayout.All.Where(row => row.Name.EndsWith("base", StringComparison.Ordinal) || row.Name.EndsWith("_PA", StringComparison.Ordinal)),
            row => Assert.Equal(ValueForm.Address, RedactedForms.OfField(row.Field)));
    }

    [Theory]
    [InlineData("8b 80 78 56 34 12", true)]
    [InlineData("48 b8 88 77 66 55 44 33 22 11", true)]
    [InlineData("0f 01 d8", false)]
    [InlineData("e6 80", false)]
    public void Numbers_in_an_instruction_become_others_and_what_it_does_stays(string bytes, bool changes)
    {
        var values = new FieldValues();
        byte[] instruction = [.. bytes.Split(' ').Select(value => Convert.ToByte(value, 16)), .. new byte[16]];
        values.Set(EmulatedInstruction.LengthSlot, (ulong)bytes.Split(' ').Length);
        values.Set(EmulatedInstruction.BytesSlot, BitConverter.ToUInt64(instruction, 0));
        values.Set(EmulatedInstruction.BytesSlot + 1, BitConverter.ToUInt64(instruction, 8));
        values.Set(EmulatedInstruction.ModeSlot, (ulong)DecodeMode.Long64);
        (ulong low, ulong high) = RedactedInstruction.Of(EmulatedInstruction.Of(new KvmEvent(KvmEventKind.EmulateInstruction, default, values)), new ValueMap(Key));
        Assert.Equal(changes, (low, high) != (BitConverter.ToUInt64(instruction, 0), BitConverter.ToUInt64(instruction, 8)));
        Assert.Equal(BitConverter.ToUInt64(instruction, 0) & 0xffff, low & 0xffff);
    }

    [Fact]
    public void Names_and_threads_are_others_and_equal_ones_equal()
    {
        VcpuStream Stream(int id, int thread, string name) => new(new StreamId(id), new VcpuId((uint)id), new ThreadId(thread), name, 0, 1);
        RunSummary redacted = Redactor.Of(new RunSummary { Streams = [Stream(0, 4711, "payroll"), Stream(1, 4712, "payroll"), Stream(2, 4711, "")] });
        Assert.Equal([(1, "thread 1"), (2, "thread 1"), (1, "")], redacted.Streams.Select(stream => (stream.Thread!.Value.Value, stream.Name)));
        RunHeader header = Redactor.Of(new RunHeader { Capture = "customer.dat", HostName = "server7", KernelRelease = "6.12.1" });
        Assert.Equal(("redacted", "", "6.12.1"), (header.Capture, header.HostName, header.KernelRelease));
    }

    [Fact]
    public void Bytes_of_a_VMCB_that_no_field_has_are_left_out_and_fields_go_by_their_exit_code()
    {
        Recording run = Records.Everything();
        KeptRecord record = run.Records[^1];
        record.States[StateMoment.L1AtExit].Write(0x3e0, sizeof(ulong), 0x4a53);
        record.States[StateMoment.L1AtExit].Write(0x578, sizeof(ulong), 0x40_1234);
        record.States[StateMoment.L2AtExit].Write(0x70, sizeof(ulong), SvmExitCode.Ioio.Value);
        record.States[StateMoment.L2AtExit].Write(0x78, sizeof(ulong), 0x3f8_0210);
        record.States[StateMoment.L2AtExit].Write(0x80, sizeof(ulong), 0x40_1236);
        var kept = new KeepingSink();
        new Redactor(Key, kept).Take(record.View);
        MachineStates states = Assert.Single(kept.Records).States;
        Assert.False(states[StateMoment.L1AtExit].At(0x3e0, 1).IsKnown);
        Assert.Equal(new AddressMap(Key).Of(0x40_1234), states.At(StateMoment.L1AtExit, 0x578).Value);
        Assert.Equal(0x3f8_0210UL, states.At(StateMoment.L2AtExit, 0x78).Value);
        Assert.Equal(new AddressMap(Key).Of(0x40_1236), states.At(StateMoment.L2AtExit, 0x80).Value);
    }
}
