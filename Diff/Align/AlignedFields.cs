using System.Numerics;
using Differ.Diff.Compare;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>One thing that L0 did, or that L1 asked of it, as far as it can be held against another run of the same guest.</summary>
/// <param name="Name">Short name.</param>
/// <param name="Field">The compared field it is read from; null for what L1 asked.</param>
/// <param name="Read">Makes it comparable; unseen where it says nothing about another run.</param>
/// <param name="Words">A value for a person; null where the field's own words do.</param>
internal sealed record AlignedField(string Name, FieldRow? Field, Func<Observed<ulong>, RecordDigest, Observed<ulong>> Read, Func<ulong, string>? Words)
{
    /// <summary>Something that L0 did.</summary>
    public AlignedField(FieldRow field, Func<Observed<ulong>, RecordDigest, Observed<ulong>> read, Func<ulong, string>? words = null)
        : this(field.Name, field, read, words)
    {
    }

    /// <summary>Something that L1 asked of VMRUN.</summary>
    public AlignedField(string name, Func<RecordDigest, Observed<ulong>> read, Func<ulong, string> words)
        : this(name, null, (_, digest) => digest.Vmenters > 0 ? read(digest) : default, words)
    {
    }

    /// <summary>The tracepoints without which it did not happen, so that nobody need read it; empty where that cannot be said.</summary>
    public TracepointSet ToldBy { get; init; } = Field?.Source ?? default;

    /// <summary>What it follows from: where one of those differs between two runs, this says nothing more.</summary>
    public IReadOnlyList<ComparedField> FollowsFrom { get; init; } = [];

    /// <summary>What of a value is the same each time the same is done: of an address or an error code, whether there is one.</summary>
    public ulong Part(ulong value) => Field is not { Stable: true } row ? Math.Min(value, 1) : row.Same is { } same ? same(value) : value;

    /// <summary>The same in words that are equal on every machine.</summary>
    public string PartWords(Observed<ulong> value) => !value.IsKnown ? $"{value.Sight}"
        : Field is { Stable: true } row ? row.Print(Part(value.Value))
        : value.Value == 0 ? "0" : "other";
}

/// <summary>What two runs of the same guest must have in common at the same exit: first what L0 did, then what L1 asked of VMRUN. A new one is a row here.</summary>
/// <remarks>
/// Addresses are left out or cut to the offset in their page, which survives a guest that is loaded elsewhere. Interrupts, the
/// VMM and the times are left out: they are the world's doing, not L0's.
/// </remarks>
internal static class AlignedFields
{
    /// <summary>Most rows there may be.</summary>
    public const int Capacity = 21;

    /// <summary>The first row of what L1 asks; those before are what L0 does.</summary>
    public const int FirstAsked = 15;

    /// <summary>The row of the guest that is entered.</summary>
    public const int EntryLevel = 0;

    private const ulong PageOffset = 0xfff;
    private const ulong NotZero = 0x1000;
    private const uint InternalError = 17;

    // V_TPR and V_INTR_VECTOR say which interrupts wait, not what L1 wants of VMRUN (APM2 appendix B).
    private const uint NotOfInterrupts = 0xffff_ff00;

    private static readonly TracepointSet Hypercalls = TracepointSet.Of(KvmEventKind.Hypercall)
        | TracepointSet.Of(KvmEventKind.HypervHypercall) | TracepointSet.Of(KvmEventKind.XenHypercall);

