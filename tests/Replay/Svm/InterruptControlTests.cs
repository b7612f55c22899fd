using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Svm;

/// <summary>Group G, in the order of the rules.</summary>
public sealed class InterruptControlTests : RuleTests<InterruptControlTests>, IRuleCases
{
    private const uint VIrq = 1 << 8, VIntrMasking = 1 << 24, VGif = 1 << 25;
    private static readonly uint Nmi = Event(EventType.Nmi, 2);

    public static IReadOnlyList<RuleCase> All =>
    [
        // "GIF=0: INTR and vINTR are held pending."
        new("SVM-15.17-GIF0-INTR",
            Breaks(L2().L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt).Interrupts(0x31), "SVM-15.6-GIF-CLEAR"),
            Keeps(L2().L2Exit(SvmExitCode.Hlt).Interrupts(0x31).Reflects(SvmExitCode.Hlt, intInfo: Event(EventType.Interrupt, 0x31))),
            Undecided(Evidence.Gif, L2().L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt).L1Exit(SvmExitCode.Cpuid, 0x1003).Interrupts(0x31))),

        // "GIF=0: NMI held pending."
        new("SVM-15.17-GIF0-NMI",
            Breaks(L2().L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt).Entry(0x1003, Nmi), "SVM-15.6-GIF-CLEAR"),
            Keeps(L2().L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt).Entry(0x1003, 0))),
    ];

    private static RunStory L2() => new RunStory().SvmeOn().Vmrun([SvmExitCode.Hlt]);
}
