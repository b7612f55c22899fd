using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>Checks the numbers of fields in descriptions of versions 4 and 5: the library takes memory for as many as they claim.</summary>
/// <remarks>
/// <code>
/// u16 size of the header, u16 flags (1: packed), ...; then of each description a header as events have it, and
/// u32 id, provider, u32 event, name, u64, u32, u32, u32 number of fields: u32 type (1: u32 number of fields and these), name
/// tags: u32 size, u8 kind (2: u32 number of fields, each u32 size, name, u32 type as above)
/// </code>
/// Texts are UTF-16 and end with a zero.
/// </remarks>
internal static class NetTraceDescriptions
{
    private const ushort PackedFlag = 1;
    private const byte MetadataBit = 1, CaptureBit = 2, ThreadBit = 4, StackBit = 8, ActivityBit = 16, RelatedBit = 32, SizeBit = 128;
    private const int GuidSize = 16, PlainHeaderSize = 76, SmallestField = 6, Deepest = 16;
    private const uint ObjectType = 1, ArrayType = 19;
    private const byte FieldsTag = 2;

    /// <summary>Checks a block.</summary>
    /// <exception cref="CaptureFormatException">A number cannot be, or the block is cut short.</exception>
    public static void Check(ReadOnlySpan<byte> block, long fileOffset)
    {
        var cursor = new ByteCursor(block, fileOffset, bigEndian: false);
        int header = cursor.U16("size of the header");
        bool packed = (cursor.U16("flags") & PackedFlag) != 0;
        cursor.Take(header - (2 * sizeof(ushort)), "header");
        ulong size = 0;
        while (cursor.Left > 0)
        {
            size = packed ? PackedSize(ref cursor, size) : PlainSize(ref cursor);
            long at = cursor.FileOffset;
            var payload = new ByteCursor(cursor.Take((int)Math.Min(size, int.MaxValue), "description"), at, bigEndian: false);
            CheckOne(ref payload);
        }
    }

    private static ulong PlainSize(ref ByteCursor cursor)
    {
        cursor.Take(PlainHeaderSize, "header of a description");
        return cursor.U32("size of a description");
    }

    private static ulong PackedSize(ref ByteCursor cursor, ulong before)
    {
        byte groups = cursor.U8("groups of a header");
        int numbers = ((groups & MetadataBit) != 0 ? 1 : 0) + ((groups & CaptureBit) != 0 ? 3 : 0) + ((groups & ThreadBit) != 0 ? 1 : 0) + ((groups & StackBit) != 0 ? 1 : 0);

        // One more: the time is always there.
        for (; numbers >= 0; numbers--)
        {
            Number(ref cursor);
        }

        cursor.Take(((groups & ActivityBit) != 0 ? GuidSize : 0) + ((groups & RelatedBit) != 0 ? GuidSize : 0), "activities");
        return (groups & SizeBit) != 0 ? Number(ref cursor) : before;
    }

    private static void CheckOne(ref ByteCursor payload)
    {
        payload.U32("id of a description");
        PassText(ref payload);
        payload.U32("event");
        PassText(ref payload);
        payload.Take(sizeof(ulong) + (2 * sizeof(uint)), "keywords, version and level");
        if (payload.Left == 0)
        {
            return;
        }

        CheckFields(ref payload, sized: false, depth: 0);
        while (payload.Left > 0)
        {
            uint size = payload.U32("size of a tag");
            byte kind = payload.U8("kind of a tag");
            long at = payload.FileOffset;
            var tag = new ByteCursor(payload.Take((int)Math.Min(size, int.MaxValue), "tag"), at, bigEndian: false);
            if (kind == FieldsTag)
            {
                CheckFields(ref tag, sized: true, depth: 0);
            }
        }
    }

    private static void CheckFields(ref ByteCursor cursor, bool sized, int depth)
    {
        long at = cursor.FileOffset;
        uint count = cursor.U32("number of fields");
        if (count > cursor.Left / SmallestField || depth > Deepest)
        {
            CaptureFormatException.ThrowImpossible("number of fields", at, $"{count} at depth {depth}");
        }

        for (; count > 0; count--)
        {
            if (sized)
            {
                cursor.U32("size of a field");
                PassText(ref cursor);
            }

            if (cursor.U32("type of a field") is var type && type == ObjectType)
            {
                CheckFields(ref cursor, sized, depth + 1);
            }
            else if (sized && type == ArrayType)
            {
                cursor.U32("type of an element");
            }

            if (!sized)
            {
                PassText(ref cursor);
            }
        }
    }

    private static void PassText(ref ByteCursor cursor)
    {
        while (cursor.U16("text") != 0)
        {
        }
    }

    private static ulong Number(ref ByteCursor cursor)
    {
        const int Bits = 7, Longest = 64;
        ulong value = 0;
        for (int shift = 0; shift < Longest; shift += Bits)
        {
            byte next = cursor.U8("number");
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                break;
            }
        }

        return value;
    }
}
