using System.Buffers.Binary;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Google.Protobuf;

namespace Differ.Schemas.Files;

/// <summary>Reads one message <c>KvmEvent</c> of run.proto.</summary>
internal sealed class EventReader(TextTable texts, List<byte> newer)
{
    /// <summary>Field number of the time.</summary>
    public const int TimeField = 100;

    /// <summary>Bytes of an instruction as stored.</summary>
    public const int BytesLength = 16;

    /// <summary>Reads the message.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="kvmEvent">What it holds.</param>
    /// <returns>False when it is of a kind that this Differ does not know.</returns>
    public bool Read(byte[] bytes, out KvmEvent kvmEvent)
    {
        int newerStart = newer.Count;
        if (ReadKnown(bytes, out kvmEvent))
        {
            return true;
        }

        // The whole message is kept as it is, so nothing of it may be kept twice.
        newer.RemoveRange(newerStart, newer.Count - newerStart);
        return false;
    }

    private bool ReadKnown(byte[] bytes, out KvmEvent kvmEvent)
    {
        kvmEvent = default;
        using var input = new CodedInputStream(bytes);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            int field = WireFormat.GetTagFieldNumber(tag);
            if (field == TimeField && WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint)
            {
                kvmEvent.Time = new ClockTime(input.ReadUInt64());
            }
            else if (field >= 1 && field <= EventSchemas.All.Count && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                kvmEvent.Kind = (KvmEventKind)field;
                ReadFields(input.ReadBytes().ToByteArray(), ref kvmEvent);
            }
            else
            {
                return false;
            }
        }

        return kvmEvent.Kind != KvmEventKind.None;
    }

    private void ReadFields(byte[] bytes, ref KvmEvent kvmEvent)
    {
        EventSchema shape = EventSchemas.Of(kvmEvent.Kind);
        int newerStart = newer.Count;
        using var input = new CodedInputStream(bytes);
        long start = 0;
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            int slot = WireFormat.GetTagFieldNumber(tag) - 1;
            if (!ReadSlot(input, tag, slot, shape, ref kvmEvent))
            {
                input.SkipLastField();
                newer.AddRange(bytes.AsSpan((int)start, (int)(input.Position - start)));
            }

            start = input.Position;
        }

        kvmEvent.NewerStart = (ushort)Math.Min(newerStart, ushort.MaxValue);
        kvmEvent.NewerLength = (ushort)Math.Min(newer.Count - newerStart, ushort.MaxValue);
    }

    private bool ReadSlot(CodedInputStream input, uint tag, int slot, EventSchema shape, ref KvmEvent kvmEvent)
    {
        if (slot < 0 || slot >= shape.Slots.Count)
        {
            return false;
        }

        SlotForm form = shape.FormOf(slot);
        bool number = WireFormat.GetTagWireType(tag) == WireFormat.WireType.Varint;
        bool delimited = WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited;
        switch (form)
        {
            case SlotForm.Number when number:
                kvmEvent.MutableValues.Set(slot, input.ReadUInt64());
                return true;
            case SlotForm.Text when delimited:
                kvmEvent.MutableValues.Set(slot, (ulong)texts.Add(input.ReadString()));
                return true;
            case SlotForm.Bytes when delimited:
                Span<byte> sixteen = stackalloc byte[BytesLength];
                sixteen.Clear();
                ReadOnlySpan<byte> stored = input.ReadBytes().Span;
                stored[..Math.Min(stored.Length, BytesLength)].CopyTo(sixteen);
                kvmEvent.MutableValues.Set(slot, BinaryPrimitives.ReadUInt64LittleEndian(sixteen));
                kvmEvent.MutableValues.Set(slot + 1, BinaryPrimitives.ReadUInt64LittleEndian(sixteen[8..]));
                return true;
            default:
                return false;
        }
    }
}
