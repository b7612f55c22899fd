using System.Buffers.Binary;
using Differ.Schemas.Files;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using Google.Protobuf;
using Proto = Differ.Schemas.Proto;

namespace Differ.Tests.Schemas.Files;

public sealed class RunFileTests
{
    [Fact]
    public void Records_survive_being_written_and_read()
    {
        Recording before = Records.Everything();
        Recording after = Recording.OfRun(before.ToRun());
        Records.AssertSame(before, after);
    }

    [Theory]
    [InlineData("4.14")]
    [InlineData("5.10")]
    [InlineData("6.12")]
    [InlineData("7.1")]
    public void A_capture_and_its_run_hold_the_same(string kernel)
    {
        Recording before = Recording.Of(Stories.Vmmcall(kernel, right: false, new TraceDatBuilder()));
        Recording after = Recording.OfRun(before.ToRun());
        Records.AssertSame(before, after);
        Assert.Equal(before.Header, after.Header with { Rules = before.Header.Rules });
    }

    [Fact]
    public void The_same_run_gives_the_same_bytes()
    {
        byte[] once = Records.Everything().ToRun();
        Assert.Equal(once, Records.Everything().ToRun());
        Assert.Equal(once, Recording.OfRun(once).ToRun());
    }

    [Fact]
    public void Absent_is_not_zero()
    {
        byte[] run = Records.Of(
            Records.Make(0, default, new GuestEntry(new(1), 0, Observed<ulong>.Unseen, Observed<uint>.Unseen, Observed<uint>.Unseen, Truth.Unknown)),
            Records.Make(1, default, new GuestEntry(new(1), 0, Observed<ulong>.Of(0), Observed<uint>.Of(0), Observed<uint>.Of(0), Truth.No))).ToRun();
        GuestEntry[] entries = [.. Recording.OfRun(run).Records.Select(record => record.Entry)];
        Assert.False(entries[0].Rip.IsKnown || entries[0].EventInj.IsKnown || entries[0].EventInjError.IsKnown || !entries[0].ImmediateExit.IsUnknown);
        Assert.True(entries[1].Rip.IsKnown && entries[1].EventInj.IsKnown && entries[1].EventInjError.IsKnown && entries[1].ImmediateExit.IsNo);
        Assert.Equal(0UL, entries[1].Rip.Value);
    }

    [Fact]
    public void The_generated_classes_read_what_is_written()
    {
        Recording run = Records.Everything();
        List<Proto.Exit> messages = [.. Blocks(run.ToRun()).Where(block => block.Kind == BlockKind.Exits).SelectMany(block => Proto.Exits.Parser.ParseFrom(block.Body).Exits_)];
        Assert.Equal(run.Records.Count, messages.Count);
        for (int i = 0; i < messages.Count; i++)
        {
            KeptRecord record = run.Records[i];
            Proto.Exit message = messages[i];
            Assert.Equal((record.Stream, record.Index, (uint)record.Flags, (uint)record.Level), ((int)message.Stream, message.Index, message.Flags, message.Level));
            Assert.Equal(record.View.HasExit, message.HasExitCode);
            Assert.Equal(record.View.HasEntry, message.HasEntryTime);
            Assert.Equal(record.Exit.IntInfo.IsKnown, message.HasIntInfo);
            Assert.Equal(record.Entry.Rip.IsKnown, message.HasEntryRip);
            Assert.Equal(record.What.Select(kind => (int)kind), message.Events.Select(kvmEvent => (int)kvmEvent.WhatCase));
            Assert.Equal(record.Events.Select(kvmEvent => kvmEvent.Time.Value), message.Events.Select(kvmEvent => kvmEvent.Time));
        }
    }

    [Fact]
    public void Every_slot_is_the_field_of_its_number_in_the_proto() => Assert.All(EventSchemas.All, shape =>
    {
        IList<Google.Protobuf.Reflection.FieldDescriptor> fields = Proto.KvmEvent.Descriptor.FindFieldByNumber((int)shape.Kind).MessageType.Fields.InFieldNumberOrder();
        Assert.Equal(shape.Name, Proto.KvmEvent.Descriptor.FindFieldByNumber((int)shape.Kind).MessageType.Name);
        Assert.Equal(
            shape.Slots.Select((name, slot) => (name, slot + 1)).Where(item => shape.FormOf(item.Item2 - 1) != SlotForm.BytesTail),
            fields.Select(field => (field.Name, field.FieldNumber)));
    });

