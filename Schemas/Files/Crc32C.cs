using System.Buffers.Binary;
using System.Numerics;

namespace Differ.Schemas.Files;

/// <summary>CRC-32C (Castagnoli), as in RFC 3720 appendix B.4.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of some bytes.</summary>
    /// <example>The nine digits "123456789" give 0xe3069283.</example>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
