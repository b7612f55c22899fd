using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Ctf.Tsdl;

/// <summary>Reads the types of a description.</summary>
/// <remarks>Source: the Common Trace Format, version 1.8.3, sections 4 and C.2.</remarks>
/// <param name="words">The description.</param>
internal sealed class TsdlTypes(TsdlWords words)
{
    /// <summary>Most structures inside each other.</summary>
    public const int MostNesting = 32;

    /// <summary>Most fields, options and names of numbers in a description.</summary>
    public const int MostFields = 1 << 18;

    private const int MostAlign = 1 << 15;

    private int _fields;

    /// <summary>Byte order where a type names none.</summary>
    public bool BigEndian { get; set; }

    /// <summary>Names that are known.</summary>
    public TsdlScope Scope { get; private set; } = new(null);

    /// <summary>Reads <c>typedef type name;</c> behind its keyword.</summary>
    public void ReadTypedef()
    {
        TsdlType type = ReadType();
        do
        {
            while (words.TakeIf("*"))
            {
                // A pointer is stored as the number that the type before it is.
            }

            string name = words.TakeName();
            Scope.Add(name, Dimensions(type));
        }
        while (words.TakeIf(","));
        words.Expect(";");
    }

    /// <summary>Reads <c>typealias type := name;</c> behind its keyword. The name may have several words.</summary>
    public void ReadTypealias()
    {
        TsdlType type = ReadType();
        words.Expect(":=");
        var name = new List<string>();
        while (!words.Is(";") && words.Peek.Kind != TsdlTokenKind.End && name.Count < MostNesting)
        {
            name.Add(words.Take().Text);
        }

        words.Expect(";");
        Scope.Add(string.Join(' ', name), type);
    }

    /// <summary>Reads a declaration of a type alone, <c>struct name { … };</c>, or the use of one.</summary>
    public TsdlType ReadType() => words.Peek.Text switch
    {
        "integer" => ReadInteger(),
        "floating_point" => ReadFloat(),
        "string" => ReadString(),
        "struct" => ReadStruct(),
        "variant" => ReadVariant(),
        "enum" => ReadEnum(),
        _ => ReadNamed(),
    };

    /// <summary>Reads attributes between braces.</summary>
    public IReadOnlyDictionary<string, string> ReadAttributes()
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        words.Expect("{");
        while (!words.TakeIf("}"))
        {
            string name = words.TakeName();
            words.Expect("=");
            attributes[name] = words.TakeValue();
            words.Expect(";");
            Count(1);
        }

