using System.Buffers.Binary;
using System.Text;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Btf;

/// <summary>Types of a running kernel or of one of its modules, as <c>/sys/kernel/btf</c> has them.</summary>
/// <remarks>
/// <code>
/// header: u16 magic eb9f, u8 version, u8 flags, u32 header length, u32 offset and length of the types, u32 of the names
/// type:   u32 name, u32 info (vlen, kind from bit 24, bit 31 kind_flag), u32 size or type, and what its kind adds
/// </code>
/// A module's types continue the kernel's: its first type has the number behind the last of the kernel, and its names start
/// behind the kernel's. Source: Linux Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
/// </remarks>
public sealed class BtfTypes
{
    private const ushort Magic = 0xeb9f;
    private const int ShortestHeader = 24, TypeSize = 12;

    // A chain of names for a type, or of structures without a name, is never so long; a damaged one may be a circle.
    private const int LongestChain = 32;

    // Members looked at for one path. kvm_vcpu_arch has 200.
    private const int MostMembers = 1 << 16;

    private const long LargestArray = 1 << 30;

    private readonly BtfTypes? _kernel;
    private readonly byte[] _bytes;
    private readonly int _namesStart, _namesLength, _firstId, _firstName;
    private readonly List<int> _typeAt = [];

    private BtfTypes(byte[] bytes, BtfTypes? kernel)
    {
        (_bytes, _kernel) = (bytes, kernel);
        _firstId = kernel is null ? 1 : kernel._firstId + kernel._typeAt.Count;
        _firstName = kernel is null ? 0 : kernel._firstName + kernel._namesLength;
        var header = new ByteCursor(bytes, 0, bigEndian: false);
        ushort magic = header.U16("btf.magic");
        byte version = header.U8("btf.version");
        if (magic != Magic || version != 1)
        {
            CaptureFormatException.ThrowUnsupported("this is no BTF of version 1 of a little-endian kernel", "name /sys/kernel/btf of an x86 host, or a copy of it", 0);
        }

        _ = header.U8("btf.flags");
        uint length = header.U32("btf.hdr_len");
        uint typesAt = header.U32("btf.type_off"), typesLength = header.U32("btf.type_len");
        uint namesAt = header.U32("btf.str_off"), namesLength = header.U32("btf.str_len");
        if (length < ShortestHeader)
        {
            CaptureFormatException.ThrowImpossible("btf.hdr_len", 4, $"{length}");
        }

        (int typesStart, int typesSize) = Part("types", length, typesAt, typesLength);
        (_namesStart, _namesLength) = Part("names", length, namesAt, namesLength);
        ReadTypes(typesStart, typesSize);
    }

    private enum Kind
    {
        Void, Int, Pointer, Array, Struct, Union, Enum, Forward, Typedef, Volatile, Const, Restrict, Function, Prototype, Variable, Section, Float, DeclarationTag,
        TypeTag, Enum64,
    }

    /// <summary>Reads the types of a kernel, or of a module.</summary>
    /// <param name="bytes">The whole file; kept.</param>
    /// <param name="kernel">The kernel's types, where the file is a module's; else null.</param>
    /// <exception cref="CaptureFormatException">DIF0101, DIF0104 or DIF0108: the file is damaged, or no BTF.</exception>
    public static BtfTypes Read(byte[] bytes, BtfTypes? kernel = null) => new(bytes, kernel);

    /// <summary>Where a member of a structure is, through members that are structures and through those without a name.</summary>
    /// <param name="path">The structure's tag and the names of members, with dots: <c>kvm_vcpu.arch.efer</c>.</param>
    /// <returns>Null where there is no such structure or member.</returns>
    /// <exception cref="CaptureFormatException">DIF0104: the types make no sense.</exception>
    public BtfPlace? Find(string path)
    {
        string[] names = path.Split('.');
        int id = FindNamed(names[0], Kind.Struct);
        if (id == 0)
        {
            return null;
        }

        int budget = MostMembers;
        var place = new BtfPlace(0, 0, 0);
        long bits = 0;
        foreach (string name in names.Skip(1))
        {
            if (FindMember(Resolve(id), name, 0, ref budget) is not { } member)
            {
                return null;
            }

            bits += member.Bits;
            id = member.Type;
            place = new BtfPlace(bits / 8, SizeOf(id), member.Width > 0 || bits % 8 != 0 ? Math.Max(member.Width, 1) : 0);
        }

        return place;
    }

