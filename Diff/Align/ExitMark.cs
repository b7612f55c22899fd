using System.Runtime.CompilerServices;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>Storage of the values of an <see cref="ExitMark"/>.</summary>
[InlineArray(AlignedFields.Capacity)]
internal struct MarkValues
{
    private ulong _first;
}

/// <summary>What alignment keeps of an exit: where it was, and what L0 did.</summary>
internal struct ExitMark
{
    /// <summary>All bits: the instruction is not known, or the rip is not.</summary>
    public const ulong NotKnown = ulong.MaxValue;

    private MarkValues _values;
    private ushort _known;
    private ushort _absent;

    /// <summary>Position in the stream.</summary>
    public ulong Index { get; init; }

    /// <summary>Who was running and where in its page, in one number.</summary>
    public uint Place { get; init; }

    /// <summary>EXITCODE.</summary>
    public ulong Code { get; init; }

    /// <summary>Exit code of the instruction the guest was at, as far as it is known.</summary>
    public ulong Instruction { get; init; }

    /// <summary>What tells exits at one place apart: the port and direction of IOIO; 0 for other exits.</summary>
    public uint Detail { get; init; }

    /// <summary>How far the entry's rip was from the exit's; <see cref="NotKnown"/> where that says nothing.</summary>
    public ulong Step { get; set; }

    /// <summary>Whether what L0 did may be compared: nothing was lost, and nothing from outside came in between.</summary>
    public bool Comparable { get; init; }

    /// <summary>A place number that no exit has: behind the last exit.</summary>
    public const uint PlaceOfEnd = uint.MaxValue;

    /// <summary>Keeps the value of a field.</summary>
    public void Set(int row, Observed<ulong> value)
    {
        _values[row] = value.Or(0);
        _known |= (ushort)(value.IsKnown ? 1 << row : 0);
        _absent |= (ushort)(value.Sight == Sight.Absent ? 1 << row : 0);
    }

    /// <summary>The value of a field.</summary>
    public readonly Observed<ulong> Get(int row) =>
        (_known >> row & 1) != 0 ? Observed<ulong>.Of(_values[row]) : (_absent >> row & 1) != 0 ? Observed<ulong>.Absent : default;

    /// <summary>Whether two exits are the same step of the guest: the same place, and the same exit or the same instruction.</summary>
    /// <remarks>One kernel may meet an instruction as its own exit and another as the exception it raises.</remarks>
    public static bool AreSame(in ExitMark left, in ExitMark right) =>
        left.Place == right.Place && left.Detail == right.Detail
        && (left.Code == right.Code || (left.Instruction == right.Instruction && left.Instruction != NotKnown));

    /// <summary>Whether L0 did the same at two exits that are the same step.</summary>
    public static bool ActAlike(in ExitMark left, in ExitMark right)
    {
        if (!left.Comparable || !right.Comparable)
        {
            return true;
        }

        // What both show, as a value or as not having happened.
        int seen = (left._known | left._absent) & (right._known | right._absent);
        if (((left._known ^ right._known) & seen) != 0)
        {
            return false;
        }

        for (int row = 0; row < AlignedFields.Capacity; row++)
        {
            if ((seen >> row & 1) != 0 && left._values[row] != right._values[row])
            {
                return false;
            }
        }

        return StepsAgree(left, right);
    }

    /// <summary>Whether the rip moved alike, where both say.</summary>
    public static bool StepsAgree(in ExitMark left, in ExitMark right) =>
        left.Step == right.Step || left.Step == NotKnown || right.Step == NotKnown;
}
