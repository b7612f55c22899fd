using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>Reads the descriptions of events, and refuses numbers that cannot be.</summary>
/// <remarks>
/// <code>
/// versions 4 and 5, the content of a row
///   u32 id, provider, u32 event, name, u64, u32, u32, u32 number of fields: u32 type, name
///   tags: u32 size, u8 kind (2: u32 number of fields, each u32 size, name, u32 type)
///   a type is 1 (u32 number of fields, and these), 19 (u32 type of an element) or a plain one
/// version 6
///   u16 size of the header, ..., then rows: u16 size, id, provider, event, name, u16 number of fields: u16 size, name, type
///   a type is u8 1 (u16 number of fields, and these), 19, 24, 25 (type of an element), 22 (type of an element, u16 number) or a plain one
/// </code>
/// Texts are UTF-16 that ends with a zero, from version 6 on UTF-8 with its length. Source: microsoft/perfview NetTraceFormat.md.
/// </remarks>
internal static class NetTraceDescriptions
{
    private const int SmallestField = 6, SmallestPackedField = 4, Deepest = 16;
    private const byte ObjectType = 1, ArrayType = 19, FixedArrayType = 22, RelativeType = 24, PlacedType = 25;
    private const byte FieldsTag = 2;

    /// <summary>Reads a block.</summary>
    /// <param name="block">Its content.</param>
    /// <param name="fileOffset">Where that stands in the file.</param>
    /// <param name="version">Version of the format.</param>
    /// <param name="take">Takes each description with its id.</param>
    /// <exception cref="CaptureFormatException">A number cannot be, or the block is cut short.</exception>
    public static void Read(ReadOnlySpan<byte> block, long fileOffset, int version, Action<uint, NetTraceKind> take)
    {
        if (version >= NetTraceHeader.FirstPlainVersion)
        {
            ReadSized(block, fileOffset, take);
            return;
        }

        for (var rows = new NetTraceRows(block, fileOffset, version); rows.MoveNext();)
        {
            var row = new ByteCursor(rows.Payload, rows.PayloadOffset, bigEndian: false);
            ReadEnded(ref row, take);
        }
    }

    private static void ReadSized(ReadOnlySpan<byte> block, long fileOffset, Action<uint, NetTraceKind> take)
    {
        var cursor = new ByteCursor(block, fileOffset, bigEndian: false);
        cursor.Take(cursor.U16("size of the header"), "header");
        while (cursor.Left > 0)
        {
            ByteCursor row = NetTraceNumbers.Part(ref cursor, cursor.U16("size of a description"), "description");
            uint id = (uint)(NetTraceNumbers.Packed(ref row) & uint.MaxValue);
            string provider = NetTraceNumbers.Sized(ref row);
            uint number = (uint)(NetTraceNumbers.Packed(ref row) & uint.MaxValue);
            string name = NetTraceNumbers.Sized(ref row);
            take(id, new NetTraceKind(provider, name, unchecked((int)number), SizedFields(ref row, depth: 0)));
        }
    }

    private static List<NetTraceField> SizedFields(ref ByteCursor cursor, int depth)
    {
        var fields = new List<NetTraceField>();
        for (uint count = Count(ref cursor, cursor.U16("number of fields"), SmallestPackedField, depth); count > 0; count--)
        {
            ByteCursor field = NetTraceNumbers.Part(ref cursor, cursor.U16("size of a field"), "field");
            fields.Add(SizedField(ref field, depth));
        }

        return fields;
    }

    private static NetTraceField SizedField(ref ByteCursor cursor, int depth)
    {
        string name = NetTraceNumbers.Sized(ref cursor);
        byte type = cursor.U8("type of a field");
        byte element = type;
        if (type == ObjectType)
        {
            SizedFields(ref cursor, depth + 1);
        }
        else if (type is ArrayType or FixedArrayType or RelativeType or PlacedType)
        {
            element = cursor.U8("type of an element");
        }

        return new NetTraceField(name, type, element, type == FixedArrayType && cursor.Left >= sizeof(ushort) ? cursor.U16("number of elements") : 0);
    }

    private static void ReadEnded(ref ByteCursor row, Action<uint, NetTraceKind> take)
    {
        uint id = row.U32("id of a description");
        string provider = NetTraceNumbers.Ended(ref row);
        uint number = row.U32("event");
        string name = NetTraceNumbers.Ended(ref row);
        row.Take(sizeof(ulong) + (2 * sizeof(uint)), "keywords, version and level");
        List<NetTraceField> fields = row.Left == 0 ? [] : EndedFields(ref row, depth: 0);
        while (row.Left > 0)
        {
            uint size = row.U32("size of a tag");
            byte kind = row.U8("kind of a tag");
            ByteCursor tag = NetTraceNumbers.Part(ref row, size, "tag");
            fields = kind == FieldsTag ? TaggedFields(ref tag, depth: 0) : fields;
        }

        take(id, new NetTraceKind(provider, name, unchecked((int)number), fields));
    }

    private static List<NetTraceField> EndedFields(ref ByteCursor cursor, int depth)
    {
        var fields = new List<NetTraceField>();
        for (uint count = Count(ref cursor, cursor.U32("number of fields"), SmallestField, depth); count > 0; count--)
        {
            byte type = PlainType(ref cursor);
            if (type == ObjectType)
            {
                EndedFields(ref cursor, depth + 1);
            }

            fields.Add(new NetTraceField(NetTraceNumbers.Ended(ref cursor), type, type, 0));
        }

        return fields;
    }

    private static List<NetTraceField> TaggedFields(ref ByteCursor cursor, int depth)
    {
        var fields = new List<NetTraceField>();
        for (uint count = Count(ref cursor, cursor.U32("number of fields"), SmallestField, depth); count > 0; count--)
        {
            cursor.U32("size of a field");
            string name = NetTraceNumbers.Ended(ref cursor);
            byte type = PlainType(ref cursor);
            if (type == ObjectType)
            {
                TaggedFields(ref cursor, depth + 1);
            }
            else if (type == ArrayType)
            {
                cursor.U32("type of an element");
            }

            fields.Add(new NetTraceField(name, type, type, 0));
        }

        return fields;
    }

    private static byte PlainType(ref ByteCursor cursor) => (byte)Math.Min(cursor.U32("type of a field"), byte.MaxValue);

    private static uint Count(ref ByteCursor cursor, uint count, int smallest, int depth)
    {
        if (count > cursor.Left / smallest || depth > Deepest)
        {
            CaptureFormatException.ThrowImpossible("number of fields", cursor.FileOffset, $"{count} at depth {depth}");
        }

        return count;
    }
}
