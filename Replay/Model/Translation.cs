using Differ.Replay.Machine;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>What an access wants.</summary>
internal enum AccessKind : byte
{
    /// <summary>Read data.</summary>
    Read,

    /// <summary>Write data.</summary>
    Write,

    /// <summary>Fetch an instruction.</summary>
    Fetch,
}

/// <summary>From a linear address to memory: the guest's tables and, below them, the hypervisor's (APM2 5.3, 15.25).</summary>
internal sealed class Translation(Processor processor)
{
    private const ulong Present = 1, Writable = 2, User = 4, Large = 1 << 7, NoExecute = 1UL << 63;
    private const ulong FrameMask = 0x000f_ffff_ffff_f000;
    private const ulong FinalStage = 1UL << 32, TableStage = 1UL << 33;

    /// <summary>Translates a linear address for an access of the running guest or host.</summary>
    /// <param name="linear">The address.</param>
    /// <param name="kind">The access.</param>
    /// <param name="physical">The system physical address.</param>
    public Effect ToSystem(ulong linear, AccessKind kind, out ulong physical)
    {
        physical = linear;
        Effect effect = processor.State.Bit(VmcbField.Cr0Register, Cr0.PG) ? WalkGuest(linear, kind, out physical) : Effect.Done;
        return effect.IsDone ? ToSystemOfGuestPhysical(physical, kind, FinalStage, out physical) : effect;
    }

    /// <summary>Translates a guest physical address by the nested tables; the same address where there are none.</summary>
    public Effect ToSystemOfGuestPhysical(ulong address, AccessKind kind, out ulong physical) =>
        ToSystemOfGuestPhysical(address, kind, FinalStage, out physical);

    private Effect ToSystemOfGuestPhysical(ulong address, AccessKind kind, ulong stage, out ulong physical)
    {
        physical = address;
        if (processor.Guest is not { NestedPaging: true } guest)
        {
            return Effect.Done;
        }

        // Every access through the nested tables is a user access (APM2 15.25.5).
        ulong error = Walk(guest[VmcbField.NCr3], address, kind, user: true, isNested: true, out physical, out _);
        return error == NoFault ? Effect.Done : Effect.Exit(SvmExitCode.Npf, stage | error, address);
    }

    private Effect WalkGuest(ulong linear, AccessKind kind, out ulong physical)
    {
        bool user = processor.State[VmcbField.Cpl] == 3;
        ulong error = Walk(processor.State[VmcbField.Cr3Register], linear, kind, user, isNested: false, out physical, out Effect nested);
        return !nested.IsDone ? nested
            : error == NoFault ? Effect.Done
            : Effect.Raise(ExceptionVector.PF, (uint)error, linear);
    }

    private const ulong NoFault = ulong.MaxValue;

    // Four levels of 512 entries; the error code in the form of #PF, or NoFault.
    private ulong Walk(ulong root, ulong address, AccessKind kind, bool user, bool isNested, out ulong physical, out Effect nested)
    {
        nested = Effect.Done;
        physical = 0;
        ulong table = root & FrameMask;
        ulong code = (kind == AccessKind.Write ? 2UL : 0) | (user ? 4UL : 0) | (kind == AccessKind.Fetch ? 16UL : 0);
        bool writable = true, allowedUser = true, executable = true;
        for (int level = 3; level >= 0; level--)
        {
            ulong entryAddress = table + (((address >> (12 + (9 * level))) & 0x1ff) * 8);
            if (!isNested)
            {
                // Reads of the guest's tables set accessed bits and count as writes (APM2 15.25.5).
                nested = ToSystemOfGuestPhysical(entryAddress, AccessKind.Write, TableStage, out entryAddress);
                if (!nested.IsDone)
                {
                    return 0;
                }
            }

            ulong entry = processor.Memory.Read(entryAddress, 8);
            if ((entry & Present) == 0)
            {
                return code;
            }

            if (HasReservedBits(entry, level))
            {
                return code | 1 | 8;
            }

            writable &= (entry & Writable) != 0;
            allowedUser &= (entry & User) != 0;
            executable &= (entry & NoExecute) == 0;
            if (level == 0 || (level <= 2 && (entry & Large) != 0))
            {
                ulong offset = (1UL << (12 + (9 * level))) - 1;
                physical = (entry & FrameMask & ~offset) | (address & offset);
                bool refused = (kind == AccessKind.Write && !writable && (user || isNested || processor.State.Bit(VmcbField.Cr0Register, 16)))
                    || (user && !allowedUser) || (kind == AccessKind.Fetch && !executable);
                return refused ? code | 1 : NoFault;
            }

            table = entry & FrameMask;
        }

        return NoFault;
    }

    private bool HasReservedBits(ulong entry, int level)
    {
        ulong above = FrameMask & ~((1UL << processor.Features.PhysicalBits) - 1);
        ulong large = level is 1 or 2 && (entry & Large) != 0 ? ((1UL << (12 + (9 * level))) - 1) & ~0x1fffUL : 0;
        return (entry & (above | large)) != 0 || (level == 3 && (entry & Large) != 0);
    }
}
