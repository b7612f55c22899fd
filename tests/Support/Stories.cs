using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Support;

/// <summary>Short recordings that several tests tell.</summary>
internal static class Stories
{
    /// <summary>Where L1 executes VMRUN, where L2 starts, and where vmcb12 is.</summary>
    public const ulong L1Rip = 0x401000, L2Rip = 0x10000, Vmcb12 = 0x7000;

    /// <summary>Intercepts of L1: VMRUN and INTR, so that L2's VMMCALL is its own.</summary>
    public const uint InterceptIntr = 1, InterceptVmrun = 1;

    private const uint InterceptHlt = 1U << 24, InterceptMsr = 1U << 28;

    /// <summary>L1 runs L2, which executes VMMCALL. L1 does not intercept it, so L2 must get #UD.</summary>
    /// <param name="kernel">Whose tracepoints tell it.</param>
    /// <param name="right">Whether L0 injects #UD; else it passes over the instruction.</param>
    /// <param name="builder">How the file is stored.</param>
    public static byte[] Vmmcall(string kernel, bool right, TraceDatBuilder builder)
    {
        var layouts = KernelLayouts.Of(kernel);
        KvmStory.Capture(layouts, builder);
        Vmmcall(new KvmStory(builder.Top, layouts), right);
        return builder.File;
    }

    /// <summary>The same, told by a story that exists.</summary>
    public static void Vmmcall(KvmStory story, bool right)
    {
        EnterL2(story.Entry(L1Rip));
        story.ExitFromL2(SvmExitCode.Vmmcall.Value, L2Rip);
        if (right)
        {
            story.Exception(ExceptionVector.UD).Entry(L2Rip, 0x8000_0306);
        }
        else
        {
            story.Event("kvm_hypercall", ("nr", 1)).Entry(L2Rip + 3);
        }

        // The recording goes on for a while in L2.
        story.ExitFromL2(SvmExitCode.Intr.Value, L2Rip + 0x40).Entry(L2Rip + 0x40);
    }

    /// <summary>L1 is shown an interrupt, so that the story can go on in L1.</summary>
    public static void BackToL1(KvmStory story) => story.ExitFromL2(SvmExitCode.Intr.Value, L2Rip + 0x40).Inject(SvmExitCode.Intr.Value);

    /// <summary>
    /// L1 runs L2, which halts, and runs it again. It intercepts MSR accesses that its permission map names; L2 reads one. No rule knows the map.
    /// </summary>
    /// <param name="isShown">Whether L1 is shown the access; else L0 carries it out and L1 gets L2's HLT.</param>
    /// <param name="builder">How the file is stored.</param>
    public static byte[] MsrOfL2(bool isShown, TraceDatBuilder builder)
    {
        var layouts = KernelLayouts.Of("6.12");
        KvmStory.Capture(layouts, builder);
        var story = new KvmStory(builder.Top, layouts);
        EnterL2(story.Entry(L1Rip), InterceptIntr | InterceptMsr | InterceptHlt)
            .ExitFromL2(SvmExitCode.Hlt.Value, L2Rip + 0x20).Inject(SvmExitCode.Hlt.Value).Entry(L1Rip + 3);
        EnterL2(story, InterceptIntr | InterceptMsr | InterceptHlt).ExitFromL2(SvmExitCode.Msr.Value, L2Rip);
        if (isShown)
        {
            story.Inject(SvmExitCode.Msr.Value).Entry(L1Rip + 3);
        }
        else
        {
            story.Msr(write: false, 0x174, 0).Entry(L2Rip + 2)
                .ExitFromL2(SvmExitCode.Hlt.Value, L2Rip + 2).Inject(SvmExitCode.Hlt.Value).Entry(L1Rip + 3);
        }

        for (ulong i = 1; i < 10; i++)
        {
            story.Exit(SvmExitCode.Cpuid.Value, L1Rip + (0x10 * i)).Entry(L1Rip + (0x10 * i) + 2);
        }

        return builder.File;
    }

    /// <summary>L1's VMRUN up to the entry into L2.</summary>
    public static KvmStory EnterL2(KvmStory story, uint intercepts = InterceptIntr) => story
        .Exit(SvmExitCode.Vmrun.Value, L1Rip)
        .Vmenter(L1Rip + 3, Vmcb12, L2Rip)
        .Intercepts(0, 0, intercepts, InterceptVmrun)
        .Entry(L2Rip);
}
