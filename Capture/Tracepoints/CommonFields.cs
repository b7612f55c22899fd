using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Differ.Capture.Tracepoints;

/// <summary>Where every record of a capture holds its number and its thread.</summary>
/// <param name="TypeOffset">Offset of <c>common_type</c>.</param>
/// <param name="TypeSize">Its size.</param>
/// <param name="PidOffset">Offset of <c>common_pid</c>, a thread id.</param>
/// <param name="BigEndian">Byte order.</param>
internal sealed record CommonFields(int TypeOffset, int TypeSize, int PidOffset, bool BigEndian)
{
    private const int PidSize = 4;

    private readonly int _needed = Math.Max(TypeOffset + TypeSize, PidOffset + PidSize);

    /// <summary>Takes the places from the first layout that has them; mainline's where none has.</summary>
    public static CommonFields Of(IReadOnlyList<EventLayout> layouts, bool bigEndian)
    {
        foreach (EventLayout layout in layouts)
        {
            if (layout.Find("common_type") is { Size: 1 or 2 or 4 } type && layout.Find("common_pid") is { Size: PidSize } pid)
            {
                return new CommonFields(type.Offset, type.Size, pid.Offset, bigEndian);
            }
        }

        return new CommonFields(0, sizeof(ushort), 4, bigEndian);
    }

    /// <summary>Reads both.</summary>
    /// <returns>False when the record is too short.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Read(ReadOnlySpan<byte> payload, out int id, out int thread)
    {
        if (payload.Length < _needed)
        {
            id = 0;
            thread = 0;
            return false;
        }

        ReadOnlySpan<byte> type = payload[TypeOffset..];
        ReadOnlySpan<byte> pid = payload[PidOffset..];
        id = TypeSize switch
        {
            1 => type[0],
            2 => BigEndian ? BinaryPrimitives.ReadUInt16BigEndian(type) : BinaryPrimitives.ReadUInt16LittleEndian(type),
            _ => BigEndian ? BinaryPrimitives.ReadInt32BigEndian(type) : BinaryPrimitives.ReadInt32LittleEndian(type),
        };
        thread = BigEndian ? BinaryPrimitives.ReadInt32BigEndian(pid) : BinaryPrimitives.ReadInt32LittleEndian(pid);
        return true;
    }
}
