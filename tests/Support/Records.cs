using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Support;

/// <summary>Records made by hand, for tests of what writes and reads them.</summary>
internal static partial class Records
{
    /// <summary>An event with these values in its first slots.</summary>
    public static KvmEvent Happen(KvmEventKind kind, params ulong[] values)
    {
        FieldValues fields = default;
        for (int i = 0; i < values.Length; i++)
        {
            fields.Set(i, values[i]);
        }

        return new KvmEvent(kind, new ClockTime(1000), fields);
    }

    /// <summary>A record of stream 0.</summary>
    public static KeptRecord Make(ulong index, HardwareExit exit, GuestEntry entry, params KvmEvent[] events) =>
        Make(0, index, RecordFlags.None, exit, entry, events);

    /// <summary>A record.</summary>
    public static KeptRecord Make(int stream, ulong index, RecordFlags flags, HardwareExit exit, GuestEntry entry, params KvmEvent[] events)
    {
        TracepointSet kinds = events.Aggregate(default(TracepointSet), (set, kvmEvent) => set | TracepointSet.Of(kvmEvent.Kind));
        return new KeptRecord(new ExitRecord(new StreamId(stream), index, GuestLevel.L2, flags, in exit, in entry, kinds, events));
    }

    /// <summary>A run of these records.</summary>
    public static Recording Of(params KeptRecord[] records) => new(
        new RunHeader { Format = "made by hand", Listed = new TracepointSet(ulong.MaxValue) }, new TextTable(), records,
        new RunSummary
        {
            Exits = (ulong)records.Length,
            Events = 12345,
            Seen = new TracepointSet(0x8000_0000_0000_0007),
            ListIsSelective = true,
            Machines = 2,
            GuestVendor = "AuthenticAMD",
            Streams =
            [
                new VcpuStream(new(0), new VcpuId(3), new ThreadId(77), "CPU 3/KVM", 1, (ulong)records.Count(record => record.Stream == 0)),
                new VcpuStream(new(1), null, null, "", 0, (ulong)records.Count(record => record.Stream == 1)),
            ],
            Losses = [new CpuLoss(1, 2, 3, 4, 5)],
            Notes = [],
        });

    /// <summary>Every kind of event with each of its fields alone, none and all, with extreme numbers; exits and entries seen in full and in part.</summary>
    public static Recording Everything()
    {
        var texts = new TextTable();
        var records = new List<KeptRecord>();

        // StateValue is read as a state, and written in another form.
        foreach (EventSchema shape in EventSchemas.All.Where(shape => shape.Kind != KvmEventKind.StateValue))
        {
            for (int present = 0; present <= shape.Slots.Count + 1; present++)
            {
                KvmEvent kvmEvent = Partly(shape, present, texts);
                records.Add(Make(records.Count % 2, (ulong)records.Count, (RecordFlags)(records.Count % 4),
                    new HardwareExit(new(ulong.MaxValue), int.MaxValue, SvmExitCode.Invalid, ulong.MaxValue, 1UL << 63, 127,
                        present % 2 == 0 ? Observed<uint>.Of(uint.MaxValue) : Observed<uint>.Unseen, present % 3 == 0 ? Observed<uint>.Of(0) : Observed<uint>.Unseen),
                    new GuestEntry(new(0), 0, present % 2 == 0 ? Observed<ulong>.Of(ulong.MaxValue) : Observed<ulong>.Unseen,
                        present % 3 == 0 ? Observed<uint>.Of(0) : Observed<uint>.Unseen, Observed<uint>.Of(128), present % 2 == 0 ? Truth.Yes : Truth.No),
                    kvmEvent, kvmEvent));
            }
        }

        records.Add(Make(0, 1 << 20, RecordFlags.NoExit, default, default));
        records.Add(Make(1, 1 << 21, RecordFlags.NoEntry | RecordFlags.Folded, default, default));
        records[^1].States[StateMoment.L1AtExit].Write(0, [1, 2, 3]);
        records[^1].States[StateMoment.L1AtEntry].Write(StateValue.Positions - 1, [255]);
        return Of([.. records]) with { Texts = texts };
    }

    /// <summary>A long run of two streams.</summary>
    public static Recording Many(int count) => Of([.. Enumerable.Range(0, count).Select(i => Make(i % 2, (ulong)i / 2, RecordFlags.None,
        new HardwareExit(new((ulong)i * 1000), 0, SvmExitCode.Hlt, 0xffff_ffff_8000_0000 + (ulong)i, 0, 0, default, default),
        default, Happen(KvmEventKind.NestedVmexit, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue)))]);

    // 0: no field; 1 to n: that field alone, bytes with their second half; n + 1: all.
    private static KvmEvent Partly(EventSchema shape, int present, TextTable texts)
    {
        FieldValues values = default;
        for (int slot = 0; slot < shape.Slots.Count; slot++)
        {
            SlotForm form = shape.FormOf(slot);
            int first = form == SlotForm.BytesTail ? slot - 1 : slot;
            if (present == shape.Slots.Count + 1 || present == first + 1)
            {
                values.Set(slot, form == SlotForm.Text ? (ulong)texts.Add("control->asid == 0 äöü") : present % 2 == 0 ? 0 : ulong.MaxValue - (ulong)slot);
            }
        }

        return new KvmEvent(shape.Kind, new ClockTime((ulong)present << 40), values);
    }
}
