using System.Buffers.Binary;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>What probes in KVM show that is no state of the machine at an exit: it becomes events like those of tracepoints.</summary>
internal static class ProbedEvents
{
    // Linux arch/x86/include/uapi/asm/kvm.h: struct kvm_cpuid_entry2 of ten words, KVM_CPUID_FLAG_SIGNIFCANT_INDEX; a probe shows 64 of them.
    private const int LeafSize = 40, MostLeaves = 64;
    private const int Function = 0, Index = 4, Flags = 8, Registers = 12;
    private const uint HasIndex = 1;

    /// <summary>Whether a probe becomes events.</summary>
    public static bool Are(ProbeRole role) => role is ProbeRole.ReadGuest or ProbeRole.Cpuid or ProbeRole.Efer or ProbeRole.Gif or ProbeRole.Leave;

    /// <summary>Reads the events of a probe.</summary>
    /// <param name="probe">The probe.</param>
    /// <param name="payload">Its event, whole.</param>
    /// <param name="time">When.</param>
    /// <param name="to">Where they go; nothing where what the probe shows is of no use.</param>
    public static void Read(BoundProbe probe, ReadOnlySpan<byte> payload, ClockTime time, List<KvmEvent> to)
    {
        switch (probe.Role)
        {
            case ProbeRole.ReadGuest:
                ReadGuest(probe, payload, time, to);
                break;
            case ProbeRole.Cpuid:
                ReadLeaves(probe, payload, time, to);
                break;
            case ProbeRole.Efer:
                ReadNumbers(KvmEventKind.EferSet, probe, payload, time, [ProbeNumber.Old, ProbeNumber.New], to);
                break;
            case ProbeRole.Gif:
                ReadNumbers(KvmEventKind.GifSet, probe, payload, time, [ProbeNumber.Value], to);
                break;
            default:
                ReadNumbers(KvmEventKind.NestedLeft, probe, payload, time, [ProbeNumber.Vcpu], to);
                break;
        }
    }

    // Only what was read, all of which the probe shows.
    private static void ReadGuest(BoundProbe probe, ReadOnlySpan<byte> payload, ClockTime time, List<KvmEvent> to)
    {
        Observed<ulong> address = probe.Number(payload, ProbeNumber.Gpa), value = probe.Number(payload, ProbeNumber.Val);
        if (probe.Number(payload, ProbeNumber.Len) is { IsKnown: true, Value: > 0 and <= sizeof(ulong) } length
            && address.IsKnown && value.IsKnown && probe.Number(payload, ProbeNumber.Ret).Or(0) == 0)
        {
            Add(KvmEventKind.GuestRead, time, [address.Value, length.Value, value.Value & (ulong.MaxValue >> (64 - (8 * (int)length.Value)))], to);
        }
    }

    private static void ReadLeaves(BoundProbe probe, ReadOnlySpan<byte> payload, ClockTime time, List<KvmEvent> to)
    {
        Span<byte> table = stackalloc byte[LeafSize * MostLeaves];
        ulong shown = (ulong)(probe.CopyLeaves(payload, table) / LeafSize), leaves = Math.Min(shown, probe.Number(payload, ProbeNumber.N).Or(0));
        for (int i = 0; i < (int)leaves; i++)
        {
            ReadOnlySpan<byte> leaf = table.Slice(i * LeafSize, LeafSize);
            uint index = (Word(leaf, Flags) & HasIndex) != 0 ? Word(leaf, Index) : 0;
            Add(
                KvmEventKind.GuestCpuid, time,
                [Word(leaf, Function), index, Word(leaf, Registers), Word(leaf, Registers + 4), Word(leaf, Registers + 8), Word(leaf, Registers + 12)], to);
        }
    }

    private static void ReadNumbers(
        KvmEventKind kind, BoundProbe probe, ReadOnlySpan<byte> payload, ClockTime time, ReadOnlySpan<ProbeNumber> numbers, List<KvmEvent> to)
    {
        Span<ulong> fields = stackalloc ulong[numbers.Length];
        for (int slot = 0; slot < numbers.Length; slot++)
        {
            if (probe.Number(payload, numbers[slot]) is not { IsKnown: true } value)
            {
                return;
            }

            fields[slot] = value.Value;
        }

        Add(kind, time, fields, to);
    }

    private static void Add(KvmEventKind kind, ClockTime time, ReadOnlySpan<ulong> fields, List<KvmEvent> to)
    {
        var values = new FieldValues();
        for (int slot = 0; slot < fields.Length; slot++)
        {
            values.Set(slot, fields[slot]);
        }

        to.Add(new KvmEvent(kind, time, values));
    }

    private static uint Word(ReadOnlySpan<byte> leaf, int at) => BinaryPrimitives.ReadUInt32LittleEndian(leaf[at..]);
}
