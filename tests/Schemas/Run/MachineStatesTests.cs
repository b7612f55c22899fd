using Differ.Schemas.Files;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Schemas.Files;
using Differ.Tests.Support;
using Google.Protobuf;
using Proto = Differ.Schemas.Proto;

namespace Differ.Tests.Schemas.Run;

/// <summary>A state is bytes, and which of them are known.</summary>
public sealed class MachineStatesTests
{
    private static readonly int Asid = VmcbLayout.Of(VmcbField.GuestAsid).Position;

    [Fact]
    public void A_field_is_known_when_all_its_bytes_are()
    {
        var image = new StateImage();
        Assert.True(image.IsEmpty);
        image.Write(Asid, [1, 2, 3]);
        Assert.False(image.At(Asid, 4).IsKnown);
        image.Write(Asid + 3, [4]);
        Assert.Equal(Observed<ulong>.Of(0x0403_0201), image.At(Asid, 4));
        image.Forget(Asid + 1, 1);
        Assert.False(image.At(Asid, 4).IsKnown);
        Assert.Equal(Observed<ulong>.Of(1), image.At(Asid, 1));
        image.Clear();
        Assert.True(image.IsEmpty);
        Assert.False(image.At(Asid, 1).IsKnown);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(63, 2)]
    [InlineData(0x7ff, 1)]
    [InlineData(0x100, 0x300)]
    public void What_is_known_is_found_again(int position, int length)
    {
        var image = new StateImage();
        image.Write(position, Enumerable.Range(1, length).Select(i => (byte)(i & 0xff)).ToArray());
        Assert.True(image.Next(0, out int start, out ReadOnlySpan<byte> bytes));
        Assert.Equal((position, length), (start, bytes.Length));
        Assert.False(image.Next(start + bytes.Length, out _, out _));
    }

    [Fact]
    public void What_is_behind_the_end_is_left_out()
    {
        var image = new StateImage();
        image.Write(StateValue.Positions - 1, [7, 8, 9]);
        Assert.Equal(Observed<ulong>.Of(7), image.At(StateValue.Positions - 1, 1));
        image.Write(StateValue.Positions + 5, [1]);
        Assert.True(image.Next(0, out int start, out ReadOnlySpan<byte> bytes));
        Assert.Equal((StateValue.Positions - 1, 1), (start, bytes.Length));
    }

    [Fact]
    public void States_survive_being_written_and_read_and_the_generated_classes_read_them()
    {
        KeptRecord record = Records.Make(0, default, default);
        record.States[StateMoment.L1AtExit].Write(0x58, 4, 7);
        record.States[StateMoment.L1AtEntry].Write(0x4d0, 8, 0x1500);
        record.States[StateMoment.L1AtEntry].Write(0x700, 1, 1);
        byte[] run = Records.Of(record).ToRun();
        KeptRecord read = Assert.Single(Recording.OfRun(run).Records);
        Assert.Equal(Observed<ulong>.Of(7), read.States.At(StateMoment.L1AtExit, 0x58));
        Assert.Equal(Observed<ulong>.Of(0x1500), read.States.At(StateMoment.L1AtEntry, 0x4d0));
        Assert.Equal(Observed<ulong>.Of(1), read.States.At(StateMoment.L1AtEntry, 0x700));
        Assert.False(read.States.At(StateMoment.L2AtEntry, 0x58).IsKnown);
        Assert.Equal(run, Records.Of(read).ToRun());
        Proto.Exit message = Assert.Single(RunFileTests.Blocks(run).Where(block => block.Kind == BlockKind.Exits).SelectMany(block => Proto.Exits.Parser.ParseFrom(block.Body).Exits_));
        Assert.Equal([(1U, 0x58U, 4), (6U, 0x4d0U, 8), (6U, 0x700U, 1)], message.States.Select(state => (state.Moment, state.Position, state.Bytes.Length)));
    }

    [Fact]
    public void The_older_form_is_read_into_the_same_states()
    {
        var message = new Proto.Exit { Flags = (uint)(RecordFlags.NoExit | RecordFlags.NoEntry) };
        message.Events.Add(new Proto.KvmEvent { StateValue = new Proto.StateValue { Moment = 2, Position = 0x58, Value = 9 } });
        message.Events.Add(new Proto.KvmEvent { StateValue = new Proto.StateValue { Moment = 9, Position = 0x58, Value = 9 } });
        message.States.Add(new Proto.StateBytes { Moment = 7, Position = 0, Bytes = ByteString.CopyFrom(1) });
        message.States.Add(new Proto.StateBytes { Moment = 1, Position = 0x800, Bytes = ByteString.CopyFrom(1) });
        var sink = new KeepingSink();
        _ = new ExitReader(new TextTable()).Read(message.ToByteArray(), static _ => false, sink);
        KeptRecord read = Assert.Single(sink.Records);
        Assert.Empty(read.Events);
        Assert.Equal(Observed<ulong>.Of(9), read.States.At(StateMoment.Vmcb12AtVmrun, 0x58));
        Assert.True(read.States[StateMoment.L1AtExit].IsEmpty);
    }
}
