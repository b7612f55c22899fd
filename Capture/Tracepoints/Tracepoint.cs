using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Tracepoints;

/// <summary>Which part of a record a tracepoint makes.</summary>
internal enum TracepointRole : byte
{
    /// <summary>An event between exit and entry.</summary>
    KvmEvent,

    /// <summary>The #VMEXIT.</summary>
    Exit,

    /// <summary>The entry.</summary>
    Entry,
}

/// <summary>How a field's bytes become slots.</summary>
internal enum FieldForm : byte
{
    /// <summary>A number, zero- or sign-extended as the layout says.</summary>
    Number,

    /// <summary>An exit code, of which the field may hold the lower bits only: <see cref="SvmExitCode.OfNarrow"/>.</summary>
    ExitCode,

    /// <summary>64 bits that hold two words; the low one goes to the slot, the high one to the next.</summary>
    TwoWords,

    /// <summary>Up to 16 bytes, in the slot and the next.</summary>
    Bytes,

    /// <summary>A text at the end of the record; its number in the run's text table goes to the slot.</summary>
    Text,
}

/// <summary>One field Differ reads.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="Slot">Where it goes.</param>
/// <param name="Required">Whether a layout without it is refused.</param>
/// <param name="Form">How its bytes become slots.</param>
internal readonly record struct FieldRow(string Name, int Slot, bool Required = false, FieldForm Form = FieldForm.Number);

/// <summary>One tracepoint Differ reads, for every kernel that has it.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="Role">Which part of a record it makes.</param>
/// <param name="Kind">Which event it is; <see cref="KvmEventKind.None"/> for exit and entry.</param>
/// <param name="Rows">
/// Its fields. A kernel that adds, moves, drops or widens a field changes a row here or nothing at all.
/// Where the kernel renamed a field, two rows share a slot and the one that the layout has counts.
/// </param>
internal sealed record Tracepoint(string Name, TracepointRole Role, KvmEventKind Kind, IReadOnlyList<FieldRow> Rows)
{
    /// <summary>The slot in which every tracepoint that carries it puts KVM's vCPU number.</summary>
    public const int VcpuSlot = FieldValues.Capacity - 1;

    public static Tracepoint Of(string name, KvmEventKind kind, params IReadOnlyList<FieldRow> rows) =>
        new(name, TracepointRole.KvmEvent, kind, rows);
}
