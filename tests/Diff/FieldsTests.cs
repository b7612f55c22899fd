using Differ.Diff.Compare;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff;

public sealed class FieldsTests
{
    private const uint Interrupt0x30 = 0x8000_0030;

    // For each field a record that shows it, and what it shows.
    private static readonly Dictionary<ComparedField, (RecordedExit Shown, ulong Value)> Witnesses = new()
    {
        [ComparedField.ExitCode] = (new(), 0x72),
        [ComparedField.ExitInfo1] = (Exit(exit => exit with { Info1 = 0x11 }), 0x11),
        [ComparedField.ExitInfo2] = (Exit(exit => exit with { Info2 = 0x22 }), 0x22),
        [ComparedField.ExitIntInfo] = (Exit(exit => exit with { IntInfo = Observed<uint>.Of(Interrupt0x30) }), Interrupt0x30),
        [ComparedField.ExitIntInfoError] = (Exit(exit => exit with { IntInfoError = Observed<uint>.Of(7) }), 7),
        [ComparedField.ExitRip] = (new(), 0x40_0123),
        [ComparedField.ReflectedCode] = (Reflected(), 0x72),
        [ComparedField.ReflectedInfo1] = (Reflected(), 1),
        [ComparedField.ReflectedInfo2] = (Reflected(), 2),
        [ComparedField.ReflectedIntInfo] = (Reflected(), Interrupt0x30),
        [ComparedField.ReflectedIntInfoError] = (Reflected(), 4),
        [ComparedField.IntrReflectionAnnounced] = (new RecordedExit().With(KvmEventKind.NestedIntrVmexit, 0x40_0123), 1),
        [ComparedField.WakeupsAfterReflection] = (Reflected().With(KvmEventKind.VcpuWakeup, 100, 1, 1), 1),
        [ComparedField.VmrunsEntered] = (new RecordedExit().With(KvmEventKind.NestedVmenter, 1, 2, 3, 4, 0, 0, 0), 1),
        [ComparedField.VmrunChecksFailed] = (new RecordedExit().With(KvmEventKind.NestedVmenterFailed, 1, 0).With(KvmEventKind.NestedVmenterFailed, 2, 0), 2),
        [ComparedField.Exception] = (Raised(), 13),
        [ComparedField.ExceptionHasError] = (Raised(), 1),
        [ComparedField.ExceptionError] = (Raised(), 0x18),
        [ComparedField.Interrupt] = (Delivered(), 0x30),
        [ComparedField.StagedEvent] = (Delivered(), Interrupt0x30),
        [ComparedField.NewInterrupt] = (Delivered(), 0x30),
        [ComparedField.StagedEvents] = (Raised().With(KvmEventKind.InjectInterrupt, 0x30, 0, 0), 2),
        [ComparedField.StagedAgain] = (new RecordedExit().With(KvmEventKind.InjectInterrupt, 0x30, 0, 1), 1),
        [ComparedField.EntryEventInj] = (Entry(entry => entry with { EventInj = Observed<uint>.Of(Interrupt0x30) }), Interrupt0x30),
        [ComparedField.EntryRip] = (new(), 0x40_0125),
        [ComparedField.EntryLevel] = (new(), 2),
        [ComparedField.MsrFaulted] = (Wrmsr(), 1),
        [ComparedField.MsrValue] = (Wrmsr(), 0x1000),
        [ComparedField.MsrAccessed] = (Wrmsr(), 1),
        [ComparedField.InvlpgaExecuted] = (new RecordedExit().With(KvmEventKind.Invlpga, 1, 2, 3), 1),
        [ComparedField.HypercallExecuted] = (new RecordedExit().With(KvmEventKind.Hypercall, 1, 0, 0, 0, 0), 1),
        [ComparedField.SkinitMet] = (new RecordedExit().With(KvmEventKind.Skinit, 1, 2), 1),
        [ComparedField.PortAccessed] = (new RecordedExit().With(KvmEventKind.PortAccess, 1, 0x80, 1, 1, 0), 1),
        [ComparedField.TaskPriorityWritten] = (new RecordedExit().With(KvmEventKind.ApicAccess, 1, 0x80, 0x20), 1),
        [ComparedField.UserspaceReason] = (new RecordedExit().With(KvmEventKind.UserspaceExit, 8, 0), 8),
        [ComparedField.SmmEntered] = (new RecordedExit().With(KvmEventKind.SmmTransition, 0x3_0000, 1), 1),
        [ComparedField.EmulationFailed] = (new RecordedExit().With(KvmEventKind.EmulateInstruction, 1, 0, 0, 0, 0, 9, 1), 1),
        [ComparedField.ExitOfL2] = (new(), 1),
        [ComparedField.Reflections] = (Reflected().With(KvmEventKind.NestedVmexitInject, 0x72, 1, 2, 0, 0), 2),
        [ComparedField.Vmcb12IntCtl] = (Vmrun(), 4),
        [ComparedField.Vmcb12EventInj] = (Vmrun(), Interrupt0x30),
        [ComparedField.ControlRegisterWritten] = (new RecordedExit().With(KvmEventKind.CrAccess, 1, 3, 0x1000), 1),
        [ComparedField.PortDescription] = (new RecordedExit().With(KvmEventKind.PortAccess, 0, 0x60, 2, 1, 0), 0x60_0021),
        [ComparedField.MsrWritten] = (Wrmsr(), 1),
        [ComparedField.PageFaultAddress] = (new RecordedExit().With(KvmEventKind.PageFault, 1, 0x7000, 4), 0x7000),
        [ComparedField.AvicIpiCommand] = (AvicIpi(), 0x1_0000_00fd),
        [ComparedField.AvicIpiReason] = (AvicIpi(), 0x2_0000_0003),
        [ComparedField.AvicAccess] = (AvicAccess(), 0x1_0000_00b0),
        [ComparedField.AvicVector] = (AvicAccess(), 0x31),
        [ComparedField.InstructionDecoded] = (Decoded(), 1),
        [ComparedField.InstructionRip] = (Decoded(), 0x40_0123),
        [ComparedField.InvlpgaAddress] = (new RecordedExit().With(KvmEventKind.Invlpga, 1, 2, 0x3000), 0x3000),
        [ComparedField.ApicIpiSent] = (new RecordedExit().With(KvmEventKind.ApicIpi, 0xfd, 0), 1),
        [ComparedField.EoiVector] = (new RecordedExit().With(KvmEventKind.Eoi, 0, 0x31), 0x31),
        [ComparedField.VmgexitBegun] = (new RecordedExit().With(KvmEventKind.VmgexitEnter, 0x72, 0, 0), 1),
        [ComparedField.VmgexitEnded] = (new RecordedExit().With(KvmEventKind.VmgexitMsrExit, 0, 0), 1),
        [ComparedField.InitAccepted] = (new RecordedExit().With(KvmEventKind.ApicAcceptIrq, 0, AcceptedInterrupt.InitMode, 0, 0), 1),
        [ComparedField.ShutdownReported] = (new RecordedExit().With(KvmEventKind.UserspaceExit, 2, 0).With(KvmEventKind.UserspaceExit, 8, 0), 1),
    };

