namespace Differ.Capture.Formats.Ctf.Tsdl;

/// <summary>A type of a description.</summary>
/// <param name="Align">Bits; the type starts at a multiple of them, counted from the start of the packet.</param>
/// <param name="LeastBits">The fewest bits that a value has.</param>
internal abstract record TsdlType(int Align, long LeastBits)
{
    /// <summary>What more bits than these count as.</summary>
    protected const long Most = long.MaxValue / 4;
}

/// <summary>A number: an integer, or the bits of a float.</summary>
/// <param name="Bits">1 to 64.</param>
/// <param name="Align">Where it may start.</param>
/// <param name="Signed">Whether it is signed.</param>
/// <param name="BigEndian">Whether its first byte is the most significant one.</param>
/// <param name="IsLetter">Whether it is a letter of a text.</param>
/// <param name="IsFloat">Whether it is the bits of a float.</param>
/// <param name="Clock">The clock whose value it is; empty where it is none.</param>
internal sealed record TsdlNumber(int Bits, int Align, bool Signed, bool BigEndian, bool IsLetter, bool IsFloat, string Clock) : TsdlType(Align, Bits);

/// <summary>Some numbers with names.</summary>
/// <param name="Container">How the number is stored.</param>
/// <param name="Ranges">The names, each with its first and last number; the bits of a signed number, sign-extended.</param>
internal sealed record TsdlEnum(TsdlNumber Container, IReadOnlyList<TsdlRange> Ranges) : TsdlType(Container.Align, Container.Bits);

/// <summary>The numbers that have a name.</summary>
/// <param name="Name">The name.</param>
/// <param name="First">The first one.</param>
/// <param name="Last">The last one.</param>
internal readonly record struct TsdlRange(string Name, ulong First, ulong Last);

/// <summary>Bytes up to a zero.</summary>
internal sealed record TsdlString() : TsdlType(8, 8);

/// <summary>Fields one after the other.</summary>
/// <param name="Fields">The fields.</param>
/// <param name="Align">Where it may start.</param>
/// <param name="LeastBits">The fewest bits of all fields together.</param>
internal sealed record TsdlStruct(IReadOnlyList<TsdlField> Fields, int Align, long LeastBits) : TsdlType(Align, LeastBits)
{
    /// <summary>A structure of these fields.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="align">What the description asks for.</param>
    public static TsdlStruct Of(IReadOnlyList<TsdlField> fields, int align) => new(
        fields, fields.Aggregate(align, (most, field) => Math.Max(most, field.Type.Align)),
        fields.Aggregate(0L, (sum, field) => Math.Min(sum + field.Type.LeastBits, Most)));
}

/// <summary>A field.</summary>
/// <param name="Name">Its name as the description has it, with the underscore that LTTng puts before it.</param>
/// <param name="Type">Its type.</param>
internal sealed record TsdlField(string Name, TsdlType Type)
{
    /// <summary>The name without that underscore.</summary>
    public string PlainName => Name.StartsWith('_') ? Name[1..] : Name;
}

/// <summary>One of several types, chosen by a field before it.</summary>
/// <param name="Tag">The path of that field.</param>
/// <param name="Options">The types, each with the name by which it is chosen.</param>
internal sealed record TsdlVariant(string Tag, IReadOnlyList<TsdlField> Options)
    : TsdlType(1, Options.Count == 0 ? 0 : Options.Min(option => option.Type.LeastBits));

/// <summary>A fixed number of elements.</summary>
/// <param name="Element">Type of each.</param>
/// <param name="Count">How many.</param>
internal sealed record TsdlArray(TsdlType Element, ulong Count)
    : TsdlType(Element.Align, Count == 0 ? 0 : Count > (ulong)Most || Element.LeastBits > Most / (long)Count ? Most : (long)Count * Element.LeastBits);

/// <summary>Elements whose number is in a field before them.</summary>
/// <param name="Element">Type of each.</param>
/// <param name="Length">The path of that field.</param>
internal sealed record TsdlSequence(TsdlType Element, string Length) : TsdlType(Element.Align, 0);
