using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Tracepoints;

public sealed class BoundTracepointTests
{
    public static TheoryData<string, string> Layouts()
    {
        var rows = new TheoryData<string, string>();
        foreach (LayoutRow row in KernelLayouts.Rows.Where(row => KvmTracepoints.Find("kvm", row.Event) is not null))
        {
            rows.Add(row.Event, row.From);
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Every_field_of_every_layout_is_read_from_its_place(string name, string kernel)
    {
        Tracepoint tracepoint = KvmTracepoints.Find("kvm", name)!;
        EventFormat format = KernelLayouts.Of(kernel)[name];
        foreach (bool bigEndian in new[] { false, true })
        {
            var texts = new TextTable();
            FieldValues values = Decode(tracepoint, format.Text, Filled(format).ToBytes(bigEndian), bigEndian, texts);
            foreach (FieldRow row in tracepoint.Rows.Where(row => format.Has(row.Name)))
            {
                int number = format.Fields.ToList().FindIndex(field => field.Name == row.Name);
                if (format.Fields[number].Type == "ptr")
                {
                    continue;
                }

                Assert.True(values.Has(row.Slot), row.Name);
                switch (row.Form)
                {
                    case FieldForm.Text:
                        Assert.Equal("control->asid == 0", texts[(int)values[row.Slot]]);
                        break;
                    case FieldForm.Bytes:
                        Assert.Equal((0x0807060504030201UL, 0x000f0e0d0c0b0a09UL), (values[row.Slot], values[row.Slot + 1]));
                        break;
                    case FieldForm.TwoWords:
                        Assert.Equal((Value(number, 8) & uint.MaxValue, Value(number, 8) >> 32), (values[row.Slot], values[row.Slot + 1]));
                        break;
                    default:
                        Assert.Equal(Extended(format.Fields[number], number), values[row.Slot]);
                        break;
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void What_a_layout_lacks_is_absent_and_not_zero(string name, string kernel)
    {
        Tracepoint tracepoint = KvmTracepoints.Find("kvm", name)!;
        EventFormat format = KernelLayouts.Of(kernel)[name];
        FieldValues values = Decode(tracepoint, format.Text, Filled(format).ToBytes(false), false, new TextTable());
        IEnumerable<int> expected = tracepoint.Rows
            .Where(row => format.Fields.Any(field => field.Name == row.Name && field.Type != "ptr"))
            .SelectMany(row => row.Form is FieldForm.Bytes or FieldForm.TwoWords ? [row.Slot, row.Slot + 1] : new[] { row.Slot }).Distinct().Order();
        Assert.Equal(expected, Enumerable.Range(0, FieldValues.Capacity).Where(slot => values.Has(slot)));
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_field_is_required_or_its_absence_is_seen(string name, string kernel)
    {
        Tracepoint tracepoint = KvmTracepoints.Find("kvm", name)!;
        EventFormat format = KernelLayouts.Of(kernel)[name];
        foreach (FieldRow row in tracepoint.Rows.Where(row => format.Has(row.Name)))
        {
            string text = format.TextWithout(row.Name);
            byte[] record = Filled(format).ToBytes(false);
            if (row.Required)
            {
                CaptureFormatException refused = Assert.Throws<CaptureFormatException>(() => Decode(tracepoint, text, record, false, new TextTable()));
                Assert.Equal("DIF0109", refused.Code);
                Assert.Contains(name, refused.Message, StringComparison.Ordinal);
            }
            else
            {
                Assert.False(Decode(tracepoint, text, record, false, new TextTable()).Has(row.Slot), row.Name);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void A_record_that_ends_inside_a_field_is_not_decoded(string name, string kernel)
    {
        Tracepoint tracepoint = KvmTracepoints.Find("kvm", name)!;
        EventFormat format = KernelLayouts.Of(kernel)[name];
        var binding = BoundTracepoint.Bind(tracepoint, EventLayout.Parse("kvm", format.Text)!, false, new TextTable());
        byte[] record = Filled(format).ToBytes(false);
        int needed = format.Fields.Where(field => field.Type != "ptr" && tracepoint.Rows.Any(row => row.Name == field.Name))
            .Select(field => field.Offset + field.Size).DefaultIfEmpty(0).Max();
        for (int length = 0; length <= record.Length; length++)
        {
            FieldValues values = default;
            Assert.Equal(length >= needed, binding.Decode(record.AsSpan(0, length), ref values));
        }
    }

    [Theory]
    [InlineData("u32", 0xffff_ffff, ulong.MaxValue)]
    [InlineData("u32", 0x81, 0x81)]
    [InlineData("u32", 0xffff_fffe, 0xffff_ffff_ffff_fffe)]
    [InlineData("u32", 0xf000_0000, 0xf000_0000)]
    [InlineData("s32", 0xffff_ffff, ulong.MaxValue)]
    [InlineData("s32", 0xf000_0000, 0xf000_0000)]
    [InlineData("u16", 0xffff, ulong.MaxValue)]
    [InlineData("u16", 0x403, 0x403)]
    [InlineData("u64", 0xffff_ffff, ulong.MaxValue)]
    [InlineData("u64", 0xf000_0000, 0xf000_0000)]
    [InlineData("u64", ulong.MaxValue, ulong.MaxValue)]
    public void A_code_below_zero_is_the_same_whatever_the_width_of_its_field(string type, ulong recorded, ulong expected)
    {
        var format = new EventFormat("kvm_exit", 9, $"{type} exit_reason @8, u64 guest_rip @16, u32 isa @24, u64 info1 @32, u64 info2 @40", 48);
        foreach (bool bigEndian in new[] { false, true })
        {
            byte[] record = format.Record(1).With("exit_reason", recorded).ToBytes(bigEndian);
            Assert.Equal(expected, Decode(KvmExit.Tracepoint, format.Text, record, bigEndian, new TextTable())[KvmExit.ReasonSlot]);
        }
    }

    [Fact]
    public void A_text_that_points_outside_its_record_is_called_damaged()
    {
        EventFormat format = KernelLayouts.Of("6.12")["kvm_nested_vmenter_failed"];
        var texts = new TextTable();
        FieldValues values = Decode(KvmNested.VmenterFailed, format.Text, format.Record(1).With("msg", 0x00ff_0010).ToBytes(false), false, texts);
        Assert.Equal("(damaged text)", texts[(int)values[NestedVmenterFailed.MessageSlot]]);
    }

    [Fact]
    public void Every_tracepoint_is_one_of_a_kernel() =>
        Assert.Empty(KvmTracepoints.All.Select(tracepoint => tracepoint.Name).Except(KernelLayouts.Rows.Select(row => row.Event)));

    [Fact]
    public void Every_field_is_one_of_a_kernel() => Assert.All(KvmTracepoints.All, tracepoint => Assert.All(tracepoint.Rows, row =>
        Assert.Contains(KernelLayouts.Rows, layout => KvmTracepoints.Find("kvm", layout.Event) is { } other && other.Role == tracepoint.Role && other.Kind == tracepoint.Kind && layout.Fields.Contains($" {row.Name}", StringComparison.Ordinal))));

    private static FieldValues Decode(Tracepoint tracepoint, string text, byte[] record, bool bigEndian, TextTable texts)
    {
        var binding = BoundTracepoint.Bind(tracepoint, EventLayout.Parse("kvm", text)!, bigEndian, texts);
        FieldValues values = default;
        values.Start(ushort.MaxValue);
        Assert.True(binding.Decode(record, ref values));
        return values;
    }

    // Every field has a value of its own, with the highest bit set.
    private static EventRecord Filled(EventFormat format)
    {
        EventRecord record = format.Record(5);
        for (int i = 0; i < format.Fields.Count; i++)
        {
            FieldLayout field = format.Fields[i];
            record = field.Type switch
            {
                "data_loc" => record.With(field.Name, "control->asid == 0"),
                _ when field.Count > 0 => record.With(field.Name, [.. Enumerable.Range(1, field.Count).Select(value => (byte)value)]),
                _ => record.With(field.Name, Value(i, field.Size)),
            };
        }

        return record;
    }

    private static ulong Value(int number, int size) => (0x8070_6050_8070_6050UL + ((ulong)number * 0x0001_0101_0101_0101)) >> (64 - (8 * size));

    private static ulong Extended(FieldLayout field, int number)
    {
        ulong value = Value(number, field.Size);
        return field.Type[0] == 's' ? value | (ulong.MaxValue << ((8 * field.Size) - 1)) : value;
    }
}
