using System.Buffers.Binary;

namespace Differ.Capture.Formats.Text;

/// <summary>Names of events as lines have them, <c>kvm_exit:</c>, found without looking where they end.</summary>
/// <typeparam name="T">What a name stands for.</typeparam>
internal sealed class TextLabels<T>
    where T : class
{
    // So much of a line tells labels apart; it may hold some of the text behind a short one.
    private const int Window = 2 * sizeof(ulong);
    private const int Slots = 1 << 8;

    private readonly TextLabel<T>?[] _slots = new TextLabel<T>?[Slots];

    /// <summary>The label a text starts with; null for one that is not known, or not by its window.</summary>
    public TextLabel<T>? Find(ReadOnlySpan<byte> text) =>
        text.Length >= Window && _slots[SlotOf(text)] is { } label && text.StartsWith(label.Bytes) ? label : null;

    /// <summary>Keeps a label where its place is free: no two that share a place push each other out line by line.</summary>
    /// <param name="text">Starts with the label.</param>
    /// <param name="length">Length of the label, with its colon.</param>
    /// <param name="value">What it stands for.</param>
    public void Keep(ReadOnlySpan<byte> text, int length, T value)
    {
        if (text.Length >= Window)
        {
            _slots[SlotOf(text)] ??= new TextLabel<T>(text[..length].ToArray(), value);
        }
    }

    private static int SlotOf(ReadOnlySpan<byte> text)
    {
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(text), second = BinaryPrimitives.ReadUInt64LittleEndian(text[sizeof(ulong)..]);
        return (int)(unchecked((first ^ ulong.RotateLeft(second, 23)) * 0x9e37_79b9_7f4a_7c15) >> 56);
    }
}

/// <summary>A label.</summary>
/// <typeparam name="T">What labels stand for.</typeparam>
/// <param name="Bytes">With its colon.</param>
/// <param name="Value">What it stands for.</param>
internal sealed record TextLabel<T>(byte[] Bytes, T Value);
