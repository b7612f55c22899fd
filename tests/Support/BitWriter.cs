namespace Differ.Tests.Support;

/// <summary>Writes numbers of any number of bits, as the Common Trace Format orders them.</summary>
/// <param name="bigEndian">Whether the first bit of a byte is its highest one.</param>
internal sealed class BitWriter(bool bigEndian)
{
    private readonly List<byte> _bytes = [];

    /// <summary>Bits written.</summary>
    public int Position { get; private set; }

    /// <summary>All of it, filled up to a byte.</summary>
    public byte[] ToBytes() => [.. _bytes];

    public BitWriter Align(int bits)
    {
        while (Position % bits != 0)
        {
            Write(0, 1);
        }

        return this;
    }

    public BitWriter Write(ulong value, int bits)
    {
        for (int i = 0; i < bits; i++, Position++)
        {
            if (Position % 8 == 0)
            {
                _bytes.Add(0);
            }

            ulong bit = (value >> (bigEndian ? bits - 1 - i : i)) & 1;
            _bytes[^1] |= (byte)(bit << (bigEndian ? 7 - (Position % 8) : Position % 8));
        }

        return this;
    }

    public BitWriter Write(IEnumerable<byte> bytes)
    {
        foreach (byte one in bytes)
        {
            Write(one, 8);
        }

        return this;
    }
}
