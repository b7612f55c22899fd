using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>When a recorded state was so, around one exit.</summary>
public enum StateMoment : byte
{
    /// <summary>L1 at its exit, for example as it executes VMRUN.</summary>
    L1AtExit = 1,

    /// <summary>vmcb12 as VMRUN or VMLOAD finds it.</summary>
    Vmcb12AtVmrun = 2,

    /// <summary>L2 as it is entered: what the hypervisor loaded (vmcb02).</summary>
    L2AtEntry = 3,

    /// <summary>L2 as its #VMEXIT leaves it, before the hypervisor touches it (vmcb02).</summary>
    L2AtExit = 4,

    /// <summary>vmcb12 as L1 is shown it after the #VMEXIT or a VMSAVE.</summary>
    Vmcb12AfterExit = 5,

    /// <summary>L1 as it goes on, behind its VMRUN where L2 was left.</summary>
    L1AtEntry = 6,
}

/// <summary>A field of a VMCB, or a register, at a moment around the exit: the form in which run files of others may have states.</summary>
/// <param name="Moment">When.</param>
/// <param name="Position">Byte offset in the VMCB (APM2 appendix B), from 700h a register beside it.</param>
/// <param name="Value">The value, zero-extended from the field's size.</param>
public readonly record struct StateValue(StateMoment Moment, int Position, ulong Value)
{
    /// <summary>Positions of the fields.</summary>
    public const int MomentSlot = 0, PositionSlot = 1, ValueSlot = 2;

    /// <summary>Positions are below this.</summary>
    public const int Positions = 0x800;

    /// <summary>Reads the fields of an event.</summary>
    public static StateValue Of(in KvmEvent h) =>
        new((StateMoment)(h.Values[MomentSlot] & 0xf), (int)(h.Values[PositionSlot] & (Positions - 1)), h.Values[ValueSlot]);
}

/// <summary>Where an event has parts of a state: worked out once for all events of one layout.</summary>
public sealed class StateParts
{
    private readonly (int Position, int Offset, int Size)[] _all;
    private readonly (int Word, ulong Known)[] _known;

    /// <summary>Puts parts together that stand together in the event and in the state.</summary>
    /// <param name="parts">Where each stands in the state (see <see cref="StateValue.Position"/>) and in the event, and its bytes; what is behind the end of the state is left out.</param>
    public StateParts(IEnumerable<(int Position, int Offset, int Size)> parts)
    {
        var all = new List<(int Position, int Offset, int Size)>();
        var known = new StateImage();
        foreach ((int position, int offset, int size) in parts)
        {
            int length = Math.Clamp(StateValue.Positions - position, 0, size);
            known.Write(position, new byte[length]);
            if (all is [.., var last] && last.Position + last.Size == position && last.Offset + last.Size == offset)
            {
                all[^1] = last with { Size = last.Size + length };
            }
            else
            {
                all.Add((position, offset, length));
            }
        }

        _all = [.. all];
        _known = [.. known.Known.ToArray().Select(static (bits, word) => (word, bits)).Where(static one => one.bits != 0)];
    }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _known.Length == 0;

    /// <summary>The parts, in the order of the event.</summary>
    public ReadOnlySpan<(int Position, int Offset, int Size)> All => _all;

    /// <summary>The bytes of the state that they are, a bit for each: words of marks by their number.</summary>
    internal ReadOnlySpan<(int Word, ulong Known)> Known => _known;

    /// <summary>Where the event has eight bytes of the state that stand in one part; negative where it has them not.</summary>
    public int Find(int position)
    {
        foreach ((int start, int offset, int size) in _all)
        {
            if (position >= start && position + sizeof(ulong) <= start + size)
            {
                return offset + position - start;
            }
        }

        return -1;
    }
}

/// <summary>A VMCB and the registers beside it at one moment: bytes, and which of them were recorded.</summary>
public sealed class StateImage
{
    private const int WordBits = 64;

    // Made when something is known: most recordings have no states.
    private byte[] _bytes = [];
    private ulong[] _known = [];

