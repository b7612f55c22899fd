using System.Buffers.Binary;
using Differ.Schemas.Run;
using Iced.Intel;

namespace Differ.Replay.Redaction;

/// <summary>The bytes of an instruction with other numbers in it: what it does, its length and its operands' kinds stay.</summary>
internal static class RedactedInstruction
{
    // Numbers of one byte are ports, vectors and distances in a structure.
    private const int Smallest = 2;

    /// <summary>Maps the numbers in the bytes.</summary>
    /// <param name="instruction">As it was recorded.</param>
    /// <param name="values">What becomes of a number.</param>
    /// <returns>The two halves of its bytes.</returns>
    public static (ulong Low, ulong High) Of(in EmulatedInstruction instruction, ValueMap values)
    {
        Span<byte> bytes = stackalloc byte[2 * sizeof(ulong)];
        int length = instruction.CopyBytes(bytes).Length;
        int bitness = instruction.Mode switch
        {
            DecodeMode.Long64 or DecodeMode.Unknown => 64,
            DecodeMode.Protected32 => 32,
            _ => 16,
        };
        var decoder = Decoder.Create(bitness, new ByteArrayCodeReader(bytes[..length].ToArray()), DecoderOptions.AMD);
        decoder.Decode(out Instruction decoded);
        if (!decoded.IsInvalid)
        {
            ConstantOffsets numbers = decoder.GetConstantOffsets(decoded);
            Map(bytes, numbers.DisplacementOffset, numbers.DisplacementSize, values);
            Map(bytes, numbers.ImmediateOffset, numbers.ImmediateSize, values);
            Map(bytes, numbers.ImmediateOffset2, numbers.ImmediateSize2, values);
        }

        return (BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[sizeof(ulong)..]));
    }

    private static void Map(Span<byte> bytes, int offset, int size, ValueMap values)
    {
        if (size < Smallest)
        {
            return;
        }

        Span<byte> number = stackalloc byte[sizeof(ulong)];
        bytes.Slice(offset, size).CopyTo(number);
        BinaryPrimitives.WriteUInt64LittleEndian(number, values.Of(BinaryPrimitives.ReadUInt64LittleEndian(number), size));
        number[..size].CopyTo(bytes[offset..]);
    }
}
