using System.Buffers.Binary;
using System.Globalization;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Tracepoints;

/// <summary>A field of a probe that is one number.</summary>
internal enum ProbeNumber
{
    /// <summary>KVM's number of the vCPU.</summary>
    Vcpu,

    /// <summary>The VMCB that runs.</summary>
    Vmcb,

    /// <summary>The VMCB that L0 runs L2 with; 0 before L1 sets EFER.SVME.</summary>
    Vmcb02,

    /// <summary>Guest-physical address of vmcb12.</summary>
    Vmcb12,

    /// <summary>GIF as KVM keeps it, where the processor does not.</summary>
    Gif,

    /// <summary>Flags of KVM; bit 0 is GIF and bit 3 that NMIs are held where no field of their own says so.</summary>
    Hflags,

    /// <summary>NMIs are held.</summary>
    Nmimask,

    /// <summary>EFER of the guest.</summary>
    Efer,

    /// <summary>CR0 of the guest.</summary>
    Cr0,

    /// <summary>CR3 of the guest.</summary>
    Cr3,

    /// <summary>CR4 of the guest.</summary>
    Cr4,

    /// <summary>DR6 of the guest.</summary>
    Dr6,

    /// <summary>VM_HSAVE_PA.</summary>
    Hsave,

    /// <summary>VM_CR.</summary>
    Vmcr,

    /// <summary>Number of the page of the guest.</summary>
    Gfn,

    /// <summary>Where L0 has the page; 0 where it has it not, and its bytes are none.</summary>
    Hva,

    /// <summary>Guest-physical address that was read.</summary>
    Gpa,

    /// <summary>How many bytes were read.</summary>
    Len,

    /// <summary>Eight bytes from where they were read to; those behind the length are none.</summary>
    Val,

    /// <summary>0 where the read worked.</summary>
    Ret,

    /// <summary>EFER before.</summary>
    Old,

    /// <summary>EFER after.</summary>
    New,

    /// <summary>GIF after.</summary>
    Value,

    /// <summary>How many leaves of CPUID the guest has.</summary>
    N,

    /// <summary>How many there are.</summary>
    Count,
}

/// <summary>A VMCB that a probe shows parts of.</summary>
internal enum ProbedVmcb
{
    /// <summary>The one that runs.</summary>
    Running,

    /// <summary>vmcb12.</summary>
    Vmcb12,

    /// <summary>That of L1.</summary>
    OfL1,
}

/// <summary>A probe bound to the layout of one capture.</summary>
internal sealed class BoundProbe
{
    // The letter of each VMCB, in their order.
    private const string RegistersName = "regs", Letters = "cgh";

    // A probe has no more arguments (MAX_TRACE_ARGS of the kernel).
    private const int MostParts = 128;

    private readonly (int Offset, int Size)[] _numbers = new (int, int)[(int)ProbeNumber.Count];
    private readonly StateParts[] _parts;
    private readonly (int Offset, int Size) _registers;
    private readonly List<(int Offset, int Size)> _leaves = [];
    private readonly int _size;

    private BoundProbe(ProbeRole role, EventLayout layout)
    {
        Role = role;
        var parts = new List<(int Vmcb, int Position, int Offset, int Size)>();
        foreach (EventField field in layout.Fields.Where(field => !field.IsDynamic))
        {
            _size = Math.Max(_size, field.Offset + field.Size);
            if (field.IsNumber && Enum.TryParse(field.Name, ignoreCase: true, out ProbeNumber number) && number < ProbeNumber.Count)
            {
                _numbers[(int)number] = (field.Offset, field.Size);
            }
            else if (field.Name == RegistersName)
            {
                _registers = (field.Offset, field.Size);
            }
            else if (field.Name is ['e', >= '0' and <= '9'] && _leaves.Count < MostParts)
            {
                _leaves.Add((field.Offset, field.Size));
            }
            else if (field.Name is [var letter, _, _, _] name && Letters.IndexOf(letter, StringComparison.Ordinal) is var vmcb and >= 0
                && int.TryParse(name.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int position) && position < StateValue.Positions && parts.Count < MostParts)
            {
                parts.Add((vmcb, position, field.Offset, field.Size));
            }
        }

        _parts = [.. Enumerable.Range(0, Letters.Length).Select(vmcb => new StateParts(parts.Where(one => one.Vmcb == vmcb).Select(static one => (one.Position, one.Offset, one.Size))))];
    }

