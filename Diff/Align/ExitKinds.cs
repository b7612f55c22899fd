using Differ.Diff.Compare;
using Differ.Schemas.Run;

namespace Differ.Diff.Align;

/// <summary>Exits of one kind of nested virtualization, in two runs.</summary>
/// <param name="Level">Who was running.</param>
/// <param name="Exit">The exit code in the base run; of exits that only the test run has, there.</param>
/// <param name="IsShownToL1">Whether L1 was shown a #VMEXIT at it.</param>
/// <param name="InBase">How many exits of the base run that could be compared.</param>
/// <param name="InTest">How many of the test run.</param>
/// <param name="Compared">How many of the base run were compared with the same step of the test run.</param>
/// <param name="ComparedInTest">How many of the test run were compared with the same step of the base run.</param>
public sealed record CommonKind(GuestLevel Level, string Exit, bool IsShownToL1, ulong InBase, ulong InTest, ulong Compared, ulong ComparedInTest)
{
    /// <summary>The kind in words.</summary>
    public string Words => $"{Exit} of {Level}{(IsShownToL1 ? " that L1 is shown" : "")}";
}

/// <summary>How much two runs have in common of nested virtualization: of exits of L2 and SVM instructions of L1.</summary>
/// <param name="Kinds">By kind of exit, what the base run has most of first.</param>
public sealed record CommonExits(IReadOnlyList<CommonKind> Kinds)
{
    /// <summary>Exits of the base run that could be compared.</summary>
    public ulong InBase => Kinds.Aggregate(0UL, static (sum, kind) => sum + kind.InBase);

    /// <summary>Exits of the test run that could be compared.</summary>
    public ulong InTest => Kinds.Aggregate(0UL, static (sum, kind) => sum + kind.InTest);

    /// <summary>Exits of the base run that were compared with the same step of the test run.</summary>
    public ulong Compared => Kinds.Aggregate(0UL, static (sum, kind) => sum + kind.Compared);

    /// <summary>Exits of the test run that were compared with the same step of the base run.</summary>
    public ulong ComparedInTest => Kinds.Aggregate(0UL, static (sum, kind) => sum + kind.ComparedInTest);

    /// <summary>Kinds of which one run has exits and none was compared.</summary>
    public IEnumerable<CommonKind> Missing => Kinds.Where(static kind => kind is { InBase: > 0, Compared: 0 } or { InTest: > 0, ComparedInTest: 0 });
}

/// <summary>Counts exits by kind: who was running, whether L1 was shown the exit, and its code.</summary>
internal sealed class ExitKinds
{
    private const int Levels = 3;

    private readonly ulong[] _counts = new ulong[Levels * 2 * ExitSlots.Count];

    /// <summary>How many exits of the kind of one.</summary>
    public ulong Of(in ExitMark mark) => _counts[KindOf(mark)];

    /// <summary>Counts an exit.</summary>
    public void Add(in ExitMark mark) => _counts[KindOf(mark)]++;

    /// <summary>What two runs have in common of nested virtualization.</summary>
    /// <param name="inBase">Exits of the base run.</param>
    /// <param name="inTest">Exits of the test run.</param>
    /// <param name="acts">The pairs that were compared.</param>
    public static CommonExits Common(ExitKinds inBase, ExitKinds inTest, ActTally acts)
    {
        var kinds = new List<CommonKind>();
        for (int kind = 0; kind < inBase._counts.Length; kind++)
        {
            (int level, bool isShown, int slot) = (kind / (2 * ExitSlots.Count), kind / ExitSlots.Count % 2 != 0, kind % ExitSlots.Count);
            bool isNested = level == (int)GuestLevel.L2 || (level == (int)GuestLevel.L1 && Examination.IsSvmInstruction((ulong)slot));
            if (isNested && inBase._counts[kind] + inTest._counts[kind] > 0)
            {
                kinds.Add(new CommonKind(
                    (GuestLevel)level, ExitSlots.NameOf(slot), isShown, inBase._counts[kind], inTest._counts[kind], acts.Compared._counts[kind],
                    acts.ComparedInTest._counts[kind]));
            }
        }

        return new CommonExits([.. kinds.OrderByDescending(kind => kind.InBase).ThenByDescending(kind => kind.InTest)]);
    }

    private static int KindOf(in ExitMark mark) => (((int)mark.Level * 2) + (mark.IsShownToL1 ? 1 : 0)) * ExitSlots.Count + ExitSlots.Of(mark.Code);
}
