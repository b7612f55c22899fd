using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Google.Protobuf;

namespace Differ.Schemas.Files;

/// <summary>Writes recorded exits as the message <c>Exit</c> of run.proto.</summary>
/// <remarks>
/// By hand and not through the generated class, so that nothing is allocated per exit: the fields of an event are its slots
/// in order, and <see cref="EventSchemas"/> is the whole description. A test reads the bytes back through the generated class.
/// </remarks>
internal sealed class ExitWriter(TextTable texts)
{
    /// <summary>Appends one exit to a message <c>Exits</c>.</summary>
    public void Write(CodedOutputStream output, in ExitRecord record)
    {
        int eventNewer = 0;
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            eventNewer += kvmEvent.NewerLength;
        }

        ReadOnlySpan<byte> newer = record.Newer[eventNewer..];
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteLength(SizeOf(record) + newer.Length);
        WriteFields(output, record);
        Raw(output, newer);
    }

    private static int Number(int field, ulong value) => CodedOutputStream.ComputeTagSize(field) + CodedOutputStream.ComputeUInt64Size(value);

    private static int Number(int field, Observed<uint> value) => value.IsKnown ? Number(field, value.Value) : 0;

    private static void Number(CodedOutputStream output, int field, ulong value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteUInt64(value);
    }

    private static void Number(CodedOutputStream output, int field, Observed<uint> value)
    {
        if (value.IsKnown)
        {
            Number(output, field, value.Value);
        }
    }

    private int SizeOf(in ExitRecord record)
    {
        int size = Number(1, (ulong)record.Stream.Value) + Number(2, record.Index) + Number(3, (ulong)record.Level) + Number(4, (ulong)record.Flags);
        if (record.HasExit)
        {
            ref readonly HardwareExit exit = ref record.Exit;
            size += Number(5, exit.Time.Value) + Number(6, (ulong)exit.HostCpu) + Number(7, exit.Code.Value) + Number(8, exit.Rip)
                + Number(9, exit.Info1) + Number(10, exit.Info2) + Number(11, exit.IntInfo) + Number(12, exit.IntInfoError);
        }

        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            int length = SizeOf(kvmEvent);
            size += CodedOutputStream.ComputeTagSize(13) + CodedOutputStream.ComputeLengthSize(length) + length;
        }

        if (record.HasEntry)
        {
            ref readonly GuestEntry entry = ref record.Entry;
            size += Number(14, entry.Time.Value) + Number(15, (ulong)entry.HostCpu) + (entry.Rip.IsKnown ? Number(16, entry.Rip.Value) : 0)
                + Number(17, entry.EventInj) + Number(18, entry.EventInjError) + (entry.ImmediateExit.IsUnknown ? 0 : Number(19, 1));
        }

        return size + (record.States.IsEmpty ? 0 : StatesCodec.SizeOf(record.States));
    }

    private void WriteFields(CodedOutputStream output, in ExitRecord record)
    {
        Number(output, 1, (ulong)record.Stream.Value);
        Number(output, 2, record.Index);
        Number(output, 3, (ulong)record.Level);
        Number(output, 4, (ulong)record.Flags);
        if (record.HasExit)
        {
            ref readonly HardwareExit exit = ref record.Exit;
            Number(output, 5, exit.Time.Value);
            Number(output, 6, (ulong)exit.HostCpu);
            Number(output, 7, exit.Code.Value);
            Number(output, 8, exit.Rip);
            Number(output, 9, exit.Info1);
            Number(output, 10, exit.Info2);
            Number(output, 11, exit.IntInfo);
            Number(output, 12, exit.IntInfoError);
        }

        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            output.WriteTag(13, WireFormat.WireType.LengthDelimited);
            output.WriteLength(SizeOf(kvmEvent));
            Write(output, kvmEvent, record.Newer);
        }

        if (record.HasEntry)
        {
            WriteEntry(output, record.Entry);
        }

        if (!record.States.IsEmpty)
        {
            StatesCodec.Write(output, record.States);
        }
    }

    private static void WriteEntry(CodedOutputStream output, in GuestEntry entry)
    {
        Number(output, 14, entry.Time.Value);
        Number(output, 15, (ulong)entry.HostCpu);
        if (entry.Rip.IsKnown)
        {
            Number(output, 16, entry.Rip.Value);
        }

        Number(output, 17, entry.EventInj);
        Number(output, 18, entry.EventInjError);
        if (!entry.ImmediateExit.IsUnknown)
        {
            Number(output, 19, entry.ImmediateExit.IsYes ? 1UL : 0);
        }
    }

    private int SizeOf(in KvmEvent kvmEvent)
    {
        int what = FieldsSize(kvmEvent) + kvmEvent.NewerLength;
        return CodedOutputStream.ComputeTagSize((int)kvmEvent.Kind) + CodedOutputStream.ComputeLengthSize(what) + what
            + Number(EventReader.TimeField, kvmEvent.Time.Value);
    }

    private int FieldsSize(in KvmEvent kvmEvent)
    {
        EventSchema shape = EventSchemas.Of(kvmEvent.Kind);
        int size = 0;
        for (int slot = 0; slot < shape.Slots.Count; slot++)
        {
            if (kvmEvent.Values.Has(slot))
            {
                size += shape.FormOf(slot) switch
                {
                    SlotForm.Number => Number(slot + 1, kvmEvent.Values[slot]),
                    SlotForm.Bytes => CodedOutputStream.ComputeTagSize(slot + 1) + 1 + EventReader.BytesLength,
                    SlotForm.Text => CodedOutputStream.ComputeTagSize(slot + 1) + CodedOutputStream.ComputeStringSize(texts[(int)kvmEvent.Values[slot]]),
                    _ => 0,
                };
            }
        }

        return size;
    }

    private void Write(CodedOutputStream output, in KvmEvent kvmEvent, ReadOnlySpan<byte> newer)
    {
        EventSchema shape = EventSchemas.Of(kvmEvent.Kind);
        output.WriteTag((int)kvmEvent.Kind, WireFormat.WireType.LengthDelimited);
        output.WriteLength(FieldsSize(kvmEvent) + kvmEvent.NewerLength);
        for (int slot = 0; slot < shape.Slots.Count; slot++)
        {
            if (!kvmEvent.Values.Has(slot))
            {
                continue;
            }

            switch (shape.FormOf(slot))
            {
                case SlotForm.Number:
                    Number(output, slot + 1, kvmEvent.Values[slot]);
                    break;
                case SlotForm.Bytes:
                    output.WriteTag(slot + 1, WireFormat.WireType.LengthDelimited);
                    output.WriteLength(EventReader.BytesLength);
                    WriteBytes(output, kvmEvent.Values[slot]);
                    WriteBytes(output, kvmEvent.Values[slot + 1]);
                    break;
                case SlotForm.Text:
                    output.WriteTag(slot + 1, WireFormat.WireType.LengthDelimited);
                    output.WriteString(texts[(int)kvmEvent.Values[slot]]);
                    break;
                default:
                    break;
            }
        }

        Raw(output, newer.Slice(kvmEvent.NewerStart, kvmEvent.NewerLength));
        Number(output, EventReader.TimeField, kvmEvent.Time.Value);
    }

    /// <summary>Writes bytes as they are, without a copy.</summary>
    public static void Raw(CodedOutputStream output, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            output.WriteRawTag(value);
        }
    }

    private static void WriteBytes(CodedOutputStream output, ulong eight)
    {
        for (int i = 0; i < sizeof(ulong); i++)
        {
            output.WriteRawTag((byte)((eight >> (8 * i)) & 0xff));
        }
    }
}
