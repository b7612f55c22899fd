using System.Buffers.Binary;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Run.StateMoment;

namespace Differ.Tests.Capture.Vcpus;

/// <summary>Kprobe events beside the tracepoints become states around the exits they belong to.</summary>
public sealed class ProbedStatesTests
{
    private const ulong OfL1 = 0x1000, OfL2 = 0x2000, Address12 = 0x5000, Npf = 0x400, Vmsave = 0x83, Vmload = 0x82, Cpuid = 0x72;
    private const int Asid = 0x58, IntCtl = 0x60, Efer = 0x4d0, Gif = 0x700, Rcx = 0x730, Rax = 0x5f8;
    private const ulong VGif = 1 << 9, VGifEnable = 1 << 25;

    private static readonly EventFormat
        Machine = new("entry", 900, "s32 vcpu @8, u64 vmcb @16, u64 vmcb02 @24, u64 efer @32, u8 gif @40, u8 c058[24] @48, u8 h058[24] @72, u8 c5f8[8] @96, u8 regs[16] @104", 120),
        Left = new("exit", 901, "s32 vcpu @8, u64 vmcb @16, u64 vmcb02 @24, u64 efer @32, u8 gif @40, u8 c058[24] @48, u8 h058[24] @72, u8 c5f8[8] @96, u8 regs[16] @104", 120),
        WithCr = new("exit", 901, "s32 vcpu @8, u64 vmcb @16, u64 vmcb02 @24, u64 cr0 @32, u8 c000[8] @40, u8 c070[8] @48, u8 c558[8] @56", 64),
        Cancel = new("cancel", 902, "s32 vcpu @8", 16),
        Vmrun = new("vmrun", 903, "s32 vcpu @8, u64 hsave @16, u8 g058[8] @24, u8 h058[8] @32", 40),
        Vmexit = new("vmexit", 904, "s32 vcpu @8, u64 vmcb12 @16", 24),
        Unmap = new("unmap", 905, "s32 vcpu @8, u64 gfn @16, u64 hva @24, u8 g058[8] @32", 40),
        SetNested = new("setnested", 906, "s32 vcpu @8", 16),
        Table = new("cpuid", 908, "s32 vcpu @8, s32 n @12, u8 e0[40] @16, u8 e1[40] @56", 96),
        SetEfer = new("efer", 909, "s32 vcpu @8, u64 old @16, u64 new @24", 32),
        SetGif = new("gif", 910, "s32 vcpu @8, u8 value @12", 16),
        Leave = new("leave", 911, "s32 vcpu @8", 16),
        Read = new("rdguest", 907, "s32 vcpu @8, u64 gpa @16, u64 len @24, u64 val @32, s32 ret @40", 48);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Each_goes_to_the_exit_or_the_entry_that_it_stands_beside(bool exitComesFirst)
    {
        IReadOnlyList<KeptRecord> records = Records(story =>
        {
            story.Entry(1).Add(Of(Machine, OfL1, 1));
            _ = exitComesFirst ? story.Add(Of(Left, OfL1, 2)).Exit(Npf, 1) : story.Exit(Npf, 1).Add(Of(Left, OfL1, 2));
            story.Entry(1).Add(Of(Machine, OfL2, 3));
            _ = exitComesFirst ? story.Add(Of(Left, OfL2, 4)).ExitFromL2(Npf, 1) : story.Exit(Npf, 1).Add(Of(Left, OfL2, 4)).NestedVmexit(Npf, 1);
            story.Entry(1).Add(Of(Machine, OfL2, 5)).Exit(Npf, 1);
        });
        Assert.Equal(["entry 1", "exit 2, L2 entry 3", "L2 exit 4, L2 entry 5", ""], records.Select(Asids));
    }

    [Fact]
    public void An_entry_that_is_given_up_is_no_exit()
    {
        IReadOnlyList<KeptRecord> records = Records(static story => story.Entry(1).Exit(Npf, 1).Add(Of(Left, OfL1, 2))
            .Add(Cancel.Record(100)).Add(Of(Left, OfL1, 9)).Entry(1).Exit(Npf, 1).Add(Of(Left, OfL1, 3)).Entry(1));
        Assert.Equal(["", "exit 2", "exit 3"], records.Select(Asids));
    }

