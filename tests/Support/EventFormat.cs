using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Differ.Tests.Support;

/// <summary>A field of a tracepoint's record.</summary>
/// <param name="Type">u8 to u64, s8 to s64, bool, ptr or data_loc.</param>
/// <param name="Name">Its name.</param>
/// <param name="Offset">Bytes from the start of the record.</param>
/// <param name="Count">Elements of an array; 0 for one that is none.</param>
internal sealed record FieldLayout(string Type, string Name, int Offset, int Count)
{
    public int ElementSize => Type switch
    {
        "u8" or "s8" or "bool" => 1,
        "u16" or "s16" => 2,
        "u32" or "s32" or "data_loc" => 4,
        _ => 8,
    };

    public int Size => ElementSize * Math.Max(1, Count);

    /// <summary>The line of the <c>format</c> text.</summary>
    public string Line => string.Create(CultureInfo.InvariantCulture,
        $"\tfield:{Declaration};\toffset:{Offset};\tsize:{Size};\tsigned:{(Type[0] == 's' ? 1 : 0)};\n");

    private string Declaration => Type switch
    {
        "ptr" => $"const char * {Name}",
        "data_loc" => $"__data_loc char[] {Name}",
        _ => Count > 0 ? $"{Type} {Name}[{Count}]" : $"{Type} {Name}",
    };

    /// <summary>From "u32 vcpu_id @8" or "u8 insn[15] @21".</summary>
    public static FieldLayout Parse(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] name = words[1].Split('[', ']');
        return new FieldLayout(words[0], name[0], int.Parse(words[2].AsSpan(1), CultureInfo.InvariantCulture), name.Length > 1 ? int.Parse(name[1], CultureInfo.InvariantCulture) : 0);
    }
}

/// <summary>The format of a tracepoint, as a text for a capture and as a recipe for records.</summary>
internal sealed class EventFormat
{
    private static readonly IReadOnlyList<FieldLayout> Common =
        [new("u16", "common_type", 0, 0), new("u8", "common_flags", 2, 0), new("u8", "common_preempt_count", 3, 0), new("s32", "common_pid", 4, 0)];

    public EventFormat(string name, int id, string fields, int size)
    {
        Name = name;
        Id = id;
        Size = size;
        Fields = [.. fields.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(FieldLayout.Parse)];
    }

    public string Name { get; }

    public int Id { get; }

    /// <summary>Bytes of the record without texts at its end.</summary>
    public int Size { get; }

    /// <summary>Its own fields.</summary>
    public IReadOnlyList<FieldLayout> Fields { get; }

    /// <summary>The text the kernel gives.</summary>
    public string Text => $"name: {Name}\nID: {Id}\nformat:\n{string.Concat(Common.Select(one => one.Line))}\n{string.Concat(Fields.Select(one => one.Line))}\nprint fmt: \"\"\n";

    public bool Has(string field) => Fields.Any(candidate => candidate.Name == field);

    /// <summary>The text without one field.</summary>
    public string TextWithout(string field) => Text.Replace(Fields.Single(candidate => candidate.Name == field).Line, "", StringComparison.Ordinal);

    /// <summary>A record of a thread, all zero so far.</summary>
    public EventRecord Record(int thread) => new(this, thread);
}

/// <summary>A record, filled by field name.</summary>
internal sealed class EventRecord(EventFormat format, int thread)
{
    private readonly List<(FieldLayout Field, object Value)> _values = [];

    /// <summary>Its format.</summary>
    public EventFormat Format => format;

    /// <summary>The thread that ran.</summary>
    public int Thread => thread;

    /// <summary>The number in a field; 0 where it was not set.</summary>
    public ulong this[string field] => _values.LastOrDefault(value => value.Field.Name == field).Value is ulong number ? number : 0;

    /// <summary>Sets a field, which the layout must have.</summary>
    public EventRecord With(string field, ulong value) => Set(field, value);

    /// <summary>Sets an array of bytes.</summary>
    public EventRecord With(string field, byte[] bytes) => Set(field, bytes);

    /// <summary>Sets a text at the end of the record.</summary>
    public EventRecord With(string field, string text) => Set(field, text);

    /// <summary>Sets a field where the layout has it.</summary>
    public EventRecord WithAny(string field, ulong value) => format.Has(field) ? Set(field, value) : this;

    public byte[] ToBytes(bool bigEndian)
    {
        byte[] bytes = new byte[format.Size];
        Write(bytes.AsSpan(0, 2), (ulong)format.Id, bigEndian);
        Write(bytes.AsSpan(4, 4), unchecked((uint)thread), bigEndian);
        foreach ((FieldLayout field, object value) in _values)
        {
            Span<byte> place = bytes.AsSpan(field.Offset, field.Size);
            switch (value)
            {
                case byte[] array:
                    array.CopyTo(place);
                    break;
                case string text:
                    Write(place, ((ulong)(text.Length + 1) << 16) | (uint)bytes.Length, bigEndian);
                    bytes = [.. bytes, .. Encoding.ASCII.GetBytes(text), 0];
                    break;
                default:
                    Write(place, (ulong)value, bigEndian);
                    break;
            }
        }

        return bytes;
    }

    private EventRecord Set(string field, object value)
    {
        _values.Add((format.Fields.SingleOrDefault(candidate => candidate.Name == field)
            ?? throw new ArgumentException($"{format.Name} has no field {field} here", nameof(field)), value));
        return this;
    }

    private static void Write(Span<byte> place, ulong value, bool bigEndian)
    {
        Span<byte> eight = stackalloc byte[8];
        if (bigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(eight, value);
            eight[(8 - place.Length)..].CopyTo(place);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(eight, value);
            eight[..place.Length].CopyTo(place);
        }
    }
}