    /// <summary>The parameters of a function; null where the file has no function of that name.</summary>
    /// <exception cref="CaptureFormatException">DIF0104: the types make no sense.</exception>
    public IReadOnlyList<BtfParameter>? FindFunction(string name)
    {
        int id = FindNamed(name, Kind.Function);
        if (id == 0)
        {
            return null;
        }

        BtfTypes holder = Holder(Header(id).Third, out int at);
        (_, uint info, _) = holder.HeaderAt(at);
        if (KindOf(info) != Kind.Prototype)
        {
            CaptureFormatException.ThrowImpossible("type of a function", at, $"of kind {(int)KindOf(info)}");
        }

        var parameters = new List<BtfParameter>();
        for (int i = 0; i < Count(info); i++)
        {
            int one = at + TypeSize + (i * 8);
            parameters.Add(new BtfParameter(Name(holder.Word(one)), Describe(holder.TypeId(one + 4))));
        }

        return parameters;
    }

    private (int Start, int Size) Part(string what, uint header, uint offset, uint length)
    {
        ulong start = (ulong)header + offset;
        if (start + length > (ulong)_bytes.Length)
        {
            CaptureFormatException.ThrowTruncated($"btf.{what}", (long)Math.Min(start, (ulong)_bytes.Length), length, Math.Max(0, _bytes.Length - (long)start));
        }

        return ((int)start, (int)length);
    }

    private void ReadTypes(int start, int size)
    {
        int end = start + size;
        for (int at = start; at < end;)
        {
            if (end - at < TypeSize)
            {
                CaptureFormatException.ThrowTruncated("btf.type", at, TypeSize, end - at);
            }

            (_, uint info, _) = HeaderAt(at);
            long length = TypeSize + More(info, at);
            if (length > end - at)
            {
                CaptureFormatException.ThrowTruncated("btf.type", at, length, end - at);
            }

            _typeAt.Add(at);
            at += (int)length;
        }
    }

    private static long More(uint info, int at)
    {
        switch (KindOf(info))
        {
            case Kind.Int or Kind.Variable or Kind.DeclarationTag:
                return 4;
            case Kind.Array:
                return 12;
            case Kind.Struct or Kind.Union or Kind.Section or Kind.Enum64:
                return 12L * Count(info);
            case Kind.Enum or Kind.Prototype:
                return 8L * Count(info);
            case Kind.Pointer or Kind.Forward or Kind.Typedef or Kind.Volatile or Kind.Const or Kind.Restrict or Kind.Function or Kind.Float or Kind.TypeTag:
                return 0;
            default:
                CaptureFormatException.ThrowUnsupported($"BTF has a type of kind {(int)KindOf(info)}", "the file is damaged, or of a kernel that Differ does not know", at);
                return 0;
        }
    }

    // The module's own first: it may have a structure that the kernel only names.
    private int FindNamed(string name, Kind kind)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(name);
        for (BtfTypes? types = this; types is not null; types = types._kernel)
        {
            for (int i = 0; i < types._typeAt.Count; i++)
            {
                (uint at, uint info, _) = types.HeaderAt(types._typeAt[i]);
                if (KindOf(info) == kind && types.NameBytes(at).SequenceEqual(wanted))
                {
                    return types._firstId + i;
                }
            }
        }