    /// <summary>Whether nothing is known.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>Which bytes are known, a bit for each.</summary>
    internal ReadOnlySpan<ulong> Known => _known;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        if (!IsEmpty)
        {
            Array.Clear(_known);
            IsEmpty = true;
        }
    }

    /// <summary>Takes bytes.</summary>
    /// <param name="position">Where they stand, see <see cref="StateValue.Position"/>; what is behind the end is left out.</param>
    /// <param name="bytes">As they were recorded.</param>
    public void Write(int position, ReadOnlySpan<byte> bytes)
    {
        MakeRoom();
        position = Math.Min(position, StateValue.Positions);
        bytes = bytes[..Math.Min(StateValue.Positions - position, bytes.Length)];
        bytes.CopyTo(_bytes.AsSpan(position));
        for (int from = position, end = position + bytes.Length; from < end; from = NextWord(from))
        {
            _known[from / WordBits] |= MaskOf(from, end);
        }

        IsEmpty &= bytes.Length == 0;
    }

    /// <summary>Takes the parts of a state that an event has.</summary>
    /// <param name="parts">Where they stand.</param>
    /// <param name="payload">The event, whole.</param>
    public void Write(StateParts parts, ReadOnlySpan<byte> payload)
    {
        if (parts.IsEmpty)
        {
            return;
        }

        MakeRoom();
        foreach ((int position, int offset, int size) in parts.All)
        {
            payload.Slice(offset, size).CopyTo(_bytes.AsSpan(position));
        }

        ulong[] marks = _known;
        foreach ((int word, ulong known) in parts.Known)
        {
            marks[word] |= known;
        }

        IsEmpty = false;
    }

    /// <summary>Takes a number of some bytes.</summary>
    public void Write(int position, int size, ulong value)
    {
        if (size == sizeof(ulong) && position % sizeof(ulong) == 0 && position < StateValue.Positions)
        {
            MakeRoom();
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(position), value);
            _known[position / WordBits] |= (ulong)byte.MaxValue << (position % WordBits);
            IsEmpty = false;
            return;
        }

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Write(position, bytes[..size]);
    }

    /// <summary>Takes back what is known of some bytes.</summary>
    public void Forget(int position, int size)
    {
        for (int from = position, end = Math.Min(position + size, StateValue.Positions); from < end && !IsEmpty; from = NextWord(from))
        {
            _known[from / WordBits] &= ~MaskOf(from, end);
        }
    }

    /// <summary>A number of at most eight bytes; unseen where one of them was not recorded.</summary>
    public Observed<ulong> At(int position, int size)
    {
        // Nearly every field stands in one word of marks.
        if (IsEmpty || !(position % WordBits <= WordBits - size ? HasAll(position, size) : EndOfKnown(position, position + size) == position + size))
        {
            return Observed<ulong>.Unseen;
        }

        return Observed<ulong>.Of(BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(position)) & (ulong.MaxValue >> (WordBits - (8 * size))));
    }

    /// <summary>The next bytes that are known and stand together.</summary>
    /// <param name="from">Where to look from.</param>
    /// <param name="start">Where they start.</param>
    /// <param name="bytes">They; empty where there are no more.</param>
    public bool Next(int from, out int start, out ReadOnlySpan<byte> bytes)
    {
        start = IsEmpty ? StateValue.Positions : from;
        while (start < StateValue.Positions && !IsKnown(start))
        {
            start += Math.Min(BitOperations.TrailingZeroCount(_known[start / WordBits] >> (start % WordBits)), WordBits - (start % WordBits));
        }

        bytes = start < StateValue.Positions ? _bytes.AsSpan(start, EndOfKnown(start, StateValue.Positions) - start) : default;
        return bytes.Length > 0;
    }

    /// <summary>Takes all that another one knows.</summary>
    public void Take(StateImage other)
    {
        for (int from = 0; other.Next(from, out int start, out ReadOnlySpan<byte> bytes); from = start + bytes.Length)
        {
            Write(start, bytes);
        }
    }

    private void MakeRoom()
    {
        if (_bytes.Length == 0)
        {
            // So that eight bytes can be read from every position.
            _bytes = new byte[StateValue.Positions + sizeof(ulong)];
            _known = new ulong[StateValue.Positions / WordBits];
        }
    }

    private bool HasAll(int position, int size)
    {
        ulong all = (ulong.MaxValue >> (WordBits - size)) << (position % WordBits);
        return (_known[position / WordBits] & all) == all;
    }

    private bool IsKnown(int position) => ((_known[position / WordBits] >> (position % WordBits)) & 1) != 0;

    // The first byte from a position on that is not known, or the end.
    private int EndOfKnown(int position, int end)
    {
        end = Math.Min(end, StateValue.Positions);
        for (int from = position; from < end; from = NextWord(from))
        {
            ulong unknown = ~_known[from / WordBits] & MaskOf(from, end);
            if (unknown != 0)
            {
                return (from & ~(WordBits - 1)) + BitOperations.TrailingZeroCount(unknown);
            }
        }

        return Math.Max(position, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int NextWord(int position) => (position | (WordBits - 1)) + 1;

    // The bits of a word from a position up to an end, which may lie behind the word.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MaskOf(int from, int end) => (ulong.MaxValue << (from % WordBits)) & (ulong.MaxValue >> (WordBits - 1 - ((Math.Min(end, NextWord(from)) - 1) % WordBits)));
}

/// <summary>The states recorded around one exit; reused for the next one. Empty unless the recorder had probes in the hypervisor.</summary>
public sealed class MachineStates
{
    private readonly StateImage[] _images = [.. Moments.Select(static _ => new StateImage())];

    /// <summary>Every moment, by number.</summary>
    public static ImmutableArray<StateMoment> Moments { get; } = [.. Enum.GetValues<StateMoment>()];

    /// <summary>Nothing.</summary>
    public static MachineStates None { get; } = new();

    /// <summary>The same in memory of its own: a record's is used again.</summary>
    public MachineStates Copy()
    {
        if (IsEmpty)
        {
            return None;
        }

        var copy = new MachineStates();
        copy.Take(this);
        return copy;
    }

    /// <summary>Whether nothing is known of any moment.</summary>
    public bool IsEmpty
    {
        get
        {
            foreach (StateImage image in _images)
            {
                if (!image.IsEmpty)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>The state at a moment.</summary>
    public StateImage this[StateMoment moment] => _images[(int)moment - 1];

    /// <summary>Whether a number is that of a moment.</summary>
    public static bool IsMoment(ulong number) => number is >= (ulong)StateMoment.L1AtExit and <= (ulong)StateMoment.L1AtEntry;

    /// <summary>A field, unseen where it was not recorded.</summary>
    /// <param name="moment">When.</param>
    /// <param name="position">Position of a field of the layout, see <see cref="StateValue.Position"/>.</param>
    public Observed<ulong> At(StateMoment moment, int position) => this[moment].At(position, VmcbLayout.SizeAt(position));

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        foreach (StateImage image in _images)
        {
            image.Clear();
        }
    }

    /// <summary>Takes all that another one knows.</summary>
    public void Take(MachineStates other)
    {
        for (int i = 0; i < _images.Length; i++)
        {
            if (!other._images[i].IsEmpty)
            {
                _images[i].Take(other._images[i]);
            }
        }
    }
}