    [Fact]
    public void A_second_exit_of_one_entry_shows_that_events_are_missing()
    {
        IReadOnlyList<KeptRecord> records = Records(static story => story.Entry(1).Exit(Npf, 1).Add(Of(Left, OfL1, 2)).Add(Of(Left, OfL1, 9)).Entry(1)
            .Exit(Npf, 1).Add(Of(Left, OfL1, 3)).Entry(1));
        Assert.Equal(["", "exit 2", "exit 3"], records.Select(Asids));
        Assert.Equal([false, true, false], records.Select(static record => (record.Flags & RecordFlags.LossInside) != 0));
    }

    [Fact]
    public void A_second_state_behind_one_entry_shows_that_events_are_missing()
    {
        IReadOnlyList<KeptRecord> records = Records(static story => story.Entry(1).Exit(Npf, 1).Entry(1).Add(Of(Machine, OfL1, 2)).Add(Of(Machine, OfL2, 9)).Exit(Npf, 1).Entry(1));
        Assert.Equal(["", "entry 2", ""], records.Select(Asids));
        Assert.NotEqual(RecordFlags.None, records[1].Flags & RecordFlags.LossInside);
    }

    [Fact]
    public void A_cancelled_entry_whose_exit_is_missing_takes_no_other_exit_away() =>
        Assert.Equal(["", "exit 2", "exit 3"], Records(static story => story.Entry(1).Exit(Npf, 1).Add(Of(Left, OfL1, 2)).Add(Cancel.Record(100)).Entry(1)
            .Exit(Npf, 1).Add(Of(Left, OfL1, 3)).Entry(1)).Select(Asids));

    [Fact]
    public void A_restored_vCPU_that_runs_no_guest_takes_no_VMRUN_away()
    {
        EventRecord found = Vmrun.Record(100).With("g058", Bytes(5));
        IReadOnlyList<KeptRecord> records = Records(story => story.Entry(1).Exit(Npf, 1).Add(SetNested.Record(100)).Entry(1).Exit(0x80, 1).Add(found).Entry(1));
        Assert.Equal(Observed<ulong>.Of(5), records[2].States.At(Vmcb12AtVmrun, Asid));
    }

    [Fact]
    public void A_restored_guest_is_another_than_the_one_before() =>
        Assert.NotEqual(RecordFlags.None, Records(static story => story.Entry(1).Exit(Npf, 1).Add(SetNested.Record(100)).Add(Vmrun.Record(100)).Entry(1))[1].Flags & RecordFlags.LossInside);

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void A_probe_with_another_EXITCODE_is_of_another_exit(bool exitComesFirst, bool isOther)
    {
        EventRecord left = WithCr.Record(100).With("vmcb", OfL1).With("vmcb02", OfL2).With("c070", Bytes(isOther ? Cpuid : Npf));
        KeptRecord record = Records(story =>
        {
            story.Entry(1);
            _ = exitComesFirst ? story.Add(left).Exit(Npf, 1) : story.Exit(Npf, 1).Add(left);
            story.Entry(1);
        }, exit: WithCr)[1];
        Assert.Equal(isOther, record.States.IsEmpty);
        Assert.Equal(isOther, (record.Flags & RecordFlags.LossInside) != 0);
    }

    [Theory]
    [InlineData(0, 0x8005_0033)]
    [InlineData(1 << 16, 0x6005_0033)]
    public void CR0_is_KVMs_where_its_writes_exit_and_the_VMCBs_where_not(ulong intercepts, ulong cr0)
    {
        MachineStates states = Records(story => story.Entry(1).Exit(Npf, 1).Add(WithCr.Record(100).With("vmcb", OfL1).With("vmcb02", OfL2)
            .With("cr0", 0x6005_0033).With("c000", Bytes(intercepts)).With("c070", Bytes(Npf)).With("c558", Bytes(0x8005_0033))).Entry(1), exit: WithCr)[1].States;
        Assert.Equal(Observed<ulong>.Of(cr0), states.At(L1AtExit, 0x558));
    }

