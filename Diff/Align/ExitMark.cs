using System.Numerics;
using System.Runtime.CompilerServices;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>Storage of the values of an <see cref="ExitMark"/>.</summary>
[InlineArray(AlignedFields.Capacity)]
internal struct MarkValues
{
    private ulong _first;
}

/// <summary>What the exits of two runs that are the same step say of L0.</summary>
internal enum Acts : byte
{
    /// <summary>Nothing: something is missing, something came from outside in between, or L1 asked for something else.</summary>
    NotComparable,

    /// <summary>It did the same as far as both show it, and both show which guest it entered.</summary>
    Alike,

    /// <summary>It did something else.</summary>
    Otherwise,
}

/// <summary>What alignment keeps of an exit: where it was, and what L0 did.</summary>
internal struct ExitMark
{
    /// <summary>All bits: the instruction is not known, or the rip is not.</summary>
    public const ulong NotKnown = ulong.MaxValue;

    private MarkValues _values;
    private uint _known;
    private uint _absent;

    /// <summary>Position in the stream.</summary>
    public ulong Index { get; set; }

    /// <summary>Who was running and where in its page, in one number.</summary>
    public uint Place { get; set; }

    /// <summary>EXITCODE.</summary>
    public ulong Code { get; set; }

    /// <summary>Exit code of the instruction the guest was at, as far as it is known.</summary>
    public ulong Instruction { get; set; }

    /// <summary>What tells exits at one place apart: the port and direction of IOIO, the register of MSR; 0 where it is not known.</summary>
    public uint Detail { get; set; }

    /// <summary>How far the entry's rip was from the exit's; <see cref="NotKnown"/> where that says nothing.</summary>
    public ulong Step { get; set; }

    /// <summary>Whether what L0 did may be compared: nothing was lost, and nothing from outside came in between.</summary>
    public bool Comparable { get; set; }

    /// <summary>Whether L1 was shown the exit.</summary>
    public bool IsShownToL1 { get; set; }

    /// <summary>Whether another L1 may have asked for something else that nothing shows: then a difference is not L0's.</summary>
    public bool IsOfAnotherL1 { get; set; }

    /// <summary>Fingerprint of the finding that a rule makes of the exit; null for none.</summary>
    public string? Finding { get; set; }

    /// <summary>Who was running.</summary>
    public GuestLevel Level { get; set; }

    /// <summary>What L1 asked of the VMRUN that the guest runs under, in one number; 0 where it is not known.</summary>
    public ulong Request { get; set; }

    /// <summary>A place number that no exit has: behind the last exit.</summary>
    public const uint PlaceOfEnd = uint.MaxValue;

    /// <summary>Forgets the values of all fields; some did not happen.</summary>
    /// <param name="absent">A bit for each row of those.</param>
    public void Reset(uint absent)
    {
        _known = 0;
        _absent = absent;
    }

    /// <summary>Keeps the value of a field that has none.</summary>
    public void Set(int row, Observed<ulong> value)
    {
        if (value.IsKnown)
        {
            _values[row] = value.Value;
            _known |= 1U << row;
        }
        else if (value.Sight == Sight.Absent)
        {
            _absent |= 1U << row;
        }
    }

    /// <summary>The value of a field.</summary>
    public readonly Observed<ulong> Get(int row) =>
        (_known >> row & 1) != 0 ? Observed<ulong>.Of(_values[row]) : (_absent >> row & 1) != 0 ? Observed<ulong>.Absent : default;

    /// <summary>Whether two exits are the same step of the guest: the same place, and the same exit or the same instruction.</summary>
    /// <remarks>One kernel may meet an instruction as its own exit and another as the exception it raises.</remarks>
    public static bool AreSame(in ExitMark left, in ExitMark right) =>
        left.Place == right.Place && (left.Detail == right.Detail || left.Detail == 0 || right.Detail == 0)
        && (left.Code == right.Code || (left.Instruction == right.Instruction && left.Instruction != NotKnown));

    /// <summary>Whether L0 did the same at two exits that are the same step.</summary>
    public static Acts Compare(in ExitMark left, in ExitMark right) =>
        !left.Comparable || !right.Comparable || !AskAlike(left, right) || (left.Request != right.Request && left.Request != 0 && right.Request != 0)
            ? Acts.NotComparable
        : DifferingRows(left, right, 0, AlignedFields.FirstAsked) != 0 || !StepsAgree(left, right)
            ? left.IsOfAnotherL1 || right.IsOfAnotherL1 ? Acts.NotComparable : Acts.Otherwise
        : left.Shows(AlignedFields.EntryLevel) && right.Shows(AlignedFields.EntryLevel) ? Acts.Alike
        : Acts.NotComparable;

    /// <summary>Whether a field is shown, as a value or as not having happened.</summary>
    public readonly bool Shows(int row) => ((_known | _absent) >> row & 1) != 0;

    /// <summary>Whether L1 asked the same of VMRUN at two exits that are the same step.</summary>
    public static bool AskAlike(in ExitMark left, in ExitMark right) =>
        DifferingRows(left, right, AlignedFields.FirstAsked, AlignedFields.Capacity) == 0;

    /// <summary>A bit for each row that both show, as a value or as not having happened, and that differs.</summary>
    public static uint DifferingRows(in ExitMark left, in ExitMark right, int from, int to)
    {
        uint seen = (left._known | left._absent) & (right._known | right._absent) & ((1U << to) - (1U << from));
        uint differing = (left._known ^ right._known) & seen;
        for (uint rest = left._known & right._known & seen; rest != 0; rest &= rest - 1)
        {
            int row = BitOperations.TrailingZeroCount(rest);
            differing |= left._values[row] != right._values[row] ? 1U << row : 0;
        }

        return differing;
    }

    /// <summary>Whether the rip moved alike, where both say.</summary>
    public static bool StepsAgree(in ExitMark left, in ExitMark right) =>
        left.Step == right.Step || left.Step == NotKnown || right.Step == NotKnown;
}