    public static TheoryData<ComparedField> All => [.. Enum.GetValues<ComparedField>().Where(one => one != ComparedField.None)];

    [Fact]
    public void Every_compared_field_has_one_row_in_the_order_of_the_numbers() =>
        Assert.Equal(Enum.GetValues<ComparedField>().Where(field => field != ComparedField.None), Fields.All.Select(row => row.Field));

    [Theory]
    [MemberData(nameof(All))]
    public void A_row_is_found_by_its_field_and_named_after_it(ComparedField field)
    {
        FieldRow row = Fields.Of(field);
        Assert.Equal(field, row.Field);
        Assert.Equal(field.ToString(), char.ToUpperInvariant(row.Name[0]) + row.Name[1..]);
        Assert.NotEmpty(row.Words);
        Assert.NotEmpty(row.Absence);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_field_is_read_from_a_record_that_shows_it(ComparedField field)
    {
        (RecordedExit shown, ulong value) = Witnesses[field];
        Assert.Equal(Observed<ulong>.Of(value), Fields.Of(field).Read(shown.Record, shown.Digest()));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_field_is_not_there_when_the_record_has_nothing_but_flags(ComparedField field)
    {
        var empty = new RecordedExit { Level = GuestLevel.Unknown, Flags = RecordFlags.NoExit | RecordFlags.NoEntry };
        Assert.Equal(0UL, Fields.Of(field).Read(empty.Record, empty.Digest()).Or(0));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_field_with_a_source_is_absent_where_the_source_is_silent(ComparedField field)
    {
        FieldRow row = Fields.Of(field);
        var quiet = new RecordedExit { Level = GuestLevel.L1 };
        RecordDigest digest = quiet.Digest();
        Observed<ulong> value = row.Read(quiet.Record, digest);
        bool silent = value.Sight == Sight.Absent || (value is { IsKnown: true, Value: 0 } && !row.Source.IsEmpty);
        Assert.Equal(!row.Source.IsEmpty, silent || (row.RestsOnSilence?.Invoke(digest) ?? false));
    }

    [Fact]
    public void Every_field_of_the_VMCB_is_read_at_every_moment()
    {
        var names = new HashSet<string>();
        foreach ((StateMoment moment, VmcbRow field) in Enum.GetValues<StateMoment>().SelectMany(moment => VmcbLayout.All.Select(field => (moment, field))))
        {
            FieldRow row = Fields.Of(ComparedState.Of(moment, field.Position));
            var shown = new RecordedExit();
            shown.States[moment].Write(field.Position, field.Size, 0x55);
            Assert.Equal(Observed<ulong>.Of(0x55), row.Read(shown.Record, shown.Digest()));
            Assert.Equal(Sight.Unseen, row.Read(new RecordedExit().Record, new RecordedExit().Digest()).Sight);
            Assert.True(names.Add(row.Name), row.Name);
        }
    }

    [Fact]
    public void An_interrupt_after_an_interrupted_delivery_may_be_the_old_one()
    {
        RecordedExit old = Exit(exit => exit with { IntInfo = Observed<uint>.Of(Interrupt0x30) }).With(KvmEventKind.InjectInterrupt, 0x30, null, null);
        Assert.Equal(Sight.Unseen, Fields.Of(ComparedField.NewInterrupt).Read(old.Record, old.Digest()).Sight);
        RecordedExit fresh = new RecordedExit().With(KvmEventKind.InjectInterrupt, 0x30, null, null);
        Assert.Equal(Observed<ulong>.Of(0x30), Fields.Of(ComparedField.NewInterrupt).Read(fresh.Record, fresh.Digest()));
    }

    [Fact]
    public void EVENTINJ_of_the_entry_outweighs_what_was_staged()
    {
        RecordedExit both = Delivered();
        both.Entry = both.Entry with { EventInj = Observed<uint>.Of(0x8000_0b0e) };
        Assert.Equal(Observed<ulong>.Of(0x8000_030e), Fields.Of(ComparedField.StagedEvent).Read(both.Record, both.Digest()));
    }

    private static RecordedExit Exit(Func<HardwareExit, HardwareExit> change)
    {
        var record = new RecordedExit();
        record.Exit = change(record.Exit);
        return record;
    }

    private static RecordedExit Entry(Func<GuestEntry, GuestEntry> change)
    {
        var record = new RecordedExit();
        record.Entry = change(record.Entry);
        return record;
    }

    private static RecordedExit Reflected() => new RecordedExit().With(KvmEventKind.NestedVmexitInject, 0x72, 1, 2, Interrupt0x30, 4);

    private static RecordedExit Vmrun() => new RecordedExit().With(KvmEventKind.NestedVmenter, 1, 2, 3, 4, Interrupt0x30, 0, 0);

    private static RecordedExit AvicIpi() => new RecordedExit().With(KvmEventKind.AvicIncompleteIpi, 1, 0xfd, 2, 3);

    private static RecordedExit AvicAccess() => new RecordedExit().With(KvmEventKind.AvicUnacceleratedAccess, 0xb0, 1, 1, 0x31);

    private static RecordedExit Decoded() => new RecordedExit().With(KvmEventKind.EmulateInstruction, 0x40_0123, 0, 2, 0xa20f, 0, 9, 0);

    private static RecordedExit Raised() => new RecordedExit().With(KvmEventKind.InjectException, 13, 1, 0x18, 0);

    private static RecordedExit Delivered() => new RecordedExit().With(KvmEventKind.InjectInterrupt, 0x30, 0, 0);

    private static RecordedExit Wrmsr() => new RecordedExit().With(KvmEventKind.MsrAccess, 1, 0xc000_0080, 0x1000, 1);
}
