using System.Text;
using Differ.Capture.Bytes;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>Reads what the format has of its own in the way of numbers and texts.</summary>
internal static class NetTraceNumbers
{
    /// <summary>A number of seven bits a byte, the lowest first; the uppermost bit says that more follow.</summary>
    public static ulong Packed(ref ByteCursor cursor)
    {
        byte next = cursor.U8("number");
        return next < 0x80 ? next : Rest(ref cursor, next);
    }

    private static ulong Rest(ref ByteCursor cursor, byte first)
    {
        const int Bits = 7, Longest = 64;
        byte next = first;
        ulong value = next & 0x7fUL;
        for (int shift = Bits; next >= 0x80 && shift < Longest; shift += Bits)
        {
            next = cursor.U8("number");
            value |= (next & 0x7fUL) << shift;
        }

        return value;
    }

    /// <summary>UTF-8 with its length before it, as from version 6 on.</summary>
    public static string Sized(ref ByteCursor cursor) =>
        Encoding.UTF8.GetString(cursor.Take((int)Math.Min(Packed(ref cursor), int.MaxValue), "text"));

    /// <summary>UTF-16 with a zero at the end, as up to version 5.</summary>
    public static string Ended(ref ByteCursor cursor)
    {
        var text = new StringBuilder();
        for (ushort next = cursor.U16("text"); next != 0; next = cursor.U16("text"))
        {
            text.Append((char)next);
        }

        return text.ToString();
    }

    /// <summary>What follows with its size before it.</summary>
    public static ByteCursor Part(ref ByteCursor cursor, uint size, string field)
    {
        long at = cursor.FileOffset;
        return new ByteCursor(cursor.Take((int)Math.Min(size, int.MaxValue), field), at, bigEndian: false);
    }
}
