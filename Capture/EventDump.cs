using System.Globalization;
using System.Text;
using Differ.Capture.Bytes;
using Differ.Capture.Formats;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture;

/// <summary>Writes events one a line: time, CPU, thread, name, and every field by the name and value of the record.</summary>
/// <remarks>Numbers are hexadecimal with 0x; signed ones are decimal. Nothing is left out and nothing is interpreted.</remarks>
internal sealed class EventDump(TextWriter output, ITraceReader reader, bool nanoseconds) : IEventSink
{
    private readonly StringBuilder _line = new();

    /// <inheritdoc/>
    public bool WantsEverything => true;

    /// <inheritdoc/>
    public void Take(in RawEvent raw)
    {
        _line.Clear();
        _line.Append(CultureInfo.InvariantCulture, $"{raw.Time.ToText(nanoseconds)} [{raw.Cpu:d3}] ");
        _line.Append(PlainText.Of(reader.ThreadNames.GetValueOrDefault(raw.Thread, "<...>"))).Append(CultureInfo.InvariantCulture, $"-{raw.Thread} ");
        _line.Append(raw.Type.Layout.Name).Append(':');
        foreach (EventField field in raw.Type.Layout.Fields)
        {
            if (!field.Name.StartsWith("common_", StringComparison.Ordinal))
            {
                _line.Append(' ').Append(field.Name).Append('=');
                AppendValue(raw.Payload, field);
            }
        }

        output.Write(_line.Append('\n'));
    }

    /// <inheritdoc/>
    public void Lost(in LossMark mark) =>
        output.Write(string.Create(CultureInfo.InvariantCulture, $"CPU {mark.Cpu}: {(mark.Events > 0 ? mark.Events : "some")} events lost\n"));

    private void AppendValue(ReadOnlySpan<byte> payload, EventField field)
    {
        if (field.Offset > payload.Length || field.Size > payload.Length - field.Offset)
        {
            _line.Append("(cut)");
            return;
        }

        ReadOnlySpan<byte> bytes = payload.Slice(field.Offset, field.Size);
        if (field.IsNumber)
        {
            AppendNumber(bytes, field.Signed);
        }
        else if (field.IsDynamic && field.Size == sizeof(uint))
        {
            AppendDynamic(payload, (uint)Number(bytes), field.Declaration.Contains("char", StringComparison.Ordinal));
        }
        else
        {
            _line.Append(Convert.ToHexStringLower(bytes));
        }
    }

    private void AppendNumber(ReadOnlySpan<byte> bytes, bool signed)
    {
        ulong value = Number(bytes);
        int bits = 64 - (bytes.Length * 8);
        if (signed)
        {
            _line.Append(unchecked((long)(value << bits) >> bits));
        }
        else
        {
            _line.Append(CultureInfo.InvariantCulture, $"0x{value:x}");
        }
    }

    private void AppendDynamic(ReadOnlySpan<byte> payload, uint location, bool text)
    {
        int offset = (int)(location & 0xffff);
        int length = (int)(location >> 16);
        if (offset > payload.Length || length > payload.Length - offset)
        {
            _line.Append("(cut)");
            return;
        }

        ReadOnlySpan<byte> data = payload.Slice(offset, length);
        if (!text)
        {
            _line.Append(Convert.ToHexStringLower(data));
            return;
        }

        int end = data.IndexOf((byte)0);
        _line.Append('"');
        foreach (byte letter in end < 0 ? data : data[..end])
        {
            _line.Append(letter is >= 0x20 and < 0x7f and not (byte)'"' ? (char)letter : '?');
        }

        _line.Append('"');
    }

    private ulong Number(ReadOnlySpan<byte> bytes) =>
        new ByteCursor(bytes, 0, reader.BigEndian).Unsigned(bytes.Length, "field");
}
