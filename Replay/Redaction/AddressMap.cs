using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Differ.Replay.Redaction;

/// <summary>Addresses become others, each always the same: a rotation by whole pages within the power of two that an address is in.</summary>
/// <remarks>
/// So kept are: equality; the place in the page, and so every alignment and what stands in the low bits; the highest bit, and so every comparison with
/// a power of two (widths of physical addresses, 4 GiB, what is canonical); distances, but for the one place where a rotation starts. The upper half of
/// the linear addresses mirrors the lower. What no guest chose stays: the first 64 KiB with zero, the reset vector and small numbers, the platform's own
/// addresses below 1 MiB and 4 GiB, and above that the pages beside a power of two, which rules about ranges speak of.
/// </remarks>
internal sealed class AddressMap
{
    private const int PageShift = 12, FirstMoved = 16, PhysicalBits = 52, OfDisplays = 19, OfDevices = 31, FirstWithBorders = 32;
    private const ulong Displays = 0xa_0000, Devices = 0xfec0_0000, Border = 0x1_0000;

    private readonly ulong[] _turns = new ulong[64];

    /// <summary>The map of a secret.</summary>
    public AddressMap(ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        for (int bit = FirstMoved; bit < _turns.Length; bit++)
        {
            (ulong low, ulong high) = Range(bit);
            HMACSHA256.HashData(key, [(byte)bit], hash);
            ulong pages = (high - low) >> PageShift;
            _turns[bit] = (1 + (BinaryPrimitives.ReadUInt64LittleEndian(hash) % (pages - 1))) << PageShift;
        }
    }

    /// <summary>An address, linear or physical.</summary>
    public ulong Of(ulong address) => (address >> 63) != 0 ? ~Turn(~address) : Turn(address);

    /// <summary>The physical address in CR3, which has flags above it.</summary>
    public ulong OfCr3(ulong register)
    {
        const ulong Address = (1UL << PhysicalBits) - 1;
        return (register & ~Address) | Turn(register & Address);
    }

    private ulong Turn(ulong address)
    {
        int bit = 63 - BitOperations.LeadingZeroCount(address);
        if (bit < FirstMoved)
        {
            return address;
        }

        (ulong low, ulong high) = Range(bit);
        if (address < low || address >= high)
        {
            return address;
        }

        ulong left = high - address, turn = _turns[bit];
        return turn < left ? address + turn : low + (turn - left);
    }

    // What is turned of the addresses with a highest bit.
    private static (ulong Low, ulong High) Range(int bit)
    {
        ulong low = 1UL << bit;
        return bit switch
        {
            OfDisplays => (low, Displays),
            OfDevices => (low, Devices),
            >= FirstWithBorders => (low + Border, low + (low - Border)),
            _ => (low, low + low),
        };
    }
}
