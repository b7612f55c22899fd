using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Differ.Capture.Diagnostics;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Tracepoints;

/// <summary>A tracepoint's rows bound to the layout of one capture: reading an event is copying from known places.</summary>
internal sealed class BoundTracepoint
{
    private readonly PlainPlace[] _plain;
    private readonly Place[] _special;
    private readonly int _codeSlot;
    private readonly int _codeSize;
    private readonly int _fixedSize;
    private readonly ushort _present;
    private readonly bool _fillsShape;
    private readonly bool _bigEndian;
    private readonly TextTable _texts;

    private BoundTracepoint(Tracepoint tracepoint, Place[] places, bool bigEndian, TextTable texts)
    {
        Tracepoint = tracepoint;
        Member = KvmTracepoints.MemberOf(tracepoint);
        _plain = [.. places.Where(place => place.IsPlain(bigEndian)).SelectMany(place => place.Plain())];
        _special = [.. places.Where(place => !place.IsPlain(bigEndian))];
        int code = Array.FindIndex(places, place => place.Form == FieldForm.ExitCode);
        _codeSlot = code < 0 ? -1 : places[code].Slot;

        // A field of 64 bits may hold what was 32 bits wide before.
        _codeSize = code < 0 ? 0 : Math.Min(places[code].Size, sizeof(uint));
        _bigEndian = bigEndian;
        _texts = texts;
        foreach (Place place in places)
        {
            _fixedSize = Math.Max(_fixedSize, place.Offset + place.Size);
            _present |= place.Slots;
        }

        IsSimple = tracepoint is { Role: TracepointRole.KvmEvent, Kind: not (KvmEventKind.ApicAcceptIrq or KvmEventKind.KvmRun or KvmEventKind.Cpuid) }
            && (_present >> Tracepoint.VcpuSlot & 1) == 0;
        int slots = tracepoint.Kind == KvmEventKind.None ? FieldValues.Capacity : EventSchemas.Of(tracepoint.Kind).Slots.Count;
        _fillsShape = (_present & ((1 << slots) - 1)) == (1 << slots) - 1;
    }

    public Tracepoint Tracepoint { get; }

    /// <summary>Whether an event of this kind can go to the current vCPU of its thread without a closer look.</summary>
    public bool IsSimple { get; }

    public TracepointSet Member { get; }

    /// <summary>The first required field that a layout lacks; null when it has them all.</summary>
    public static string? Missing(Tracepoint tracepoint, EventLayout layout)
    {
        foreach (FieldRow row in tracepoint.Rows)
        {
            if (row.Required && !tracepoint.Rows.Any(other => other.Slot == row.Slot && layout.Find(other.Name) is { } field && Fits(other, field)))
            {
                return row.Name;
            }
        }

        return null;
    }

    /// <summary>Binds a tracepoint to a layout.</summary>
    /// <exception cref="CaptureFormatException">DIF0109: the layout lacks a required field.</exception>
    public static BoundTracepoint Bind(Tracepoint tracepoint, EventLayout layout, bool bigEndian, TextTable texts)
    {
        if (Missing(tracepoint, layout) is { } missing)
        {
            CaptureFormatException.ThrowNotX86($"tracepoint {tracepoint.Name} has no field {missing}", 0);
        }

        var places = new List<Place>();
        foreach (FieldRow row in tracepoint.Rows)
        {
            if (layout.Find(row.Name) is { } field && Fits(row, field))
            {
                places.Add(new Place(row.Slot, row.Form, field.Offset, field.Size, field.Signed && row.Form != FieldForm.ExitCode));
            }
        }

        return new BoundTracepoint(tracepoint, [.. places], bigEndian, texts);
    }

