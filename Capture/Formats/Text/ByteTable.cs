using System.Buffers.Binary;

namespace Differ.Capture.Formats.Text;

/// <summary>A dictionary from bytes, asked with a span: no string is made per event.</summary>
/// <typeparam name="T">What the bytes stand for.</typeparam>
internal sealed class ByteTable<T>
{
    private Slot[] _slots = new Slot[64];

    /// <summary>How many keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>Everything keys stand for, in no particular order.</summary>
    public IEnumerable<T> Values => _slots.Where(slot => slot.Key is not null).Select(slot => slot.Value);

    /// <summary>What a key stands for.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out T value)
    {
        ref Slot slot = ref SlotOf(key);
        value = slot.Value;
        return slot.Key is not null;
    }

    /// <summary>Adds a key that is not yet there.</summary>
    public void TryAdd(byte[] key, T value)
    {
        if (SlotOf(key).Key is not null)
        {
            return;
        }

        if (Count * 2 >= _slots.Length)
        {
            Slot[] old = _slots;
            _slots = new Slot[old.Length * 2];
            foreach (Slot slot in old)
            {
                if (slot.Key is not null)
                {
                    SlotOf(slot.Key) = slot;
                }
            }
        }

        SlotOf(key) = new Slot { Key = key, Value = value };
        Count++;
    }

    // Where a key is, or would be.
    private ref Slot SlotOf(ReadOnlySpan<byte> key)
    {
        Slot[] slots = _slots;
        int mask = slots.Length - 1;
        for (int i = Hash(key) & mask; ; i = (i + 1) & mask)
        {
            ref Slot slot = ref slots[i];
            if (slot.Key is null || key.SequenceEqual(slot.Key))
            {
                return ref slot;
            }
        }
    }

    // Every byte counts. The last eight may count twice: they overlap those before.
    private static int Hash(ReadOnlySpan<byte> key)
    {
        unchecked
        {
            ulong hash = (ulong)key.Length * 0x9e37_79b9_7f4a_7c15;
            if (key.Length >= sizeof(ulong))
            {
                for (int at = 0; at < key.Length - sizeof(ulong); at += sizeof(ulong))
                {
                    hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key[at..]));
                }

                hash ^= BinaryPrimitives.ReadUInt64LittleEndian(key[^sizeof(ulong)..]);
            }
            else
            {
                foreach (byte letter in key)
                {
                    hash = (hash << 8) ^ (hash >> 56) ^ letter;
                }
            }

            return (int)(Mix(hash) & int.MaxValue);
        }
    }

    private static ulong Mix(ulong hash)
    {
        hash = unchecked(hash * 0xd6e8_feb8_6659_fd93);
        return hash ^ (hash >> 32);
    }

    private struct Slot
    {
        public byte[]? Key;
        public T Value;
    }
}
