using Differ.Diff.Compare;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>One thing that L0 did, as far as it can be held against another run of the same guest.</summary>
/// <param name="Field">The compared field it is read from.</param>
/// <param name="Read">Makes it comparable; unseen where it says nothing about another run.</param>
/// <param name="Words">A value for a person; null where the field's own words do.</param>
internal sealed record AlignedField(FieldRow Field, Func<Observed<ulong>, RecordDigest, Observed<ulong>> Read, Func<ulong, string>? Words = null);

/// <summary>What two runs of the same guest must have in common at the same exit. A new one is a row here.</summary>
/// <remarks>
/// Addresses are left out or cut to the offset in their page, which survives a guest that is loaded elsewhere. Interrupts, the
/// VMM and the times are left out: they are the world's doing, not L0's.
/// </remarks>
internal static class AlignedFields
{
    /// <summary>Most rows there may be.</summary>
    public const int Capacity = 15;

    private const ulong PageOffset = 0xfff;
    private const ulong NotZero = 0x1000;
    private const uint InternalError = 17;

    /// <summary>In the order in which they are told.</summary>
    public static IReadOnlyList<AlignedField> All { get; } =
    [
        new(Fields.Of(ComparedField.EntryLevel), Same),
        new(Fields.Of(ComparedField.ReflectedCode), Same),
        new(Fields.Of(ComparedField.ReflectedInfo1), static (value, digest) => DefinesInfo(digest) ? value : default),
        new(Fields.Of(ComparedField.ReflectedInfo2), static (value, digest) => DefinesInfo(digest) ? OffsetOf(value) : default,
            static value => value == 0 ? "EXITINFO2 for L1 0" : $"EXITINFO2 for L1 0x{value & PageOffset:x} in its page"),
        new(Fields.Of(ComparedField.ReflectedIntInfo), static (value, _) => IsOfTheGuest(value) ? value : default),
        new(Fields.Of(ComparedField.Exception), NewException),
        new(Fields.Of(ComparedField.ExceptionError), static (value, digest) =>
            digest.HasException && digest.Exception is { HasError.IsYes: true, Vector: not ExceptionVector.PF } ? NewException(value, digest) : default),
        new(Fields.Of(ComparedField.VmrunsEntered), Whether),
        new(Fields.Of(ComparedField.VmrunChecksFailed), Whether),
        new(Fields.Of(ComparedField.MsrAccessed), Same),
        new(Fields.Of(ComparedField.MsrFaulted), static (value, _) => value.IsKnown ? value : default),
        new(Fields.Of(ComparedField.HypercallExecuted), Same),
        new(Fields.Of(ComparedField.InvlpgaExecuted), Same),
        new(Fields.Of(ComparedField.EmulationFailed), Same),
        new(Fields.Of(ComparedField.UserspaceReason), static (value, _) =>
            value.Or(0) is UserspaceExit.ShutdownReason or InternalError ? value : Observed<ulong>.Absent),
    ];

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

    // The manual leaves EXITINFO1 and 2 undefined for other codes, and kernels leave there what was there.
    private static bool DefinesInfo(RecordDigest digest) => digest.Reflections > 0
        && (digest.Reflection.ExitCode == SvmExitCode.Npf || digest.Reflection.ExitCode == SvmExitCode.Ioio || digest.Reflection.ExitCode == SvmExitCode.Msr);
}
