using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Differ.Replay.Redaction;

/// <summary>Values that no rule looks into become others of the same size, each always the same; zero stays.</summary>
internal sealed class ValueMap
{
    private const int Rounds = 3;

    private readonly ulong[] _factors = new ulong[Rounds];

    /// <summary>The map of a secret.</summary>
    public ValueMap(ReadOnlySpan<byte> key)
    {
        byte[] hash = HMACSHA256.HashData(key, Encoding.ASCII.GetBytes("values"));
        for (int i = 0; i < Rounds; i++)
        {
            // Odd, so that no two values become one.
            _factors[i] = BinaryPrimitives.ReadUInt64LittleEndian(hash.AsSpan(i * sizeof(ulong))) | 1;
        }
    }

    /// <summary>A value.</summary>
    /// <param name="value">The value; what is above its size stays.</param>
    /// <param name="bytes">Its size, 1 to 8.</param>
    public ulong Of(ulong value, int bytes)
    {
        int bits = 8 * Math.Clamp(bytes, 1, sizeof(ulong));
        ulong mask = ulong.MaxValue >> (64 - bits), mapped = value & mask;
        foreach (ulong factor in _factors)
        {
            mapped = unchecked(mapped * factor) & mask;
            mapped ^= mapped >> (bits / 2);
        }

        return (value & ~mask) | mapped;
    }
}
