using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>RDMSR and WRMSR: what their exit says, and who owns it (APM2 15.11): judgements of group D.</summary>
internal static class MsrPermissions
{
    private static readonly ulong Msr = SvmExitCode.Msr.Value;

    public static void Describes(in Step s)
    {
        bool exits = s.HasExit && s.Code == SvmExitCode.Msr;
        if (exits && (s.Exit.Info1 & ExitInfoBits.MsrZero) != 0)
        {
            s.Expect().Allow(Is(ComparedField.ExitInfo1, 0, ExitInfoBits.MsrZero)).ByProcessor();
        }
        else if (exits && s.Level == GuestLevel.L2)
        {
            s.Expect().Allow(HappensNot(ComparedField.MsrAccessed)).Allow(Is(ComparedField.MsrWritten, s.Exit.Info1));
        }
        else if (s.Seen.LeftL2)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Msr)).Allow(Is(ComparedField.ReflectedInfo1, 0, ExitInfoBits.MsrZero));
        }
    }

    // Which MSR a reflected access names is not recorded, and the map is not either.
    public static void DecidesByMap(in Step s)
    {
        bool covered = !s.Seen.HasMsr || MsrPermissionMap.Covers(s.Seen.Msr.Index);
        if (covered && s.Intercepted(s.Code).IsYes)
        {
            s.When(s.Vcpu.MsrIntercepted, Evidence.MsrPermissionMap).Allow(Happens(ComparedField.ReflectedCode), HappensNot(ComparedField.MsrAccessed));
        }
    }

    public static void InterceptsUncovered(in Step s)
    {
        if (s.Seen.HasMsr && !MsrPermissionMap.Covers(s.Seen.Msr.Index) && s.Intercepted(s.Code).IsYes)
        {
            s.Expect().Allow(Is(ComparedField.ReflectedCode, Msr), HappensNot(ComparedField.MsrAccessed));
        }
    }
}