    [Fact]
    public void Every_kind_of_event_has_a_shape_and_a_message()
    {
        KvmEventKind[] kinds = [.. Enum.GetValues<KvmEventKind>().Where(kind => kind != KvmEventKind.None)];
        Assert.Equal(kinds, EventSchemas.All.Select(shape => shape.Kind));
        Assert.Equal(kinds.Select(kind => (int)kind), Proto.KvmEvent.Descriptor.Oneofs[0].Fields.Select(field => field.FieldNumber).Order());
    }

    [Fact]
    public void What_a_newer_version_wrote_is_kept_and_written_again()
    {
        Recording run = Records.Of(Records.Make(0, new HardwareExit(new(5), 1, SvmExitCode.Hlt, 7, 0, 0, default, default), default,
            Records.Happen(KvmEventKind.MsrAccess, 1, 2, 3, 4)));
        byte[] newer = Rewritten(run.ToRun(), static exit =>
        {
            // A field and a kind of event that no version has yet, and a new field in a known one.
            exit.MergeFrom([.. Tagged(900, 77)]);
            exit.Events[0].MsrAccess.MergeFrom([.. Tagged(50, 5)]);
            var unknown = new Proto.KvmEvent { Time = 9 };
            unknown.MergeFrom(Delimited(90, [8, 1]));
            exit.Events.Add(unknown);
        });
        Recording read = Recording.OfRun(newer);
        KvmEvent known = Assert.Single(read.Records[0].Events);
        Assert.Equal(2U, MsrAccess.Of(known).Index);

        Proto.Exit again = Assert.Single(Blocks(read.ToRun()).Where(block => block.Kind == BlockKind.Exits)
            .SelectMany(block => Proto.Exits.Parser.ParseFrom(block.Body).Exits_));
        Proto.Exit written = Assert.Single(Blocks(newer).Where(block => block.Kind == BlockKind.Exits)
            .SelectMany(block => Proto.Exits.Parser.ParseFrom(block.Body).Exits_));
        Assert.Equal(written, again);
    }

    [Fact]
    public void A_event_that_is_half_newer_takes_nothing_from_its_neighbours()
    {
        Recording run = Records.Of(Records.Make(0, new HardwareExit(new(5), 1, SvmExitCode.Hlt, 7, 0, 0, default, default), default,
            Records.Happen(KvmEventKind.MsrAccess, 1, 2, 3, 4), Records.Happen(KvmEventKind.CrAccess, 1, 4, 9)));
        byte[] newer = Rewritten(run.ToRun(), static exit =>
        {
            exit.Events[0].MsrAccess.MergeFrom([.. Tagged(50, 5)]);
            exit.Events[0].MergeFrom([.. Tagged(300, 6)]);
            exit.Events[1].CrAccess.MergeFrom([.. Tagged(51, 7)]);
        });
        Recording read = Recording.OfRun(newer);
        Assert.Equal([KvmEventKind.CrAccess], read.Records[0].What);
        Proto.Exit again = Assert.Single(Blocks(read.ToRun()).Where(block => block.Kind == BlockKind.Exits)
            .SelectMany(block => Proto.Exits.Parser.ParseFrom(block.Body).Exits_));
        Proto.Exit written = Assert.Single(Blocks(newer).Where(block => block.Kind == BlockKind.Exits)
            .SelectMany(block => Proto.Exits.Parser.ParseFrom(block.Body).Exits_));

        // What is not understood moves behind what is; nothing else changes.
        Assert.Equal(written.Events.Reverse(), again.Events);
        Assert.Equal(written.CalculateSize(), again.CalculateSize());
    }

    [Fact]
    public void A_block_of_a_newer_kind_is_passed_over()
    {
        byte[] run = Records.Everything().ToRun();
        int second = run.AsSpan(20).IndexOf(RunFile.Marker) + 20;
        byte[] longer = [.. run[..second], .. Block((BlockKind)99, [1, 2, 3]), .. run[second..]];
        Records.AssertSame(Records.Everything(), Recording.OfRun(longer));
    }