    /// <summary>In the order in which they are told.</summary>
    public static IReadOnlyList<AlignedField> All { get; } =
    [
        new(Fields.Of(ComparedField.EntryLevel), Same) { ToldBy = default, FollowsFrom = [ComparedField.ReflectedCode, ComparedField.VmrunsEntered] },
        new(Fields.Of(ComparedField.ReflectedCode), Same),
        new(Fields.Of(ComparedField.ReflectedInfo1), static (value, digest) => DefinesInfo(digest) ? value : default) { FollowsFrom = [ComparedField.ReflectedCode] },
        new(Fields.Of(ComparedField.ReflectedInfo2), static (value, digest) => DefinesInfo(digest) ? OffsetOf(value) : default,
            static value => value == 0 ? "EXITINFO2 for L1 0" : $"EXITINFO2 for L1 0x{value & PageOffset:x} in its page") { FollowsFrom = [ComparedField.ReflectedCode] },
        new(Fields.Of(ComparedField.ReflectedIntInfo), static (value, _) => IsOfTheGuest(value) ? value : default) { FollowsFrom = [ComparedField.ReflectedCode] },
        new(Fields.Of(ComparedField.Exception), NewException),
        new(Fields.Of(ComparedField.ExceptionError), static (value, digest) =>
            digest.HasException && digest.Exception is { HasError.IsYes: true, Vector: not ExceptionVector.PF } ? NewException(value, digest) : default) { FollowsFrom = [ComparedField.Exception] },
        new(Fields.Of(ComparedField.VmrunsEntered), Whether),
        new(Fields.Of(ComparedField.VmrunChecksFailed), Whether) { FollowsFrom = [ComparedField.VmrunsEntered] },
        new(Fields.Of(ComparedField.MsrAccessed), Same) { FollowsFrom = [ComparedField.ReflectedCode] },
        new(Fields.Of(ComparedField.MsrFaulted), static (value, _) => value.IsKnown ? value : default),
        new(Fields.Of(ComparedField.HypercallExecuted), Same) { ToldBy = Hypercalls },
        new(Fields.Of(ComparedField.InvlpgaExecuted), Same),
        new(Fields.Of(ComparedField.EmulationFailed), Same),
        new(Fields.Of(ComparedField.UserspaceReason), static (value, _) =>
            value.Or(0) is UserspaceExit.ShutdownReason or InternalError ? value : Observed<ulong>.Absent),
        new("nestedRip", static digest => Observed<ulong>.Of(digest.Vmenter.NestedRip & PageOffset), static value => $"L1 has L2 go on at offset 0x{value:x} of its page"),
        new("intCtl", static digest => Observed<ulong>.Of(digest.Vmenter.IntCtl & NotOfInterrupts), static value => $"L1 asks for V_INTR controls 0x{value:x}"),
        new("eventInj", static digest => Injected(digest.Vmenter.EventInj), static value => $"L1 injects {new EventInfo((uint)value)}"),
        new("crAndExceptionIntercepts", static digest => Intercepts(digest, static one => one.CrRead | ((ulong)one.CrWrite << 16) | ((ulong)one.Exceptions << 32)),
            static value => $"L1 intercepts CR reads 0x{value & 0xffff:x}, CR writes 0x{value >> 16 & 0xffff:x}, exceptions 0x{value >> 32:x}"),
        new("intercepts", static digest => Intercepts(digest, static one => one.Word3 | ((ulong)one.Word4 << 32)),
            static value => $"L1 intercepts 0x{value & uint.MaxValue:x}, 0x{value >> 32:x} in words 3 and 4"),
        new("intercepts5", static digest => digest.HasIntercepts && digest.Intercepts.Word5.IsKnown ? Observed<ulong>.Of(digest.Intercepts.Word5.Value) : default,
            static value => $"L1 intercepts 0x{value:x} in word 5"),
    ];

    // For each row, those that it follows from.
    private static readonly uint[] Causes = [.. All.Select(field => field.FollowsFrom.Aggregate(0U, (rows, cause) => rows | (1U << RowOf(cause))))];

    /// <summary>Of rows that differ, those that do not follow from others that differ: what tells one way to act otherwise from another.</summary>
    public static uint Leading(uint differing)
    {
        uint leading = differing;
        for (uint rest = differing; rest != 0; rest &= rest - 1)
        {
            int row = BitOperations.TrailingZeroCount(rest);
            leading &= (Causes[row] & differing) != 0 ? ~(1U << row) : uint.MaxValue;
        }

        return leading;
    }

    private static int RowOf(ComparedField field)
    {
        int row = 0;
        while (All[row].Field?.Field != field)
        {
            row++;
        }

        return row;
    }

    private static Observed<ulong> Same(Observed<ulong> value, RecordDigest digest) => value;

    private static Observed<ulong> OffsetOf(Observed<ulong> address) =>
        address.IsKnown ? Observed<ulong>.Of((address.Value & PageOffset) | (address.Value == 0 ? 0 : NotZero)) : address;

    // An interrupt that was being delivered came from outside.
    private static bool IsOfTheGuest(Observed<ulong> intInfo) =>
        new EventInfo((uint)intInfo.Or(0)) is var info && (!info.Valid || info.Type is EventType.Exception or EventType.SoftwareInterrupt);

    private static Observed<ulong> Whether(Observed<ulong> value, RecordDigest digest) => value.IsKnown ? Observed<ulong>.Of(1) : value;

    // An exception whose delivery was interrupted was raised at an exit before, unless it was raised and interrupted here.
    private static Observed<ulong> NewException(Observed<ulong> value, RecordDigest digest) =>
        digest is { HasException: true, Exception.Reinjected.IsYes: true, FirstStagedAgain.IsYes: true } ? Observed<ulong>.Absent : value;

    // An interrupt that L1 injects came from outside.
    private static Observed<ulong> Injected(EventInfo info) => info is { Valid: true, Type: EventType.Interrupt } ? default : Observed<ulong>.Of(info.Normalised.Raw);

    private static Observed<ulong> Intercepts(RecordDigest digest, Func<NestedIntercepts, ulong> words) =>
        digest.HasIntercepts ? Observed<ulong>.Of(words(digest.Intercepts)) : default;

    // The manual leaves EXITINFO1 and 2 undefined for other codes, and kernels leave there what was there.
    private static bool DefinesInfo(RecordDigest digest) => digest.Reflections > 0
        && (digest.Reflection.ExitCode == SvmExitCode.Npf || digest.Reflection.ExitCode == SvmExitCode.Ioio || digest.Reflection.ExitCode == SvmExitCode.Msr);
}