    [Theory]
    [InlineData("hflags", false)]
    [InlineData("gif", true)]
    public void Flags_of_old_kernels_count_where_there_is_no_field_of_their_own(string other, bool isSet)
    {
        // Bit 0 of hflags is GIF up to 6.1 only; a kernel with the field nmimask has another flag there.
        EventFormat newer = new("exit", 901, $"s32 vcpu @8, u64 vmcb @16, u64 vmcb02 @24, u32 {other} @32, u8 nmimask @36, u8 c060[8] @40", 48);
        MachineStates states = Records(story => story.Entry(1).Exit(Npf, 1).Add(newer.Record(100).With("vmcb", OfL1).With("vmcb02", OfL2).With(other, 1)).Entry(1), exit: newer)[1].States;
        Assert.Equal(isSet ? Observed<ulong>.Of(1) : Observed<ulong>.Unseen, states.At(L1AtExit, Gif));
    }

    [Fact]
    public void What_KVM_keeps_beside_the_VMCB_is_taken_from_there()
    {
        MachineStates states = Records(static story => story.Entry(1).Exit(Npf, 1)
            .Add(Of(Left, OfL1, 2).With("efer", 0x500).With("gif", 1).With("regs", Bytes(0, 0x174))).Entry(1))[1].States;
        Assert.Equal(Observed<ulong>.Of(0x500), states.At(L1AtExit, Efer));
        Assert.Equal(Observed<ulong>.Of(1), states.At(L1AtExit, Gif));
        Assert.Equal(Observed<ulong>.Of(0x174), states.At(L1AtExit, Rcx));
    }

    [Theory]
    [InlineData(VGifEnable, 1, 0)]
    [InlineData(VGifEnable | VGif, 0, 1)]
    [InlineData(VGif, 0, 0)]
    public void GIF_is_where_the_processor_keeps_it(ulong control, ulong kept, ulong gif)
    {
        byte[] vmcb01 = Bytes(7, control, 0);
        IReadOnlyList<KeptRecord> records = Records(story => story.Entry(1).Exit(Npf, 1).Add(Of(Left, OfL1, 2).With("gif", kept).With("c058", vmcb01)).Entry(1)
            .Exit(Npf, 1).Add(Of(Left, OfL2, 2).With("gif", kept).With("h058", vmcb01)).NestedVmexit(Npf, 1).Entry(1));
        Assert.Equal(Observed<ulong>.Of(gif), records[1].States.At(L1AtExit, Gif));
        Assert.Equal(Observed<ulong>.Of(gif), records[2].States.At(L2AtExit, Gif));
        Assert.Equal(Observed<ulong>.Of(control), records[1].States.At(L1AtExit, IntCtl));
    }

    [Fact]
    public void Vmcb12_is_found_by_VMRUN_and_not_by_a_restored_guest()
    {
        EventRecord found = Vmrun.Record(100).With("hsave", 0x9000).With("g058", Bytes(5)).With("h058", Bytes(6));
        IReadOnlyList<KeptRecord> records = Records(story => story.Entry(1).Exit(0x80, 1).Add(found).Entry(1)
            .Exit(Npf, 1).Add(SetNested.Record(100)).Add(found).Entry(1));
        Assert.Equal(Observed<ulong>.Of(5), records[1].States.At(Vmcb12AtVmrun, Asid));
        Assert.Equal(Observed<ulong>.Of(6), records[1].States.At(L1AtExit, Asid));
        Assert.Equal(Observed<ulong>.Of(0x9000), records[1].States.At(L1AtExit, 0x708));
        Assert.True(records[2].States.IsEmpty);
    }

    [Theory]
    [InlineData(Address12, 1, true)]
    [InlineData(0x7000, 1, false)]
    [InlineData(Address12, 0, false)]
    public void A_page_that_is_let_go_behind_a_VMEXIT_is_vmcb12_where_it_is_at_its_address(ulong page, ulong mapped, bool isTaken)
    {
        MachineStates states = Records(story => story.Entry(1).ExitFromL2(Cpuid, 1).Add(Vmexit.Record(100).With("vmcb12", Address12))
            .Add(Page(page, mapped, 8)).Entry(1))[1].States;
        Assert.Equal(isTaken, states.At(Vmcb12AfterExit, Asid) == Observed<ulong>.Of(8));
    }

