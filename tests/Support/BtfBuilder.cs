using System.Text;

namespace Differ.Tests.Support;

/// <summary>BTF of a kernel, or of a module on top of it.</summary>
/// <param name="kernel">The kernel's; null for the kernel itself.</param>
internal sealed class BtfBuilder(BtfBuilder? kernel = null)
{
    private readonly List<byte> _types = [];
    private readonly List<byte> _names = [.. kernel is null ? new byte[1] : []];
    private int _next = kernel?._next ?? 1;

    private int NamesEnd => (kernel?.NamesEnd ?? 0) + _names.Count;

    public int Int(string name, int size) => Type(name, 1, 0, size, U32(size * 8));

    public int Pointer(int to) => Type("", 2, 0, to, []);

    public int Array(int of, int count) => Type("", 3, 0, 0, [.. U32(of), .. U32(of), .. U32(count)]);

    public int Typedef(string name, int of) => Type(name, 8, 0, of, []);

    public int Const(int of) => Type("", 10, 0, of, []);

    /// <summary>A structure of members by name, type and bytes from its start.</summary>
    public int Struct(string name, int size, params (string Name, int Type, int Offset)[] members) =>
        Type(name, 4, members.Length, size, [.. members.SelectMany(one => Member(one.Name, one.Type, one.Offset * 8))]);

    public int Union(string name, int size, params (string Name, int Type, int Offset)[] members) =>
        Type(name, 5, members.Length, size, [.. members.SelectMany(one => Member(one.Name, one.Type, one.Offset * 8))]);

    /// <summary>A structure with bit fields: members by name, type, first bit and width (0 for none).</summary>
    public int Bits(string name, int size, params (string Name, int Type, int Bit, int Width)[] members) =>
        Type(name, 4, members.Length | (1 << 31), size, [.. members.SelectMany(one => Member(one.Name, one.Type, one.Bit | (one.Width << 24)))]);

    public int Function(string name, params (string Name, int Type)[] parameters)
    {
        int prototype = Type("", 13, parameters.Length, 0, [.. parameters.SelectMany(one => (byte[])[.. U32(Name(one.Name)), .. U32(one.Type)])]);
        return Type(name, 12, 0, prototype, []);
    }

    /// <summary>A type of these words.</summary>
    public int Type(string name, int kind, int count, int third, byte[] more)
    {
        _types.AddRange([.. U32(Name(name)), .. U32((kind << 24) | count), .. U32(third), .. more]);
        return _next++;
    }

    public byte[] ToBytes() =>
    [
        0x9f, 0xeb, 1, 0, .. U32(24), .. U32(0), .. U32(_types.Count), .. U32(_types.Count), .. U32(_names.Count), .. _types, .. _names,
    ];

    private byte[] Member(string name, int type, int offset) => [.. U32(Name(name)), .. U32(type), .. U32(offset)];

    private int Name(string text)
    {
        if (text.Length == 0)
        {
            return 0;
        }

        int at = NamesEnd;
        _names.AddRange([.. Encoding.UTF8.GetBytes(text), 0]);
        return at;
    }

    private static byte[] U32(int value) => BitConverter.GetBytes(value);
}
