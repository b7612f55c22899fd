using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Port I/O: what its exit says, and who owns it (APM2 15.10): judgements of group D.</summary>
internal static class IoPermissions
{
    private const ulong ResetVector = 0xfff0;

    private static readonly ulong Ioio = SvmExitCode.Ioio.Value;

    /// <summary>Exits at which L2 may access a port: its own, and those at which L0 emulates.</summary>
    public static Func<SvmExitCode, bool> MayAccess { get; } = static code => code == SvmExitCode.Ioio || code == SvmExitCode.Npf || code.IsException;

    /// <summary>What the permission map decides by: port and size.</summary>
    public static ulong Access(ulong info1) => info1 & (ExitInfoBits.PortNumber | ExitInfoBits.PortSizes);

    public static void Describes(in Step s)
    {
        bool exits = s.HasExit && s.Code == SvmExitCode.Ioio;
        if (exits && ((s.Exit.Info1 & ExitInfoBits.PortZero) != 0 || !ExitInfoBits.IsPortSized(s.Exit.Info1)))
        {
            OneSize(s.Expect(), ComparedField.ExitInfo1, twoAddressSizes: ulong.PopCount(s.Exit.Info1 & ExitInfoBits.PortAddressSizes) > 1).ByProcessor();
        }
        else if (exits && s.Level == GuestLevel.L2)
        {
            // What L0 carries out is what the exit says.
            s.Expect().Allow(HappensNot(ComparedField.PortAccessed))
                .Allow(Is(ComparedField.PortDescription, s.Exit.Info1, ExitInfoBits.PortNumber | ExitInfoBits.PortSizes | ExitInfoBits.PortIn));
        }
        else if (s.Seen.LeftL2)
        {
            OneSize(s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Ioio)), ComparedField.ReflectedInfo1, twoAddressSizes: false);
        }
    }

    // What the processor reports itself is passed on; for what L0 makes up the instruction tells the segment.
    public static void NamesSegment(in Step s)
    {
        if (s.Code != SvmExitCode.Ioio && s.Seen.Instruction is { IsString: true, Code: { Value: 0x7b } })
        {
            s.Assuming(Evidence.InstructionBytes).Allow(IsNot(ComparedField.ReflectedCode, Ioio))
                .Allow(Is(ComparedField.ReflectedInfo1, (ulong)s.Seen.Instruction.Segment << 10, ExitInfoBits.PortSegment));
        }
    }

    // The next instruction is where the guest goes on, or the same one is tried again; INIT and the VMM may send it elsewhere.
    public static void NamesNextInstruction(in Step s)
    {
        if (!ExitInfo.IsBehind(s.Exit.Info2, s.Exit.Rip))
        {
            s.Expect().Allow(IsNot(ComparedField.ExitInfo2, s.Exit.Info2)).ByProcessor();
        }
        else if (!s.Seen.LeftL2)
        {
            s.Expect().Allow(Is(ComparedField.EntryRip, s.Exit.Info2)).Allow(Is(ComparedField.EntryRip, s.Exit.Rip))
                .Allow(Happens(ComparedField.UserspaceReason)).Allow(Happens(ComparedField.SmmEntered))
                .Allow(Happens(ComparedField.ReflectedCode))
                .Allow(Is(ComparedField.EntryRip, 0)).Allow(Is(ComparedField.EntryRip, ResetVector));
        }
    }

    // The map itself is never recorded; while L1 leaves it alone it decides alike each time.
    public static void DecidesAlike(in Step s)
    {
        Truth before = s.Vcpu.Vmcb12.Address.IsKnown
            ? s.Vcpu.PortDecisions.WasShown(s.Vcpu.Vmcb12.Address.Value, Access(s.Exit.Info1)) : Truth.Unknown;
        if (!s.Intercepted(s.Code).IsYes)
        {
            return;
        }

        if (!s.Vcpu.PortIntercepted.IsUnknown)
        {
            Owner(s.Expect(), s.Vcpu.PortIntercepted.IsYes);
        }
        else if (!before.IsUnknown)
        {
            Owner(s.Assuming(Evidence.IoPermissionMap), before.IsYes);
        }
        else
        {
            s.Undecided(Evidence.IoPermissionMap);
        }
    }

    public static void DecidesOnce(in Step s)
    {
        if (s.Seen.Kinds.Has(KvmEventKind.PortAccess))
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Ioio)).Allow(HappensNot(ComparedField.PortAccessed));
        }
    }

    // Something else may take the guest before the access.
    private static void Owner(Expecting expecting, bool isL1)
    {
        if (isL1)
        {
            expecting.Allow(Happens(ComparedField.ReflectedCode));
        }
        else
        {
            expecting.Allow(IsNot(ComparedField.ReflectedCode, Ioio));
        }
    }

    private static Expecting OneSize(Expecting expecting, ComparedField info1, bool twoAddressSizes)
    {
        ulong zero = ExitInfoBits.PortZero | (twoAddressSizes ? ExitInfoBits.PortAddressSizes : 0);
        for (ulong size = 0x10; size <= 0x40; size <<= 1)
        {
            expecting.Allow(Is(info1, size, ExitInfoBits.PortSizes | zero));
        }

        return expecting;
    }
}