    /// <summary>What it shows.</summary>
    public ProbeRole Role { get; }

    /// <summary>Binds an event; null where it is no probe that Differ knows, or of a host whose bytes stand the other way round.</summary>
    public static BoundProbe? Bind(EventLayout layout, bool bigEndian) =>
        !bigEndian && Probes.Find(layout.System, layout.Name) is { } probe ? new BoundProbe(probe.Role, layout) : null;

    /// <summary>Whether an event is of a probe that shows states, of which the recording describes none: a format without arrays has left them out.</summary>
    public static bool LacksState(EventLayout layout) =>
        Probes.Find(layout.System, layout.Name) is { Role: ProbeRole.Entry or ProbeRole.Exit or ProbeRole.Vmrun or ProbeRole.Unmap } probe
        && new BoundProbe(probe.Role, layout)._parts.All(static parts => parts.IsEmpty);

    /// <summary>Whether an event has all its bytes.</summary>
    public bool Fits(ReadOnlySpan<byte> payload) => payload.Length >= _size;

    /// <summary>A number; unseen where the probe does not show it.</summary>
    public Observed<ulong> Number(ReadOnlySpan<byte> payload, ProbeNumber number)
    {
        (int offset, int size) = _numbers[(int)number];
        return size switch
        {
            1 => Observed<ulong>.Of(payload[offset]),
            2 => Observed<ulong>.Of(BinaryPrimitives.ReadUInt16LittleEndian(payload[offset..])),
            4 => Observed<ulong>.Of(BinaryPrimitives.ReadUInt32LittleEndian(payload[offset..])),
            8 => Observed<ulong>.Of(BinaryPrimitives.ReadUInt64LittleEndian(payload[offset..])),
            _ => Observed<ulong>.Unseen,
        };
    }

    /// <summary>A general register by the number that instructions have for it; unseen where the probe does not show it.</summary>
    public Observed<ulong> Register(ReadOnlySpan<byte> payload, int number) => (number + 1) * sizeof(ulong) <= _registers.Size
        ? Observed<ulong>.Of(BinaryPrimitives.ReadUInt64LittleEndian(payload[(_registers.Offset + (number * sizeof(ulong)))..])) : Observed<ulong>.Unseen;

    /// <summary>Copies the bytes of the table of CPUID, which has its parts in the order of the fields.</summary>
    /// <returns>How many bytes there are.</returns>
    public int CopyLeaves(ReadOnlySpan<byte> payload, Span<byte> to)
    {
        int length = 0;
        foreach ((int offset, int size) in _leaves)
        {
            ReadOnlySpan<byte> part = payload.Slice(offset, Math.Min(size, to.Length - length));
            part.CopyTo(to[length..]);
            length += part.Length;
        }

        return length;
    }

    /// <summary>Copies the bytes of a VMCB.</summary>
    /// <param name="payload">The event.</param>
    /// <param name="vmcb">Which.</param>
    /// <param name="to">Where they go.</param>
    public void Copy(ReadOnlySpan<byte> payload, ProbedVmcb vmcb, StateImage to) => to.Write(_parts[(int)vmcb], payload);

    /// <summary>Eight bytes of a VMCB, of which the probe shows the whole; unseen where it does not.</summary>
    public Observed<ulong> Word(ReadOnlySpan<byte> payload, ProbedVmcb vmcb, int position) =>
        _parts[(int)vmcb].Find(position) is var offset and >= 0 ? Observed<ulong>.Of(BinaryPrimitives.ReadUInt64LittleEndian(payload[offset..])) : Observed<ulong>.Unseen;
}