    /// <summary>Reads an event.</summary>
    /// <returns>False when the record ends before the last field.</returns>
    public bool Decode(ReadOnlySpan<byte> payload, ref FieldValues values)
    {
        if (payload.Length < _fixedSize)
        {
            return false;
        }

        if (_fillsShape)
        {
            values.Overwrite(_present);
        }
        else
        {
            values.Start(_present);
        }

        // No branch per field (benchmark DecodeBenchmarks.Decode). Eight bytes from each place stand before the end of a field, and so inside the record.
        ref byte start = ref MemoryMarshal.GetReference(payload);
        foreach (ref readonly PlainPlace place in _plain.AsSpan())
        {
            ReadOnlySpan<byte> eight = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref start, place.Start), sizeof(ulong));
            values[place.Slot] = BinaryPrimitives.ReadUInt64LittleEndian(eight) >> place.Shift;
        }

        if (_special.Length == 0 && _codeSlot < 0)
        {
            return true;
        }

        foreach (ref readonly Place place in _special.AsSpan())
        {
            DecodeSpecial(payload, place, ref values);
        }

        if (_codeSlot >= 0)
        {
            values[_codeSlot] = SvmExitCode.OfNarrow(values[_codeSlot], _codeSize).Value;
        }

        return true;
    }

    // A row binds only to a field it can read: a pointer where a text is expected (5.4 to 5.12) is as good as no field.
    private static bool Fits(FieldRow row, EventField field) => row.Form switch
    {
        FieldForm.Text => field is { IsDynamic: true, Size: 4 },
        FieldForm.Bytes => field is { IsArray: true, Size: <= 16 },
        FieldForm.TwoWords => field is { IsNumber: true, Size: 8 },
        _ => field.IsNumber,
    };

    private void DecodeSpecial(ReadOnlySpan<byte> payload, in Place place, ref FieldValues values)
    {
        switch (place.Form)
        {
            case FieldForm.Number or FieldForm.ExitCode:
                values[place.Slot] = Number(payload, place);
                break;
            case FieldForm.TwoWords:
                ulong words = Number(payload, place);
                values[place.Slot] = words & uint.MaxValue;
                values[place.Slot + 1] = words >> 32;
                break;
            case FieldForm.Bytes:
                Span<byte> sixteen = stackalloc byte[16];
                sixteen.Clear();
                payload.Slice(place.Offset, place.Size).CopyTo(sixteen);
                values[place.Slot] = BinaryPrimitives.ReadUInt64LittleEndian(sixteen);
                values[place.Slot + 1] = BinaryPrimitives.ReadUInt64LittleEndian(sixteen[8..]);
                break;
            default:
                values[place.Slot] = (ulong)_texts.Add(Dynamic(payload, Number(payload, place)));
                break;
        }
    }

    // Linux include/trace/stages, __data_loc: low half offset in the record, high half length with the final zero.
    private static ReadOnlySpan<byte> Dynamic(ReadOnlySpan<byte> payload, ulong location)
    {
        int offset = (int)(location & 0xffff);
        int length = (int)(location >> 16);
        if (offset > payload.Length || length > payload.Length - offset)
        {
            return "(damaged text)"u8;
        }

        ReadOnlySpan<byte> text = payload.Slice(offset, length);
        int end = text.IndexOf((byte)0);
        return end < 0 ? text : text[..end];
    }

    private ulong Number(ReadOnlySpan<byte> payload, in Place place)
    {
        ReadOnlySpan<byte> bytes = payload[place.Offset..];
        ulong value = place.Size switch
        {
            8 => _bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            4 => _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            2 => _bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            _ => bytes[0],
        };

        // Sign extension wraps on purpose.
        return place.Signed ? unchecked((ulong)((long)(value << (64 - (8 * place.Size))) >> (64 - (8 * place.Size)))) : value;
    }

    private readonly record struct Place(int Slot, FieldForm Form, int Offset, int Size, bool Signed)
    {
        /// <summary>Whether <see cref="Plain"/> reads it: little-endian, unsigned, and eight bytes up to its end are inside the record.</summary>
        public bool IsPlain(bool bigEndian) => !Signed && !bigEndian && Offset >= sizeof(ulong)
            && Form switch
            {
                FieldForm.Number or FieldForm.ExitCode => true,
                FieldForm.Bytes => Size > sizeof(ulong),
                _ => false,
            };

        /// <summary>The field as ends of eight bytes each, with what stands before them shifted out.</summary>
        public IEnumerable<PlainPlace> Plain()
        {
            int first = Math.Min(Size, sizeof(ulong));
            yield return new PlainPlace(Slot, Offset + first - sizeof(ulong), 64 - (8 * first));
            if (Size > first)
            {
                yield return new PlainPlace(Slot + 1, Offset + Size - sizeof(ulong), 64 - (8 * (Size - first)));
            }
        }

        /// <summary>The slots it fills.</summary>
        public ushort Slots => (ushort)((Form is FieldForm.TwoWords or FieldForm.Bytes ? 3 : 1) << Slot);
    }

    private readonly record struct PlainPlace(int Slot, int Start, int Shift);
}
