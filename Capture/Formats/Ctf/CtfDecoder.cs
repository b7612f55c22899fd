using System.Buffers.Binary;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Ctf;

/// <summary>Does the steps of plans: reads values and puts those that are asked for into a record.</summary>
/// <remarks>
/// <code>
/// record   8 zero bytes, as a recording of the kernel has its common fields there | numbers and arrays | texts and what else has no fixed size
/// </code>
/// Everything in a record is little-endian and starts at a byte, whatever it was before. Data that has no fixed size is found as
/// in a record of the kernel: 16 bits of where it stands, and above them 16 bits of how long it is.
/// </remarks>
/// <param name="bits">Where values come from.</param>
/// <param name="registers">How many numbers are kept for later steps.</param>
internal sealed class CtfDecoder(CtfBits bits, int registers)
{
    private const int LongestRecord = 1 << 16;

    private readonly ulong[] _registers = new ulong[registers];
    private readonly byte[] _record = new byte[LongestRecord + CtfLayout.LargestFixed + sizeof(ulong)];
    private int _length;

    public Span<byte> Record => _record.AsSpan(0, _length);

    /// <summary>The clock of the stream.</summary>
    public ulong Clock { get; set; }

    /// <summary>Number of the event whose header was read.</summary>
    public ulong EventId { get; private set; }

    /// <summary>A number in the record.</summary>
    public ulong Value(int at, int size) => BinaryPrimitives.ReadUInt64LittleEndian(_record.AsSpan(at)) << (64 - (8 * size)) >> (64 - (8 * size));

    /// <summary>The data whose place is in the record.</summary>
    public ReadOnlySpan<byte> Located(int at)
    {
        uint place = BinaryPrimitives.ReadUInt32LittleEndian(_record.AsSpan(at));
        return _record.AsSpan((int)(place & 0xffff), (int)(place >> 16));
    }

    /// <summary>Starts a record.</summary>
    /// <param name="fixedSize">Bytes before what has no fixed size.</param>
    public void Begin(int fixedSize)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_record, 0);
        _length = fixedSize + sizeof(ulong);
    }

    /// <summary>Does steps.</summary>
    public void Run(CtfStep[] steps)
    {
        foreach (CtfStep step in steps)
        {
            bits.Align(step.AlignMask);
            switch (step.Kind)
            {
                case CtfStepKind.Number:
                    Number(step);
                    break;
                case CtfStepKind.String:
                    Text(step);
                    break;
                case CtfStepKind.Repeat:
                    Repeat(step, step.Count);
                    break;
                case CtfStepKind.RepeatByRegister:
                    Repeat(step, _registers[step.Register]);
                    break;
                case CtfStepKind.Choose:
                    Choose(step);
                    break;
                default:
                    break;
            }
        }
    }

    private void Number(CtfStep step)
    {
        ulong value = bits.Read(step.Bits, step.BigEndian);
        if (step.Signed)
        {
            value = unchecked((ulong)((long)(value << (64 - step.Bits)) >> (64 - step.Bits)));
        }

        if (step.Out >= 0)
        {
            // Eight bytes always: what is too much is written over by what follows.
            BinaryPrimitives.WriteUInt64LittleEndian(_record.AsSpan(step.Out), value);
        }

        if (step.IsKept)
        {
            Keep(step, value);
        }
    }

    private void Keep(CtfStep step, ulong value)
    {
        if (step.Register >= 0)
        {
            _registers[step.Register] = value;
        }

        if (step.IsEventId)
        {
            EventId = value;
        }

        if (step.IsTime)
        {
            TakeTime(value, step.Bits);
        }
    }

    // The low bits of the clock; where they are less than before, those above have gone up by one.
    private void TakeTime(ulong value, int size)
    {
        if (size == 64)
        {
            Clock = value;
            return;
        }

        ulong mask = (1UL << size) - 1;
        ulong carry = value < (Clock & mask) ? 1UL << size : 0;
        Clock = unchecked((Clock & ~mask) + carry + value);
    }

    private void Text(CtfStep step)
    {
        ReadOnlySpan<byte> text = bits.ReadText();
        if (step.Out >= 0)
        {
            int start = _length;
            Append(text);
            Append("\0"u8);
            Locate(step.Out, start);
        }
    }

    private void Repeat(CtfStep step, ulong count)
    {
        switch (step.Elements)
        {
            case CtfElements.Nowhere:
                for (ulong i = 0; i < count; i++)
                {
                    Run(step.Inside);
                }

                break;
            case CtfElements.Behind when step.Inside[0].Bits == 8 && step.ElementSize == 1 && (bits.Position & 7) == 0:
                int first = _length;
                Append(bits.Read(count));
                Locate(step.Out, first);
                break;
            case CtfElements.Behind:
                int start = _length;
                for (ulong i = 0; i < count; i++)
                {
                    Append(Element(step), step.ElementSize);
                }

                Locate(step.Out, start);
                break;
            case CtfElements.Inside:
                for (ulong i = 0; i < count; i++)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(_record.AsSpan(step.Out + ((int)i * step.ElementSize)), Element(step));
                }

                break;
            default:
                ulong number = 0;
                for (ulong i = 0; i < count; i++)
                {
                    ulong part = Element(step);
                    number |= i < sizeof(ulong) ? part << (8 * (int)i) : 0;
                }

                BinaryPrimitives.WriteUInt64LittleEndian(_record.AsSpan(step.Out), number);
                break;
        }
    }

    private ulong Element(CtfStep array)
    {
        CtfStep element = array.Inside[0];
        bits.Align(element.AlignMask);
        return bits.Read(element.Bits, element.BigEndian);
    }

    private void Choose(CtfStep step)
    {
        ulong chosen = _registers[step.Register];
        foreach ((ulong first, ulong last, int option) in step.Ranges)
        {
            if (step.RangesAreSigned ? unchecked((long)chosen >= (long)first && (long)chosen <= (long)last) : chosen >= first && chosen <= last)
            {
                Run(step.Options[option]);
                return;
            }
        }

        CaptureFormatException.ThrowImpossible($"tag of a variant in {bits.Name}", bits.FileOffset, $"{chosen}");
    }

    // What the 16 bits of a place cannot reach is left out.
    private void Append(ulong value, int size)
    {
        if (_length + size < LongestRecord)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_record.AsSpan(_length), value);
            _length += size;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, LongestRecord - 1 - _length)];
        bytes.CopyTo(_record.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Locate(int at, int start) => BinaryPrimitives.WriteUInt32LittleEndian(_record.AsSpan(at), ((uint)(_length - start) << 16) | (uint)start);
}
