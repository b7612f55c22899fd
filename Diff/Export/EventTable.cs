using System.Buffers;
using System.Text;
using System.Text.Json;
using Differ.Diff.Naming;
using Differ.Diff.Report;
using Differ.Schemas.Run;

namespace Differ.Diff.Export;

/// <summary>A row for each event between a #VMEXIT and the entry that followed.</summary>
internal sealed class EventTable : ExportTable, IDisposable
{
    private const string SignedSlot = "errno";

    private readonly RequiredColumn<int> _capture, _stream, _number;
    private readonly RequiredColumn<long> _exit, _time;
    private readonly TextColumn _event, _fields;
    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly Utf8JsonWriter _json;

    public EventTable()
        : base("events")
    {
        (_capture, _stream, _exit, _number) = (Required<int>("capture"), Required<int>("stream"), Required<long>("exit"), Required<int>("number"));
        (_time, _event, _fields) = (Required<long>("time"), Text("event"), Text("fields"));
        _json = new Utf8JsonWriter(_bytes);
    }

    /// <summary>The events of one exit.</summary>
    /// <param name="number">The number of its capture.</param>
    /// <param name="record">The exit.</param>
    /// <param name="texts">Texts that events refer to.</param>
    public void Add(int number, in ExitRecord record, TextTable texts)
    {
        for (int i = 0; i < record.Events.Length; i++)
        {
            ref readonly KvmEvent one = ref record.Events[i];
            (_capture[Row], _stream[Row], _exit[Row], _number[Row]) = (number, record.Stream.Value, (long)record.Index, i);
            _time[Row] = unchecked((long)one.Time.Value);
            (_event[Row], _fields[Row]) = (KernelEvents.NameOf(one.Kind), Fields(one, texts));
            EndRow();
        }
    }

    void IDisposable.Dispose()
    {
        Dispose();
        _json.Dispose();
    }

    private string Fields(in KvmEvent one, TextTable texts)
    {
        _bytes.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        EventSchema shape = EventSchemas.Of(one.Kind);
        for (int slot = 0; slot < shape.Slots.Count; slot++)
        {
            if (one.Values.Has(slot) && shape.FormOf(slot) != SlotForm.BytesTail)
            {
                WriteField(one, slot, shape, texts);
            }
        }

        _json.WriteEndObject();
        _json.Flush();
        return Encoding.UTF8.GetString(_bytes.WrittenSpan);
    }

    private void WriteField(in KvmEvent one, int slot, EventSchema shape, TextTable texts)
    {
        string name = KernelEvents.FieldOf(one.Kind, slot);
        switch (shape.FormOf(slot))
        {
            case SlotForm.Bytes:
                _json.WriteString(name, ExitPrinter.Bytes(EmulatedInstruction.Of(one)));
                break;
            case SlotForm.Text:
                _json.WriteString(name, texts[(int)one.Values[slot]]);
                break;
            case var _ when shape.Slots[slot] == SignedSlot:
                _json.WriteNumber(name, unchecked((long)one.Values[slot]));
                break;
            default:
                _json.WriteNumber(name, one.Values[slot]);
                break;
        }
    }
}
