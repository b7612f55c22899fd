using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Naming;

/// <summary>The symbols of a guest: of its System.map, its /proc/kallsyms, or an ELF file with a symbol table.</summary>
public sealed class GuestSymbols
{
    // Behind the last symbol of a table there is something else.
    private const ulong Farthest = 1 << 20;
    private const int LongestName = 200;
    private const int SectionSize = 64, SymbolSize = 24;
    private const int SymbolTable = 2, DynamicSymbols = 11;
    private const int NoType = 0, Function = 2;

    private readonly ulong[] _addresses;
    private readonly string[] _names;

    private GuestSymbols(IEnumerable<(ulong Address, string Name)> symbols)
    {
        (ulong Address, string Name)[] sorted = [.. symbols.OrderBy(symbol => symbol.Address).ThenBy(symbol => symbol.Name, StringComparer.Ordinal).DistinctBy(symbol => symbol.Address)];
        _addresses = [.. sorted.Select(symbol => symbol.Address)];
        _names = [.. sorted.Select(symbol => PlainText.Of(symbol.Name, LongestName))];
    }

    /// <summary>How many symbols there are.</summary>
    public int Count => _addresses.Length;

    /// <summary>Reads symbols from whichever form the bytes have.</summary>
    /// <param name="bytes">The file.</param>
    /// <exception cref="FormatException">They have none, or no symbols; the message goes behind the file's name.</exception>
    public static GuestSymbols Read(byte[] bytes)
    {
        var symbols = new GuestSymbols(bytes.AsSpan().StartsWith("\u007fELF"u8) ? OfElf(bytes) : OfText(bytes));
        return symbols.Count == 0 ? throw new FormatException("no symbols: a System.map, kallsyms or an ELF file with a symbol table is expected")
            : symbols._addresses is [0] ? throw new FormatException("all addresses are 0: read /proc/kallsyms as root")
            : symbols;
    }

    /// <summary>The symbol that an address is in, as name+0x12; null where there is none near below.</summary>
    public string? Of(ulong address)
    {
        int at = Array.BinarySearch(_addresses, address);
        at = at < 0 ? ~at - 1 : at;
        return at < 0 || address - _addresses[at] >= Farthest ? null
            : address == _addresses[at] ? _names[at] : string.Create(CultureInfo.InvariantCulture, $"{_names[at]}+0x{address - _addresses[at]:x}");
    }

    // Address, type and name a line; kallsyms puts a module in brackets behind. Only code is looked for.
    private static IEnumerable<(ulong, string)> OfText(byte[] bytes)
    {
        foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            string[] parts = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length >= 3 && parts[1] is "t" or "T" or "w" or "W" && ulong.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address))
            {
                yield return (address, parts.Length > 3 ? $"{parts[2]} {parts[3]}" : parts[2]);
            }
        }
    }

    // ELF-64, least significant byte first: what a guest of an AMD host is.
    private static List<(ulong, string)> OfElf(byte[] bytes)
    {
        var found = new List<(ulong, string)>();
        try
        {
            if (bytes[4] != 2 || bytes[5] != 1)
            {
                throw new FormatException("no symbols: the ELF file is not of 64 bits, least significant byte first");
            }

            int sections = checked((int)Number64(bytes, 40)), count = Number16(bytes, 60);

            // One table, the full one where there is one: sections may name the same bytes again and again.
            foreach (int kind in (int[])[SymbolTable, DynamicSymbols])
            {
                for (int i = 0; i < count && found.Count == 0; i++)
                {
                    int section = sections + (i * SectionSize);
                    if (Number32(bytes, section + 4) == kind)
                    {
                        int names = checked((int)Number64(bytes, sections + ((int)Number32(bytes, section + 40) * SectionSize) + 24));
                        AddSymbols(bytes.AsSpan(checked((int)Number64(bytes, section + 24)), checked((int)Number64(bytes, section + 32))), bytes.AsSpan(names), found);
                    }
                }
            }
        }
        catch (Exception fault) when (fault is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw new FormatException("the ELF file is cut short or damaged");
        }

        return found;
    }

    private static void AddSymbols(ReadOnlySpan<byte> table, ReadOnlySpan<byte> names, List<(ulong, string)> found)
    {
        for (int at = 0; at + SymbolSize <= table.Length; at += SymbolSize)
        {
            int type = table[at + 4] & 0xf;
            ulong address = BinaryPrimitives.ReadUInt64LittleEndian(table[(at + 8)..]);
            if (type is NoType or Function && address != 0 && BinaryPrimitives.ReadUInt16LittleEndian(table[(at + 6)..]) != 0)
            {
                ReadOnlySpan<byte> name = names[(int)BinaryPrimitives.ReadUInt32LittleEndian(table[at..])..];
                name = name[..Math.Min(name.Length, LongestName)];
                int end = name.IndexOf((byte)0), length = end < 0 ? name.Length : end;
                if (length > 0)
                {
                    found.Add((address, Encoding.UTF8.GetString(name[..length])));
                }
            }
        }
    }

    private static ulong Number64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));

    private static uint Number32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static ushort Number16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
}

/// <summary>The symbols of both guests.</summary>
/// <param name="L1">Those of L1; null for none.</param>
/// <param name="L2">Those of L2; null for none.</param>
public sealed record SymbolTables(GuestSymbols? L1, GuestSymbols? L2)
{
    /// <summary>No symbols.</summary>
    public static SymbolTables None { get; } = new(null, null);

    /// <summary>The symbol that an address is in; null where none is known.</summary>
    /// <param name="level">Whose address it is.</param>
    /// <param name="address">The address.</param>
    public string? Of(GuestLevel level, ulong address) => level switch
    {
        GuestLevel.L1 => L1?.Of(address),
        GuestLevel.L2 => L2?.Of(address),
        _ => null,
    };
}