    [Theory]
    [InlineData(Vmsave, Vmcb12AfterExit)]
    [InlineData(Vmload, Vmcb12AtVmrun)]
    [InlineData(Cpuid, (StateMoment)0)]
    public void VMSAVE_leaves_and_VMLOAD_finds_the_page_at_RAX(ulong code, StateMoment moment)
    {
        MachineStates states = Records(story => story.Entry(1).Exit(code, 1).Add(Of(Left, OfL1, 2).With("c5f8", Bytes(Address12)))
            .Add(Page(Address12, 1, 8)).Entry(1))[1].States;
        Assert.Equal(Observed<ulong>.Of(Address12), states.At(L1AtExit, Rax));
        Assert.All([Vmcb12AtVmrun, Vmcb12AfterExit], each => Assert.Equal(each == moment, states.At(each, Asid).IsKnown));
    }

    [Theory]
    [InlineData(4, 0, true)]
    [InlineData(4, -14, false)]
    [InlineData(0x200, 0, false)]
    [InlineData(0, 0, false)]
    public void Memory_that_L0_read_is_kept_where_it_is_short_and_the_read_worked(ulong length, int result, bool isKept)
    {
        KeptRecord record = Records(story => story.Entry(1).Exit(Npf, 1)
            .Add(Read.Record(100).With("gpa", 0x103105c).With("len", length).With("val", 0x14d6_db00_0000_0100).With("ret", unchecked((uint)result))).Entry(1))[1];
        Assert.Equal(isKept ? [new GuestRead(0x103105c, 4, 0x100)] : [], record.Events.Where(one => one.Kind == KvmEventKind.GuestRead).Select(one => GuestRead.Of(one)));
    }

    // 40 bytes: function, index, flags, EAX to EDX, padding. Without the flag the index says nothing.
    [Theory]
    [InlineData(2, 1, new ulong[] { 0x8000_0008, 0, 0x3028, 2, 3, 4 }, new ulong[] { 7, 1, 5, 6, 7, 8 })]
    [InlineData(2, 0, new ulong[] { 0x8000_0008, 0, 0x3028, 2, 3, 4 }, new ulong[] { 7, 0, 5, 6, 7, 8 })]
    [InlineData(1, 1, new ulong[] { 0x8000_0008, 0, 0x3028, 2, 3, 4 }, null)]
    public void The_CPUID_that_a_guest_is_given_before_it_runs_is_in_its_first_record(uint count, uint flags, ulong[] first, ulong[]? second)
    {
        EventRecord table = Table.Record(100).With("n", count).With("e0", Leaf(0x8000_0008, 9, 0, 0x3028, 2, 3, 4)).With("e1", Leaf(7, 1, flags, 5, 6, 7, 8));
        IReadOnlyList<KeptRecord> records = Records(story => story.Add(table).Add(Table.Record(100).With("vcpu", 1).With("n", 1).With("e0", Leaf(1, 0, 0, 1, 1, 1, 1))).Entry(1).Exit(Npf, 1).Entry(1));
        Assert.Equal(second is null ? [first] : [first, second], Of(records[0], KvmEventKind.GuestCpuid, 6));
        Assert.Empty(Of(records[1], KvmEventKind.GuestCpuid, 6));
    }

    [Fact]
    public void What_L0_sets_without_an_instruction_is_in_the_record_at_hand()
    {
        KeptRecord record = Records(story => story.Entry(1).Exit(Npf, 1).Add(SetEfer.Record(100).With("old", 0x500).With("new", 0x1500))
            .Add(SetEfer.Record(100).With("vcpu", 1)).Add(SetGif.Record(100).With("value", 1)).Add(Leave.Record(100)).Entry(1))[1];
        Assert.Equal([[0x500, 0x1500]], Of(record, KvmEventKind.EferSet, 2));
        Assert.Equal([[1]], Of(record, KvmEventKind.GifSet, 1));
        Assert.Equal([[0]], Of(record, KvmEventKind.NestedLeft, 1));
    }

    [Fact]
    public void Segments_of_L2_are_shown_where_it_is_left_and_the_rest_of_that_probe_is_out_of_date()
    {
        EventFormat full = new("vmexit", 904, "s32 vcpu @8, u64 vmcb12 @16, u8 c400[8] @24, u8 c578[8] @32, u8 c058[8] @40", 48);
        StateImage left = Records(story => story.Entry(1).ExitFromL2(Cpuid, 1).Add(Of(Left, OfL2, 2))
            .Add(full.Record(100).With("c400", Bytes(0x10)).With("c578", Bytes(9)).With("c058", Bytes(9))).Entry(1), vmexit: full)[1].States[L2AtExit];
        Assert.Equal(Observed<ulong>.Of(0x10), left.At(0x400, 8));
        Assert.False(left.At(0x578, 8).IsKnown);
        Assert.Equal(Observed<ulong>.Of(2), left.At(Asid, 8));
    }

