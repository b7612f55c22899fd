using System.Buffers.Binary;
using System.Text.Json;

namespace Differ.Diff.Report.Html;

/// <summary>Columns of numbers as base64 of little-endian typed arrays: half the size of decimal digits and read at once.</summary>
internal static class TypedArrays
{
    /// <summary>A column of Float64Array.</summary>
    public static void WriteDoubles<T>(this Utf8JsonWriter json, string name, ReadOnlySpan<T> items, Func<T, double> value)
    {
        byte[] bytes = new byte[items.Length * sizeof(double)];
        for (int i = 0; i < items.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), value(items[i]));
        }

        json.WriteBase64String(name, bytes);
    }

    /// <summary>A column of Float32Array: 24 bits of precision.</summary>
    public static void WriteSingles<T>(this Utf8JsonWriter json, string name, ReadOnlySpan<T> items, Func<T, double> value)
    {
        byte[] bytes = new byte[items.Length * sizeof(float)];
        for (int i = 0; i < items.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), (float)value(items[i]));
        }

        json.WriteBase64String(name, bytes);
    }

    /// <summary>A column of Uint16Array.</summary>
    public static void WriteShorts<T>(this Utf8JsonWriter json, string name, ReadOnlySpan<T> items, Func<T, ushort> value)
    {
        byte[] bytes = new byte[items.Length * sizeof(ushort)];
        for (int i = 0; i < items.Length; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * sizeof(ushort)), value(items[i]));
        }

        json.WriteBase64String(name, bytes);
    }
}