        return attributes;
    }

    private TsdlNumber ReadInteger()
    {
        words.Expect("integer");
        IReadOnlyDictionary<string, string> attributes = ReadAttributes();
        int bits = Number(attributes, "size", 0);
        if (bits is < 1 or > 64)
        {
            words.Refuse($"an integer of {bits} bits");
        }

        string clock = attributes.GetValueOrDefault("map", "");
        return new TsdlNumber(
            bits, Aligned(Number(attributes, "align", bits % 8 == 0 ? 8 : 1)), attributes.GetValueOrDefault("signed") is "true" or "TRUE" or "1",
            IsBigEndian(attributes), attributes.GetValueOrDefault("encoding", "none") is not ("none" or "NONE"), false,
            clock.Split('.') is ["clock", var name, "value"] ? name : "");
    }

    private TsdlNumber ReadFloat()
    {
        words.Expect("floating_point");
        IReadOnlyDictionary<string, string> attributes = ReadAttributes();
        int bits = Number(attributes, "exp_dig", 0) + Number(attributes, "mant_dig", 0);
        if (bits is not (16 or 32 or 64))
        {
            words.Refuse($"a float of {bits} bits");
        }

        return new TsdlNumber(bits, Aligned(Number(attributes, "align", 8)), false, IsBigEndian(attributes), false, true, "");
    }

    private TsdlString ReadString()
    {
        words.Expect("string");
        if (words.Is("{"))
        {
            ReadAttributes();
        }

        return new TsdlString();
    }

    private TsdlType ReadStruct()
    {
        words.Expect("struct");
        string? name = words.Is("{") ? null : $"struct {words.TakeName()}";
        if (!words.Is("{"))
        {
            return Known(name!);
        }

        IReadOnlyList<TsdlField> fields = ReadFields();
        int align = 1;
        if (words.TakeIf("align"))
        {
            words.Expect("(");
            align = Aligned((int)Math.Min(words.TakeNumber(), int.MaxValue));
            words.Expect(")");
        }

        return Named(name, TsdlStruct.Of(fields, align));
    }

    private TsdlType ReadVariant()
    {
        words.Expect("variant");
        string? name = words.Is("<") || words.Is("{") ? null : $"variant {words.TakeName()}";
        string tag = "";
        if (words.TakeIf("<"))
        {
            tag = words.TakeValue();
            words.Expect(">");
        }

        if (words.Is("{"))
        {
            return Named(name, new TsdlVariant(tag, ReadFields()));
        }

        return Known(name ?? "variant") is TsdlVariant known ? tag.Length > 0 ? known with { Tag = tag } : known
            : CaptureFormatException.ThrowMetadata<TsdlType>($"{name} is no variant", words.Peek.Line);
    }

    private TsdlType ReadEnum()
    {
        words.Expect("enum");
        string? name = words.Is(":") || words.Is("{") ? null : $"enum {words.TakeName()}";
        if (!words.Is(":") && !words.Is("{"))
        {
            return Known(name ?? "enum");
        }

        TsdlType container = words.TakeIf(":") ? ReadType() : Known("int");
        if (container is not TsdlNumber { IsFloat: false } number)
        {
            words.Refuse("an enum that is stored as no integer");
            return container;
        }

        var ranges = new List<TsdlRange>();
        ulong next = 0;
        words.Expect("{");
        while (!words.TakeIf("}"))
        {
            string label = words.Peek.Kind is TsdlTokenKind.Text or TsdlTokenKind.Name ? words.Take().Text : words.TakeName();
            ulong first = words.TakeIf("=") ? words.TakeNumber() : next;
            ulong last = words.TakeIf("...") ? words.TakeNumber() : first;
            ranges.Add(new TsdlRange(label, first, last));
            next = unchecked(last + 1);
            Count(1);
            if (!words.TakeIf(",") && !words.Is("}"))
            {
                words.Refuse($"a comma is missing before {words.Peek.Text}");
            }
        }

        return Named(name, new TsdlEnum(number, ranges));
    }

    private List<TsdlField> ReadFields()
    {
        var fields = new List<TsdlField>();
        words.Expect("{");
        Enter();
        while (!words.TakeIf("}"))
        {
            if (words.TakeIf("typedef"))
            {
                ReadTypedef();
            }
            else if (words.TakeIf("typealias"))
            {
                ReadTypealias();
            }
            else
            {
                ReadField(fields);
            }
        }

        Scope = Scope.Outer!;
        return fields;
    }

    private void ReadField(List<TsdlField> fields)
    {
        TsdlType type = ReadType();
        while (!words.Is(";"))
        {
            string name = words.TakeName();
            fields.Add(new TsdlField(name, Dimensions(type)));
            Count(1);
            if (!words.TakeIf(","))
            {
                break;
            }
        }

        words.Expect(";");
    }

    // int a[2][3] is two times three.
    private TsdlType Dimensions(TsdlType element)
    {
        var dimensions = new List<(ulong? Count, string Path)>();
        while (words.TakeIf("["))
        {
            dimensions.Add(words.Peek.Kind == TsdlTokenKind.Number ? (words.TakeNumber(), "") : (null, words.TakeValue()));
            words.Expect("]");
            if (dimensions.Count > MostNesting)
            {
                CaptureFormatException.ThrowMetadataLimit("dimensions", MostNesting, words.Peek.Line);
            }
        }

        if (dimensions.Count > 0 && element.LeastBits == 0)
        {
            words.Refuse("an array whose elements may be empty");
        }

        for (int i = dimensions.Count - 1; i >= 0; i--)
        {
            if (i < dimensions.Count - 1 && element.LeastBits == 0)
            {
                words.Refuse("an array whose elements may be empty");
            }

            element = dimensions[i].Count is { } count ? new TsdlArray(element, count) : new TsdlSequence(element, dimensions[i].Path);
        }

        return element;
    }

    // unsigned long x; a name of several words ends before the name of the field.
    private TsdlType ReadNamed()
    {
        string name = words.TakeName();
        while (Scope.Find(name) is null)
        {
            if (words.Peek.Kind != TsdlTokenKind.Name || name.Length > TsdlLexer.LongestWord)
            {
                words.Refuse($"type {name} is not known");
            }

            name = $"{name} {words.TakeName()}";
        }

        while (words.Peek.Kind == TsdlTokenKind.Name && Scope.Find($"{name} {words.Peek.Text}") is not null)
        {
            name = $"{name} {words.TakeName()}";
        }

        return Known(name);
    }

    private TsdlType Known(string name)
    {
        if (Scope.Find(name) is not { } type)
        {
            words.Refuse($"type {name} is not known");
            return new TsdlString();
        }

        return type;
    }

    private TsdlType Named(string? name, TsdlType type)
    {
        if (name is not null)
        {
            Scope.Add(name, type);
        }

        return type;
    }

    private void Enter()
    {
        Scope = new TsdlScope(Scope);
        if (Scope.Depth > MostNesting)
        {
            CaptureFormatException.ThrowMetadataLimit("structures inside each other", MostNesting, words.Peek.Line);
        }
    }

    private void Count(int more)
    {
        _fields += more;
        if (_fields > MostFields)
        {
            CaptureFormatException.ThrowMetadataLimit("fields", MostFields, words.Peek.Line);
        }
    }

    private int Number(IReadOnlyDictionary<string, string> attributes, string name, int otherwise)
    {
        if (!attributes.TryGetValue(name, out string? text))
        {
            return otherwise;
        }

        TsdlToken number = new TsdlLexer(text).Next();
        if (number.Kind != TsdlTokenKind.Number || number.Number > MostAlign)
        {
            words.Refuse($"{name} cannot be {text}");
        }

        return (int)number.Number;
    }

    private int Aligned(int align)
    {
        if (align is < 1 or > MostAlign || !int.IsPow2(align))
        {
            words.Refuse($"align cannot be {align}");
        }

        return align;
    }

    private bool IsBigEndian(IReadOnlyDictionary<string, string> attributes) => attributes.GetValueOrDefault("byte_order", "native") switch
    {
        "le" => false,
        "be" or "network" => true,
        _ => BigEndian,
    };
}
