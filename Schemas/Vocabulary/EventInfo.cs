namespace Differ.Schemas.Vocabulary;

/// <summary>The kind of event in EVENTINJ and EXITINTINFO, bits 10:8 (APM2 15.7.2, 15.20). Other numbers are reserved.</summary>
public enum EventType : byte
{
    /// <summary>External or virtual interrupt (INTR).</summary>
    Interrupt = 0,

    /// <summary>NMI; the vector field is ignored.</summary>
    Nmi = 2,

    /// <summary>Exception, including INT3, INTO and ICEBP.</summary>
    Exception = 3,

    /// <summary>Software interrupt (INTn).</summary>
    SoftwareInterrupt = 4,
}

/// <summary>The low 32 bits of EVENTINJ or EXITINTINFO (APM2 figures 15-1 and 15-5).</summary>
/// <param name="Raw">The field as stored.</param>
public readonly record struct EventInfo(uint Raw)
{
    /// <summary>Bit 31, V: the other bits mean something.</summary>
    public const uint ValidBit = 1u << 31;

    /// <summary>Bits 10:8, TYPE.</summary>
    public const uint TypeField = 0x700;

    /// <summary>Bit 11, EV: the event pushes an error code.</summary>
    public const uint ErrorCodeBit = 1u << 11;

    /// <summary>Bits 30:12, reserved.</summary>
    public const uint ReservedBits = 0x7fff_f000;

    /// <summary>V.</summary>
    public bool Valid => (Raw & ValidBit) != 0;

    /// <summary>VECTOR, bits 7:0.</summary>
    public byte Vector => (byte)(Raw & 0xff);

    /// <summary>TYPE, bits 10:8, reserved numbers included.</summary>
    public EventType Type => (EventType)((Raw >> 8) & 7);

    /// <summary>EV.</summary>
    public bool HasErrorCode => (Raw & ErrorCodeBit) != 0;

    /// <summary>Whether the event is INTn, INT3 or INTO, whose return address is that of the next instruction.</summary>
    public bool IsSoftware => Type == EventType.SoftwareInterrupt || (Type == EventType.Exception && Vector is 3 or 4);

    /// <summary>Whether a processor may report it: not valid, or of a type that exists, an exception with a vector below 32.</summary>
    public bool IsLegal => !Valid || Type switch
    {
        EventType.Interrupt or EventType.Nmi or EventType.SoftwareInterrupt => true,
        EventType.Exception => Vector < 32,
        _ => false,
    };

    /// <summary>The field with everything cleared when V is 0, because then no other bit means anything.</summary>
    public EventInfo Normalised => Valid ? this : default;

    /// <summary>A valid event of a type and vector without error code.</summary>
    public static EventInfo Of(EventType type, byte vector) => new(ValidBit | ((uint)type << 8) | vector);

    /// <inheritdoc/>
    public override string ToString()
    {
        if (!Valid)
        {
            return "none";
        }

        return Type switch
        {
            EventType.Interrupt => $"interrupt 0x{Vector:x2}",
            EventType.Nmi => "NMI",
            EventType.Exception => $"exception {ExceptionVector.NameOf(Vector)}",
            EventType.SoftwareInterrupt => $"software interrupt 0x{Vector:x2}",
            _ => $"reserved type {(int)Type} vector 0x{Vector:x2}",
        };
    }
}
