using Differ.Diff.Conform;
using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Conform;

/// <summary>Compares where a scenario ended: registers, vmcb12 field by field, all memory.</summary>
/// <param name="machine">The reference's machine at the end.</param>
/// <param name="result">KVM's.</param>
internal sealed class EndStates(Machine machine, KvmResult result)
{
    private const int PageSize = 0x1000, Word = 8;
    private const ulong Present = 1, AccessedAndDirty = 0x60, ResumeFlag = 0x1_0000, EventIsThere = 1UL << 31, AlwaysOne = 2, FlagBits = 0x3f_ffff;

    // What an SMI saves is in memory on a processor, and not in the model.
    private const ulong SmramSave = SystemManagement.Base + 0xfe00, SmramEnd = SystemManagement.Base + 0x10000;

    private readonly byte[] _here = new byte[PageSize];
    private readonly HashSet<ulong> _written = [.. machine.Processor.Memory.Pages];

    private Undefined Undefined => machine.Undefined;

    /// <summary>What differs, in the order ending, registers, vmcb12, memory.</summary>
    public IEnumerable<StateDifference> Differences() => Ending().Concat(Registers()).Concat(Memory());

    private IEnumerable<StateDifference> Ending()
    {
        string expected = machine.Processor.IsShutDown ? "shuts down" : "waits";
        string seen = result.Ending switch
        {
            KvmEnding.Halts => "waits",
            KvmEnding.ShutsDown => "shuts down",
            KvmEnding.GivenUp => $"is given up by KVM ({result.Detail})",
            _ => "does not come to an end",
        };
        if (expected != seen)
        {
            yield return new StateDifference("end", expected, seen);
        }
    }

    private IEnumerable<StateDifference> Registers()
    {
        Processor p = machine.Processor;
        if (result.Registers is not { } registers || p.IsShutDown)
        {
            yield break;
        }

        foreach (KvmPlace place in KvmPlaces.All)
        {
            ulong open = place.Field is { } field ? Undefined[field] : place.General is { } number ? Undefined.General(number) : 0;
            ulong mask = place.Mask & ~open;
            if (place.Counts?.Invoke(p) != false && place.Kvm(registers) is { } seen && ((seen ^ place.Model(p)) & mask) != 0)
            {
                yield return new StateDifference(place.Name, $"0x{place.Model(p):x}", $"0x{seen:x}");
            }
        }
    }

    private IEnumerable<StateDifference> Memory()
    {
        foreach ((ulong start, Memory<byte> part) in result.Memory)
        {
            for (int at = 0; at < part.Length; at += PageSize)
            {
                ReadOnlyMemory<byte> seen = part.Slice(at, PageSize);
                if (!IsSame(start + (ulong)at, seen.Span))
                {
                    foreach (StateDifference difference in Page(start + (ulong)at, seen))
                    {
                        yield return difference;
                    }
                }
            }
        }
    }

    private bool IsSame(ulong address, ReadOnlySpan<byte> seen)
    {
        machine.Processor.Memory.Read(address, _here);
        return _written.Contains(address) ? seen.SequenceEqual(_here) : !seen.ContainsAnyExcept((byte)0);
    }

    private IEnumerable<StateDifference> Page(ulong address, ReadOnlyMemory<byte> seen)
    {
        bool[] told = new bool[PageSize];
        if (address == Machine.Vmcb12)
        {
            foreach (VmcbRow row in VmcbLayout.All.Where(static row => row.Area is VmcbArea.Control or VmcbArea.Save))
            {
                ulong expected = Value(_here, row.Position, row.Size), found = Value(seen.Span, row.Position, row.Size);
                told.AsSpan(row.Position, row.Size).Fill(true);
                if (((expected ^ found) & ~Undefined.In(machine.Guest, row.Field) & ~Noise(row.Field, expected | found)) != 0)
                {
                    yield return new StateDifference($"vmcb12 {ScenarioParser.NameOf(row.Field)}", $"0x{expected:x}", $"0x{found:x}");
                }
            }
        }

        for (int at = 0; at < PageSize; at += Word)
        {
            ulong place = address + (ulong)at;
            ulong expected = Value(_here, at, Word), found = Value(seen.Span, at, Word);
            ulong differ = (expected ^ found) & ~Undefined.In(place, Word) & ~Told(told, at);
            if (differ != 0 && !IsNoise(place, expected, differ))
            {
                yield return new StateDifference($"memory 0x{place:x}", $"0x{expected:x}", $"0x{found:x}");
            }
        }
    }

    // An event that is not there has neither type nor vector.
    private static ulong Noise(VmcbField field, ulong both) => field switch
    {
        VmcbField.RflagsRegister => ResumeFlag,
        VmcbField.ExitIntInfo when (both & EventIsThere) == 0 => ulong.MaxValue,
        _ => 0,
    };

    // Accessed and dirty bits of page tables, RF of RFLAGS on a stack, and what the processor keeps for itself: the host save area, an SMI's.
    private bool IsNoise(ulong address, ulong expected, ulong differ) =>
        ((expected & Present) != 0 && (differ & ~AccessedAndDirty) == 0 && IsTableEntry(address))
        || ((expected & AlwaysOne) != 0 && expected <= FlagBits && differ == ResumeFlag)
        || address / PageSize == machine.Processor.State[VmcbField.VmHsavePa] / PageSize
        || address is >= SmramSave and < SmramEnd;

    // Tables of 32-bit paging have two entries in a word.
    private bool IsTableEntry(ulong address) =>
        Machine.IsInTables(address) || machine.Processor.Translation.Entries.Contains(address) || machine.Processor.Translation.Entries.Contains(address + (Word / 2));

    private static ulong Told(bool[] told, int at)
    {
        ulong mask = 0;
        for (int i = 0; i < Word; i++)
        {
            mask |= told[at + i] ? 0xffUL << (8 * i) : 0;
        }

        return mask;
    }

    private static ulong Value(ReadOnlySpan<byte> bytes, int at, int size)
    {
        ulong value = 0;
        for (int i = 0; i < size; i++)
        {
            value |= (ulong)bytes[at + i] << (8 * i);
        }

        return value;
    }
}
