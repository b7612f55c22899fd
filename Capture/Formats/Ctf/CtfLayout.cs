using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Ctf.Tsdl;
using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.Ctf;

/// <summary>Gives the fields of a description their places in the records that <see cref="CtfDecoder"/> makes.</summary>
/// <param name="tracepoint">The tracepoint whose record it is, for the forms of its fields; null for any other.</param>
/// <param name="isProbe">Whether it is of a probe in KVM, whose arrays of words are read in place.</param>
internal sealed class CtfLayout(Tracepoint? tracepoint, bool isProbe = false)
{
    /// <summary>Most bytes of the part with fixed size.</summary>
    public const int LargestFixed = 1 << 14;

    // As in a recording of the kernel, whose common fields are there: reading is fastest behind them.
    private const int FirstField = sizeof(ulong);
    private const int MostBytesOfRow = 16;
    private const int MostWordsOfProbe = 64;

    private readonly List<EventField> _fields = [];

    public IReadOnlyList<EventField> Fields => _fields;

    /// <summary>Bytes of the part with fixed size.</summary>
    public int FixedSize { get; private set; } = FirstField;

    /// <summary>The field with a name; null where there is none.</summary>
    public EventField? Find(string name) => _fields.Find(field => field.Name == name);

    /// <summary>Adds a field that is read by a step.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type.</param>
    /// <param name="step">The step, which is told where the value goes.</param>
    public void Add(string name, TsdlType type, CtfStep step)
    {
        switch (type)
        {
            case TsdlNumber number:
                AddNumber(name, number, step);
                break;
            case TsdlEnum named:
                AddNumber(name, named.Container, step);
                break;
            case TsdlString:
                step.Out = Place(new EventField(name, $"__data_loc char[] {name}", 0, sizeof(uint), false));
                break;
            case TsdlArray { Element: TsdlNumber element } array:
                AddElements(name, element, step, array.Count);
                break;
            case TsdlSequence { Element: TsdlNumber element }:
                AddElements(name, element, step, null);
                break;
            default:
                // Passed over: no tracepoint of KVM has a field that is several fields.
                break;
        }
    }

    private void AddNumber(string name, TsdlNumber number, CtfStep step)
    {
        int size = SizeOf(number);
        step.Out = Place(new EventField(name, $"{(number.Signed ? 's' : 'u')}{size * 8} {name}", 0, size, number.Signed));
    }

    private void AddElements(string name, TsdlNumber element, CtfStep step, ulong? count)
    {
        FieldForm? form = tracepoint?.Rows.FirstOrDefault(row => row.Name == name) is { Name: not null } found ? found.Form : null;
        step.ElementSize = form == FieldForm.Bytes ? 1 : SizeOf(element);
        if (form == FieldForm.Bytes && count <= MostBytesOfRow)
        {
            step.Elements = CtfElements.Inside;
            step.Out = Place(new EventField(name, $"u8 {name}[{count}]", 0, (int)count, false));
        }
        else if (isProbe && step.ElementSize == sizeof(ulong) && count is > 0 and <= MostWordsOfProbe)
        {
            step.Elements = CtfElements.Inside;
            step.Out = Place(new EventField(name, $"u64 {name}[{count}]", 0, (int)count * sizeof(ulong), false));
        }
        else if (form == FieldForm.Number && element.Bits == 8)
        {
            // LTTng has the value of an access to memory as so many bytes.
            step.Elements = CtfElements.OneNumber;
            step.Out = Place(new EventField(name, $"u64 {name}", 0, sizeof(ulong), false));
        }
        else
        {
            step.Elements = CtfElements.Behind;
            step.Out = Place(new EventField(name, $"__data_loc {(element.IsLetter ? "char" : "u8")}[] {name}", 0, sizeof(uint), false));
        }
    }

    private static int SizeOf(TsdlNumber number) => number.Bits switch { <= 8 => 1, <= 16 => 2, <= 32 => 4, _ => 8 };

    private int Place(EventField field)
    {
        int at = FixedSize;
        _fields.Add(field with { Offset = at });
        FixedSize += field.Size;
        if (FixedSize > LargestFixed)
        {
            CaptureFormatException.ThrowMetadataLimit("bytes of fields in an event", LargestFixed, 0);
        }

        return at;
    }
}