    [Fact]
    public void DR6_is_the_one_that_KVM_keeps()
    {
        EventFormat entered = new("entry", 900, "s32 vcpu @8, u64 vmcb @16, u64 vmcb02 @24, u64 dr6 @32, u8 c568[8] @40", 48);
        StateImage l1 = Records(story => story.Entry(1).Exit(Npf, 1).Entry(1).Add(entered.Record(100).With("vmcb", OfL1).With("vmcb02", OfL2)
            .With("dr6", 0xffff_0ff1).With("c568", Bytes(0xffff_0ff0))).Exit(Npf, 1), entry: entered)[1].States[L1AtEntry];
        Assert.Equal(Observed<ulong>.Of(0xffff_0ff1), l1.At(0x568, 8));
    }

    [Fact]
    public void A_probe_that_is_shorter_than_its_description_counts_as_lost()
    {
        var cut = new EventFormat("exit", 901, "s32 vcpu @8, u64 vmcb @16, u64 vmcb02 @24", 16);
        KeptRecord record = Records(story => story.Entry(1).Exit(Npf, 1).Add(cut.Record(100)).Entry(1), exit: cut)[1];
        Assert.True(record.States.IsEmpty);
        Assert.True(record.Flags.HasFlag(RecordFlags.LossInside));
    }

    [Fact]
    public void A_probe_of_another_vCPU_or_group_is_none() =>
        Assert.True(Records(static story => story.Entry(1).Exit(Npf, 1).Add(Of(Left, OfL1, 2).With("vcpu", 1)).Entry(1))[1].States.IsEmpty
            && Records(static story => story.Entry(1).Exit(Npf, 1).Add(Of(Left, OfL1, 2)).Entry(1), group: "kprobes")[1].States.IsEmpty);

    private static IReadOnlyList<KeptRecord> Records(Action<KvmStory> tell, string group = "differ", EventFormat? exit = null, EventFormat? vmexit = null, EventFormat? entry = null)
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder builder = KvmStory.Capture(layouts);
        foreach (EventFormat format in (EventFormat[])[entry ?? Machine, exit ?? Left, Cancel, Vmrun, vmexit ?? Vmexit, Unmap, SetNested, Read, Table, SetEfer, SetGif, Leave])
        {
            builder.Describe(group, format.Text);
        }

        tell(new KvmStory(builder.Top, layouts));
        return Recording.Of(builder.File).Records;
    }

    private static EventRecord Of(EventFormat format, ulong vmcb, ulong asid) =>
        format.Record(100).With("vmcb", vmcb).With("vmcb02", OfL2).With("c058", Bytes(asid, 0, 0));

    private static EventRecord Page(ulong address, ulong mapped, ulong asid) => Unmap.Record(100).With("gfn", address >> 12).With("hva", mapped).With("g058", Bytes(asid));

    private static IEnumerable<ulong[]> Of(KeptRecord record, KvmEventKind kind, int slots) =>
        record.Events.Where(one => one.Kind == kind).Select(one => Enumerable.Range(0, slots).Select(slot => one.Values[slot]).ToArray());

    private static byte[] Leaf(params uint[] words)
    {
        byte[] leaf = new byte[40];
        Buffer.BlockCopy(words, 0, leaf, 0, words.Length * sizeof(uint));
        return leaf;
    }

    private static byte[] Bytes(params ulong[] words)
    {
        byte[] bytes = new byte[words.Length * sizeof(ulong)];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i * sizeof(ulong)), words[i]);
        }

        return bytes;
    }

    private static string Asids(KeptRecord record) => string.Join(", ", new (StateMoment Moment, string Name)[]
        { (L1AtExit, "exit"), (L2AtExit, "L2 exit"), (L1AtEntry, "entry"), (L2AtEntry, "L2 entry") }
        .Where(of => record.States.At(of.Moment, Asid).IsKnown).Select(of => $"{of.Name} {record.States.At(of.Moment, Asid).Value}"));
}
