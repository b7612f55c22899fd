using System.Numerics;
using Differ.Diff.Compare;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>Exits become marks; exits that the world causes, not the guest, are passed over.</summary>
/// <param name="listed">Tracepoints that both captures describe: what only one shows cannot be compared.</param>
internal sealed class MarkMaker(TracepointSet listed)
{
    /// <summary>A step of this many bytes or less is the length of the instruction.</summary>
    public const ulong LongestInstruction = 15;
    private const uint RowsOfL0 = (1U << AlignedFields.FirstAsked) - 1;
    private const ulong Elsewhere = 16;
    private const int PageBits = 12;

    // EXITINFO1 of IOIO: the port, and bit 0 for the direction (APM2 15.10.2).
    private const uint PortAndDirection = 0xffff_0001;

    private readonly AlignedField[] _fields = [.. AlignedFields.All];
    private readonly QuietRows _quiet = new(listed);
    private readonly FieldComparer _comparer = new(listed);
    private readonly RecordDigest _digest = new();
    private readonly Dictionary<int, World> _worlds = [];

    /// <summary>Makes the mark of an exit.</summary>
    /// <param name="record">The exit.</param>
    /// <param name="instruction">The instruction the guest was at, as the replay knows it.</param>
    /// <param name="mark">Becomes the mark; left as it was where there is none.</param>
    /// <returns>False for an exit that another run of the same guest need not have.</returns>
    public bool TryMake(in ExitRecord record, ulong instruction, ref ExitMark mark)
    {
        if (record.HasHole)
        {
            // Another VMRUN may have been lost.
            _worlds.Remove(record.Stream.Value);
        }

        bool switches = record.Kinds.Has(KvmEventKind.NestedVmexitInject) || record.Kinds.Has(KvmEventKind.NestedVmenter);
        bool counts = record.HasExit && !IsOfTheWorld(record);
        if (!counts && !switches)
        {
            return false;
        }

        _digest.Read(record);
        if (counts && !(record.Level == GuestLevel.L1 && _digest.HasMsr && IsOfTheApic(_digest.Msr.Index)))
        {
            Make(record, instruction, ref mark);
        }
        else
        {
            counts = false;
        }

        NoteSwitch(record);
        return counts;
    }

    private void Make(in ExitRecord record, ulong instruction, ref ExitMark mark)
    {
        _worlds.TryGetValue(record.Stream.Value, out World world);
        mark.Index = record.Index;
        mark.Place = ((uint)record.Level << PageBits) | (uint)(record.Exit.Rip & ((1 << PageBits) - 1));
        mark.Code = record.Exit.Code.Value;
        mark.Instruction = instruction;
        mark.Detail = DetailOf(record);
        mark.IsOfAnotherL1 = false;
        mark.Comparable = record is { HasHole: false, HasEntry: true } && !_digest.SmmEntered && !_digest.SmmLeft && !IsInterrupted();
        mark.IsShownToL1 = _digest.Reflections > 0;
        mark.Level = record.Level;
        mark.Request = record.Level == GuestLevel.L2 ? world.Request : 0;
        mark.Step = StepOf(record);
        uint quiet = _quiet.Of(record, out uint absent);
        mark.Reset(absent);
        for (uint rest = RowsOfL0 & ~quiet; rest != 0; rest &= rest - 1)
        {
            int row = BitOperations.TrailingZeroCount(rest);
            mark.Set(row, _fields[row].Read(_comparer.Read(record, _digest, _fields[row].Field!), _digest));
        }

        // After an interrupt L1 has L2 go on wherever it was.
        int asked = AlignedFields.FirstAsked + (world.Interrupted ? 1 : 0);
        for (int row = asked; row < _fields.Length && _digest.Vmenters > 0; row++)
        {
            mark.Set(row, _fields[row].Read(default, _digest));
        }
    }

    // An MSR that L1 is shown is not named.
    private uint DetailOf(in ExitRecord record) => record.Exit.Code == SvmExitCode.Ioio ? (uint)(record.Exit.Info1 & PortAndDirection)
        : record.Exit.Code == SvmExitCode.Msr && _digest.HasMsr ? _digest.Msr.Index : 0;

    // What L1 asked at the last VMRUN, and whether an interrupt ended the last L2.
    private void NoteSwitch(in ExitRecord record)
    {
        if (_digest.Reflections == 0 && _digest.Vmenters == 0)
        {
            return;
        }

        _worlds.TryGetValue(record.Stream.Value, out World world);
        _worlds[record.Stream.Value] = new World(
            _digest.Vmenters > 0 ? RequestOf(_digest) : world.Request,
            _digest.Reflections > 0 && IsAsynchronous(_digest.Reflection.ExitCode));
    }

    // Intercepts and what does not come and go with interrupts; never 0.
    private static ulong RequestOf(RecordDigest digest)
    {
        NestedIntercepts asked = digest.Intercepts;
        return digest.HasIntercepts
            ? unchecked((uint)HashCode.Combine(asked.CrRead, asked.CrWrite, asked.Exceptions, asked.Word3, asked.Word4, asked.Word5.Or(0))) | (1UL << 32) : 0;
    }

    // Interrupts, spinning and what the host's page tables lack come when they come.
    private static bool IsOfTheWorld(in ExitRecord record)
    {
        SvmExitCode code = record.Exit.Code;
        return IsAsynchronous(code) || code == SvmExitCode.Pause || code == SvmExitCode.BusLock || code == SvmExitCode.AvicIncompleteIpi
            || code == SvmExitCode.AvicNoAccel || code == SvmExitCode.HostUse
            || (code == SvmExitCode.Npf && !record.Kinds.Has(KvmEventKind.NestedVmexitInject))
            || (code == SvmExitCode.Hlt && record.Level == GuestLevel.L1);
    }

    // What a guest does about interrupts it does as often as they come: x2APIC registers and the TSC deadline (APM2 16.12).
    private static bool IsOfTheApic(uint msr) => msr is >= 0x800 and <= 0x8ff or 0x6e0;

    private static bool IsAsynchronous(SvmExitCode code) =>
        code == SvmExitCode.Intr || code == SvmExitCode.Nmi || code == SvmExitCode.Smi || code == SvmExitCode.Init || code == SvmExitCode.VIntr;

    // L0 leaves L2 for an interrupt that came while it handled something else.
    private bool IsInterrupted() => _digest.IntrAnnounced || (_digest.Reflections > 0 && IsAsynchronous(_digest.Reflection.ExitCode));

    private ulong StepOf(in ExitRecord record)
    {
        if (!record.HasEntry || !record.Entry.Rip.IsKnown || _digest.ChangesGuest || _digest.HasException)
        {
            return ExitMark.NotKnown;
        }

        ulong step = unchecked(record.Entry.Rip.Value - record.Exit.Rip);
        return step <= LongestInstruction ? step : Elsewhere;
    }

    /// <summary>What a stream is under.</summary>
    /// <param name="Request">What L1 asked of the last VMRUN; 0 where it is not known.</param>
    /// <param name="Interrupted">An interrupt ended the last L2.</param>
    private readonly record struct World(ulong Request, bool Interrupted);
}