        return 0;
    }

    private Member? FindMember(int id, string name, int depth, ref int budget)
    {
        BtfTypes holder = Holder(id, out int at);
        (_, uint info, _) = holder.HeaderAt(at);
        if (KindOf(info) is not (Kind.Struct or Kind.Union))
        {
            return null;
        }

        if (depth == LongestChain)
        {
            CaptureFormatException.ThrowImpossible("structure without a name", at, $"more than {LongestChain} deep");
        }

        bool hasWidths = info >> 31 != 0;
        for (int i = 0; i < Count(info); i++)
        {
            if (--budget < 0)
            {
                CaptureFormatException.ThrowImpossible("structure", at, $"of more than {MostMembers} members");
            }

            int one = at + TypeSize + (i * 12);
            string found = Name(holder.Word(one));
            int type = holder.TypeId(one + 4);
            uint offset = holder.Word(one + 8);
            (long bits, int width) = hasWidths ? (offset & 0xffffff, (int)(offset >> 24)) : (offset, 0);
            if (found == name)
            {
                return new Member(type, bits, width);
            }

            if (found.Length == 0 && FindMember(Resolve(type), name, depth + 1, ref budget) is { } inner)
            {
                return inner with { Bits = bits + inner.Bits };
            }
        }

        return null;
    }

    // Past names and qualifiers.
    private int Resolve(int id)
    {
        for (int i = 0; id != 0 && i < LongestChain; i++)
        {
            (_, uint info, int third) = Header(id);
            if (KindOf(info) is not (Kind.Typedef or Kind.Volatile or Kind.Const or Kind.Restrict or Kind.TypeTag))
            {
                return id;
            }

            id = third;
        }

        if (id != 0)
        {
            CaptureFormatException.ThrowImpossible("chain of types", 0, $"longer than {LongestChain}");
        }

        return 0;
    }

    private long SizeOf(int id)
    {
        long count = 1;
        for (int i = 0; i < LongestChain; i++)
        {
            int resolved = Resolve(id);
            if (resolved == 0)
            {
                return 0;
            }

            BtfTypes holder = Holder(resolved, out int at);
            (_, uint info, _) = holder.HeaderAt(at);
            switch (KindOf(info))
            {
                case Kind.Pointer:
                    return count * sizeof(ulong);
                case Kind.Array:
                    count = Math.Min(count * holder.Word(at + TypeSize + 8), LargestArray);
                    id = holder.TypeId(at + TypeSize);
                    break;
                case Kind.Int or Kind.Struct or Kind.Union or Kind.Enum or Kind.Enum64 or Kind.Float:
                    return count * holder.Word(at + 8);
                default:
                    return 0;
            }
        }

        CaptureFormatException.ThrowImpossible("array", 0, $"of more than {LongestChain} dimensions");
        return 0;
    }

    // A pointer is the name of what it points to with a star.
    private string Describe(int id)
    {
        string stars = "";
        for (int i = 0; id != 0 && i < LongestChain; i++)
        {
            (uint name, uint info, int third) = Header(id);
            switch (KindOf(info))
            {
                case Kind.Pointer:
                    stars += "*";
                    id = third;
                    break;
                case Kind.Volatile or Kind.Const or Kind.Restrict or Kind.TypeTag:
                    id = third;
                    break;
                default:
                    return Holder(id, out _).Name(name) + stars;
            }
        }

        return "void" + stars;
    }

    private BtfTypes Holder(int id, out int at)
    {
        for (BtfTypes? types = this; types is not null; types = types._kernel)
        {
            if (id >= types._firstId && id - types._firstId < types._typeAt.Count)
            {
                at = types._typeAt[id - types._firstId];
                return types;
            }
        }

        at = 0;
        CaptureFormatException.ThrowImpossible("number of a type", 0, $"{id}");
        return this;
    }

    private (uint Name, uint Info, int Third) Header(int id) => Holder(id, out int at).HeaderAt(at);

    private (uint Name, uint Info, int Third) HeaderAt(int at) => (Word(at), Word(at + 4), TypeId(at + 8));

    // A number that no type has is found out where the type is looked for.
    private int TypeId(int at) => BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(at));

    private uint Word(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(at));

    private string Name(uint at) => Encoding.UTF8.GetString(NameBytes(at));

    private ReadOnlySpan<byte> NameBytes(uint at)
    {
        if (at < _firstName)
        {
            return _kernel!.NameBytes(at);
        }

        if (at - _firstName >= _namesLength)
        {
            return [];
        }

        ReadOnlySpan<byte> rest = _bytes.AsSpan(_namesStart + (int)(at - _firstName), _namesLength - (int)(at - _firstName));
        int end = rest.IndexOf((byte)0);
        return end < 0 ? rest : rest[..end];
    }

    private static Kind KindOf(uint info) => (Kind)((info >> 24) & 31);

    private static int Count(uint info) => (int)(info & 0xffff);

    private readonly record struct Member(int Type, long Bits, int Width);
}

/// <summary>Where a member of a structure is.</summary>
/// <param name="Offset">Bytes from the start of the structure.</param>
/// <param name="Size">Bytes of its type; 0 where that has none.</param>
/// <param name="BitWidth">Bits, where it is a bit field; else 0.</param>
public sealed record BtfPlace(long Offset, long Size, int BitWidth);

/// <summary>A parameter of a function.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Name of its type without qualifiers, such as <c>u64</c>; of a pointer that of what it points to, with a star.</param>
public sealed record BtfParameter(string Name, string Type);