    [Fact]
    public void One_wrong_byte_costs_one_block()
    {
        Recording whole = Records.Many(3000);
        byte[] run = whole.ToRun();
        int[] blocks = [.. Offsets(run)];
        Assert.True(blocks.Length >= 5);
        byte[] damaged = [.. run];
        damaged[blocks[2] + 100] ^= 1;
        Recording read = Recording.OfRun(damaged);
        CaptureNote note = Assert.Single(read.Summary.Notes);
        Assert.Equal(("DIF0221", 1UL), (note.Code, note.Count));
        Assert.InRange(read.Records.Count, 1, whole.Records.Count - 1);

        // The first record of each stream behind the hole says that something is missing.
        KeptRecord[] marked = [.. read.Records.Where(record => (record.Flags & RecordFlags.LossBefore) != 0)];
        Assert.Equal([0, 1], marked.Select(record => record.Stream).Order());
        Assert.Equal(whole.Records[^1].Index, read.Records[^1].Index);
    }

    [Fact]
    public void Bytes_between_blocks_are_passed_over()
    {
        byte[] run = Records.Everything().ToRun();
        int last = Offsets(run).Last();
        byte[] damaged = [.. run[..last], 1, 2, 3, .. RunFile.Marker, 9, 9, .. run[last..]];
        Recording read = Recording.OfRun(damaged);
        Assert.Equal("DIF0221", Assert.Single(read.Summary.Notes).Code);
        Assert.Equal(Records.Everything().Records.Count, read.Records.Count);
    }

    [Fact]
    public void A_run_may_be_cut_anywhere()
    {
        byte[] run = Records.Everything().ToRun();
        int afterHeader = Offsets(run).Skip(1).First();
        for (int length = 0; length < run.Length; length++)
        {
            byte[] cut = run[..length];
            if (length < afterHeader)
            {
                string code = Assert.Throws<RunFormatException>(() => Recording.OfRun(cut)).Code;
                Assert.Equal(length < RunFile.Magic.Length ? "DIF0201" : "DIF0202", code);
            }
            else
            {
                Assert.Contains("DIF0220", Recording.OfRun(cut).Notes);
            }
        }
    }

    [Theory]
    [InlineData(0U, true)]
    [InlineData(1U, true)]
    [InlineData(2U, false)]
    public void A_newer_version_is_refused(uint version, bool read)
    {
        var header = new Proto.Header { Version = version };
        byte[] run = [.. RunFile.Magic, .. Block(BlockKind.Header, header.ToByteArray()), .. Block(BlockKind.Summary, [])];
        if (read)
        {
            Assert.Empty(Recording.OfRun(run).Records);
        }
        else
        {
            Assert.Equal("DIF0203", Assert.Throws<RunFormatException>(() => Recording.OfRun(run)).Code);
        }
    }

    internal static byte[] Block(BlockKind kind, byte[] body)
    {
        byte[] block = [.. RunFile.Marker, .. new byte[12], .. body];
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(8), (uint)kind);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(12), (uint)body.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(16), Crc32C.Of(body));
        return block;
    }

    internal static IEnumerable<(BlockKind Kind, byte[] Body)> Blocks(byte[] run)
    {
        foreach (int at in Offsets(run))
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(run.AsSpan(at + 12));
            yield return ((BlockKind)BinaryPrimitives.ReadUInt32LittleEndian(run.AsSpan(at + 8)), run[(at + 20)..(at + 20 + length)]);
        }
    }

    private static IEnumerable<int> Offsets(byte[] run)
    {
        for (int at = RunFile.Magic.Length; at < run.Length; at += 20 + BinaryPrimitives.ReadInt32LittleEndian(run.AsSpan(at + 12)))
        {
            yield return at;
        }
    }

    private static byte[] Rewritten(byte[] run, Action<Proto.Exit> change)
    {
        byte[] written = [.. RunFile.Magic];
        foreach ((BlockKind kind, byte[] body) in Blocks(run))
        {
            byte[] other = body;
            if (kind == BlockKind.Exits)
            {
                Proto.Exits exits = Proto.Exits.Parser.ParseFrom(body);
                change(exits.Exits_[0]);
                other = exits.ToByteArray();
            }

            written = [.. written, .. Block(kind, other)];
        }

        return written;
    }

    private static byte[] Tagged(int field, ulong value)
    {
        using var memory = new MemoryStream();
        using var output = new CodedOutputStream(memory);
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteUInt64(value);
        output.Flush();
        return memory.ToArray();
    }

    private static byte[] Delimited(int field, byte[] body)
    {
        using var memory = new MemoryStream();
        using var output = new CodedOutputStream(memory);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(body));
        output.Flush();
        return memory.ToArray();
    }
}
