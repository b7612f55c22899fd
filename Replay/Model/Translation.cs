using Differ.Replay.Manual.Tables;
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
    private const ulong Present = 1, Writable = 2, User = 4, Large = 1 << 7, Global = 1 << 8, NoExecute = 1UL << 63;
    private const ulong FrameMask = 0x000f_ffff_ffff_f000;

    /// <summary>Translates a linear address for an access of the running guest or host.</summary>
    /// <param name="linear">The address.</param>
    /// <param name="kind">The access.</param>
    /// <param name="physical">The system physical address.</param>
    public Effect ToSystem(ulong linear, AccessKind kind, out ulong physical)
    {
        // Outside long mode linear addresses have 32 bits.
        linear = processor.State.Bit(VmcbField.EferRegister, Efer.LMA) ? linear : linear & uint.MaxValue;
        physical = linear;
        Effect effect = processor.State.Bit(VmcbField.Cr0Register, Cr0.PG) ? WalkGuest(linear, kind, out physical) : Effect.Done;
        return effect.IsDone ? ToSystemOfGuestPhysical(physical, kind, ExitInfoBits.NpfFinal, out physical) : effect;
    }

    /// <summary>I/D of a page fault's error code.</summary>
    public const uint FetchBit = 16;

    /// <summary>Whether I/D is defined: where pages can be closed to fetches (APM2 8.4.2). A nested fault has it in any case (15.25.6).</summary>
    public bool DefinesFetch => (processor.State.Bit(VmcbField.EferRegister, Efer.NXE) && processor.State.Bit(VmcbField.Cr4Register, Cr4.PAE))
        || processor.State.Bit(VmcbField.Cr4Register, Cr4.SMEP);

    /// <summary>Translates a guest physical address by the nested tables; the same address where there are none.</summary>
    public Effect ToSystemOfGuestPhysical(ulong address, AccessKind kind, out ulong physical) =>
        ToSystemOfGuestPhysical(address, kind, ExitInfoBits.NpfFinal, out physical);

    private Effect ToSystemOfGuestPhysical(ulong address, AccessKind kind, ulong stage, out ulong physical)
    {
        physical = address;
        if (processor.Guest is not { NestedPaging: true } guest)
        {
            return Effect.Done;
        }

        // Every access through the nested tables is a user access (APM2 15.25.5), but for code of a supervisor under GMET (15.25.13).
        bool user = !(guest.Gmet && kind == AccessKind.Fetch && stage == ExitInfoBits.NpfFinal && processor.State[VmcbField.Cpl] < 3);
        ulong error = Walk(guest[VmcbField.NCr3], address, kind, user, isNested: true, out physical, out _);
        if (error == NoFault && stage == ExitInfoBits.NpfFinal && AvicPage.Covers(guest, address))
        {
            physical = AvicPage.BackingOf(guest, address);
        }

        return error == NoFault ? Effect.Done : Effect.Exit(SvmExitCode.Npf, stage | error, address);
    }

    private readonly HashSet<ulong> _entries = [];

    /// <summary>The addresses of the entries that were walked so far, in which a processor sets accessed and dirty bits; the model leaves them.</summary>
    public IReadOnlySet<ulong> Entries => _entries;

    private Effect WalkGuest(ulong linear, AccessKind kind, out ulong physical)
    {
        bool user = processor.State[VmcbField.Cpl] == 3;
        ulong error = Walk(processor.State[VmcbField.Cr3Register], linear, kind, user, isNested: false, out physical, out Effect nested);
        return !nested.IsDone ? nested
            : error == NoFault ? Effect.Done
            : Effect.Raise(ExceptionVector.PF, (uint)error, linear);
    }

    // Page tables: their levels, the bytes of an entry, the bits of the address a level takes (APM2 5.2, 5.3).
    private readonly record struct PagingForm(int Levels, int EntrySize, int IndexBits, ulong RootMask);

    private static readonly PagingForm LongMode = new(4, 8, 9, FrameMask), FiveLevels = new(5, 8, 9, FrameMask),
        Pae = new(3, 8, 9, 0xffff_ffe0), Legacy = new(2, 4, 10, 0xffff_f000);

    private const ulong NoFault = ulong.MaxValue;

    // A bit of whoever's paging mode the tables have: nested ones have that of the host at its VMRUN (APM2 15.25.3).
    private bool Mode(bool isNested, VmcbField register, int bit) => isNested ? processor.Switch.HostBit(register, bit) : processor.State.Bit(register, bit);

    private PagingForm FormOf(bool isNested) =>
        Mode(isNested, VmcbField.EferRegister, Efer.LMA) ? (Mode(isNested, VmcbField.Cr4Register, Cr4.LA57) && processor.Features.Has(CpuFeature.FiveLevelPaging) ? FiveLevels : LongMode)
        : Mode(isNested, VmcbField.Cr4Register, Cr4.PAE) ? Pae
        : Legacy;

    // The error code in the form of #PF, or NoFault.
    private ulong Walk(ulong root, ulong address, AccessKind kind, bool user, bool isNested, out ulong physical, out Effect nested)
    {
        nested = Effect.Done;
        physical = 0;
        PagingForm form = FormOf(isNested);
        if (address > uint.MaxValue && (form == Pae || form == Legacy))
        {
            // The tables of a host outside long mode have no place for it.
            processor.Undefined.Follows("a guest physical address above 4 GB under a host outside long mode");
            address &= uint.MaxValue;
        }

        ulong table = root & form.RootMask;
        bool noExecute = Mode(isNested, VmcbField.EferRegister, Efer.NXE) && Mode(isNested, VmcbField.Cr4Register, Cr4.PAE);
        bool tellsFetch = kind == AccessKind.Fetch && (isNested || DefinesFetch);
        ulong code = (kind == AccessKind.Write ? 2UL : 0) | (user ? 4UL : 0) | (tellsFetch ? FetchBit : 0);
        bool writable = true, allowedUser = true, executable = true;
        for (int level = form.Levels - 1; level >= 0; level--)
        {
            int shift = 12 + (form.IndexBits * level);
            ulong entryAddress = table + (((address >> shift) & ((1UL << form.IndexBits) - 1)) * (ulong)form.EntrySize);
            if (!isNested)
            {
                // Reads of the guest's tables set accessed bits and count as writes (APM2 15.25.5).
                nested = ToSystemOfGuestPhysical(entryAddress, AccessKind.Write, ExitInfoBits.NpfWalk, out entryAddress);
                if (!nested.IsDone)
                {
                    return 0;
                }
            }

            ulong entry = processor.Memory.Read(entryAddress, form.EntrySize);
            if ((entry & Present) == 0)
            {
                return code;
            }

            _entries.Add(entryAddress);

            if (HasReservedBits(entry, level, form, isNested))
            {
                return code | 1 | 8;
            }

            // The pointers to the four directories of PAE have no rights in them.
            bool hasRights = form != Pae || level < 2;
            writable &= !hasRights || (entry & Writable) != 0;
            allowedUser &= !hasRights || (entry & User) != 0;
            executable &= (entry & NoExecute) == 0 || !noExecute;
            if (level == 0 || IsLarge(entry, level, form, isNested))
            {
                ulong offset = (1UL << shift) - 1;
                physical = (entry & FrameMask & ~offset) | (address & offset);
                bool refused = (kind == AccessKind.Write && !writable && (user || isNested || processor.State.Bit(VmcbField.Cr0Register, 16)))
                    || (user && !allowedUser) || (kind == AccessKind.Fetch && !executable)
                    || (!isNested && !user && allowedUser && IsPrevented(kind))
                    || (isNested && !user && allowedUser);
                return refused ? code | 1 : NoFault;
            }

            table = entry & FrameMask;
        }

        return NoFault;
    }

    // A supervisor neither executes nor, without AC, touches pages of users where SMEP or SMAP is on (APM2 5.6.5, 5.6.6).
    private bool IsPrevented(AccessKind kind) => kind == AccessKind.Fetch
        ? processor.State.Bit(VmcbField.Cr4Register, Cr4.SMEP) && processor.Features.Has(CpuFeature.Smep)
        : processor.State.Bit(VmcbField.Cr4Register, Cr4.SMAP) && processor.Features.Has(CpuFeature.Smap) && !processor.State.Bit(VmcbField.RflagsRegister, Rflags.AC);

    private bool IsLarge(ulong entry, int level, PagingForm form, bool isNested) => (entry & Large) != 0 && (form == Legacy
        ? Mode(isNested, VmcbField.Cr4Register, Cr4.PSE)
        : level == 1 || (form != Pae && level == 2 && processor.Features.Has(CpuFeature.HugePages)));

    private bool HasReservedBits(ulong entry, int level, PagingForm form, bool isNested)
    {
        if (form == Legacy)
        {
            return false;
        }

        if (form == Pae && level == 2)
        {
            return IllegalState.IsIllegalPdpe(entry, processor.Features.PhysicalBits);
        }

        ulong above = FrameMask & ~((1UL << processor.Features.PhysicalBits) - 1);
        ulong large = IsLarge(entry, level, form, isNested) ? ((1UL << (12 + (9 * level))) - 1) & ~0x1fffUL : 0;

        // Bits 8:7 of the two highest levels; a directory pointer's bit 7 needs pages of 1 GB, and its bit 8 is ignored (APM2 figures 5-19 to 5-21).
        ulong upper = level >= 3 ? Large | Global : level == 2 && !processor.Features.Has(CpuFeature.HugePages) ? Large : 0;
        return (entry & (above | large | upper)) != 0;
    }
}
