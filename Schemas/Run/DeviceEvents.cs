namespace Differ.Schemas.Run;

/// <summary>kvm_pio: port I/O that L0 carried out.</summary>
/// <param name="Write">OUT.</param>
/// <param name="Port">Port.</param>
/// <param name="Size">Bytes, 1, 2 or 4.</param>
public readonly record struct PortAccess(bool Write, ushort Port, uint Size)
{
    /// <summary>Positions of the fields.</summary>
    public const int WriteSlot = 0, PortSlot = 1, SizeSlot = 2;

    /// <summary>The access in the form of EXITINFO1: port, size and direction (APM2 figure 15-2).</summary>
    public ulong AsExitInfo => ((ulong)Port << 16) | ((ulong)Size << 4) | (Write ? 0UL : 1);

    /// <summary>Reads the fields of an event.</summary>
    public static PortAccess Of(in KvmEvent h) => new(h.Values[WriteSlot] != 0, (ushort)(h.Values[PortSlot] & ushort.MaxValue), (uint)(h.Values[SizeSlot] & 7));
}

/// <summary>kvm_avic_incomplete_ipi: an interrupt between processors that AVIC could not deliver.</summary>
/// <param name="Command">ICR, high half first.</param>
/// <param name="Reason">ID in bits 63:32, index in bits 31:0, as in EXITINFO2.</param>
public readonly record struct AvicIncompleteIpi(ulong Command, ulong Reason)
{
    /// <summary>Positions of the fields.</summary>
    public const int IcrHighSlot = 0, IcrLowSlot = 1, IdSlot = 2, IndexSlot = 3;

    /// <summary>Reads the fields of an event.</summary>
    public static AvicIncompleteIpi Of(in KvmEvent h) => new(
        (h.Values[IcrHighSlot] << 32) | (uint)(h.Values[IcrLowSlot] & uint.MaxValue),
        (h.Values[IdSlot] << 32) | (uint)(h.Values[IndexSlot] & uint.MaxValue));
}

/// <summary>kvm_avic_unaccelerated_access: an access to a local APIC that AVIC leaves to L0.</summary>
/// <param name="Offset">Offset of the register.</param>
/// <param name="Write">A write.</param>
/// <param name="Vector">Vector, for the end of an interrupt.</param>
public readonly record struct AvicUnacceleratedAccess(uint Offset, bool Write, byte Vector)
{
    /// <summary>Positions of the fields.</summary>
    public const int OffsetSlot = 0, TrapSlot = 1, WriteSlot = 2, VectorSlot = 3;

    /// <summary>The access in the form of EXITINFO1 (APM2 15.29.9.2).</summary>
    public ulong AsExitInfo => Offset | (Write ? 1UL << 32 : 0);

    /// <summary>Reads the fields of an event.</summary>
    public static AvicUnacceleratedAccess Of(in KvmEvent h) =>
        new((uint)(h.Values[OffsetSlot] & uint.MaxValue), h.Values[WriteSlot] != 0, (byte)(h.Values[VectorSlot] & 0xff));
}
