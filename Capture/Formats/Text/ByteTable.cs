using System.Buffers.Binary;

namespace Differ.Capture.Formats.Text;

/// <summary>A dictionary from bytes, asked with a span: no string is made per event.</summary>
/// <typeparam name="T">What the bytes stand for.</typeparam>
internal sealed class ByteTable<T>
{
    private (byte[] Key, T Value)?[] _slots = new (byte[], T)?[64];
    private int _count;

    /// <summary>How many keys there are.</summary>
    public int Count => _count;

    /// <summary>Everything keys stand for, in no particular order.</summary>
    public IEnumerable<T> Values => _slots.Where(slot => slot is not null).Select(slot => slot!.Value.Value);

    /// <summary>What a key stands for.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, out T value)
    {
        for (int i = Hash(key) & (_slots.Length - 1); _slots[i] is { } slot; i = (i + 1) & (_slots.Length - 1))
        {
            if (key.SequenceEqual(slot.Key))
            {
                value = slot.Value;
                return true;
            }
        }

        value = default!;
        return false;
    }

    /// <summary>Adds a key that is not yet there.</summary>
    public void TryAdd(byte[] key, T value)
    {
        if (TryGet(key, out _))
        {
            return;
        }

        if (_count * 2 >= _slots.Length)
        {
            (byte[] Key, T Value)?[] old = _slots;
            _slots = new (byte[], T)?[old.Length * 2];
            foreach ((byte[] Key, T Value)? slot in old)
            {
                if (slot is { } kept)
                {
                    Insert(kept);
                }
            }
        }

        Insert((key, value));
        _count++;
    }

    private void Insert((byte[] Key, T Value) item)
    {
        int i = Hash(item.Key) & (_slots.Length - 1);
        while (_slots[i] is not null)
        {
            i = (i + 1) & (_slots.Length - 1);
        }

        _slots[i] = item;
    }

    // Names of events start alike; their ends and lengths differ.
    private static int Hash(ReadOnlySpan<byte> key)
    {
        unchecked
        {
            uint hash = (uint)key.Length * 0x9e37_79b1;
            while (key.Length >= sizeof(uint))
            {
                hash = (hash ^ BinaryPrimitives.ReadUInt32LittleEndian(key)) * 0x85eb_ca6b;
                hash ^= hash >> 15;
                key = key[sizeof(uint)..];
            }

            foreach (byte letter in key)
            {
                hash = (hash ^ letter) * 0x0100_0193;
            }

            return (int)((hash ^ (hash >> 13)) & int.MaxValue);
        }
    }
}
