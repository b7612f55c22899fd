using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Support;

/// <summary>Stories that a sequence of choices tells: exits of L1 and L2 with anything in them, sensible or not.</summary>
/// <param name="choices">The choices; where they end, the first of everything is taken.</param>
internal sealed class RandomStory(int[] choices)
{
    private static readonly SvmExitCode[] Codes =
    [
        SvmExitCode.Npf, SvmExitCode.Cpuid, SvmExitCode.Hlt, SvmExitCode.Intr, SvmExitCode.Nmi, SvmExitCode.VIntr, SvmExitCode.Msr, SvmExitCode.Ioio,
        SvmExitCode.Vmrun, SvmExitCode.Vmmcall, SvmExitCode.Vmload, SvmExitCode.Stgi, SvmExitCode.Clgi, SvmExitCode.Skinit, SvmExitCode.Invlpga,
        SvmExitCode.Cr8Write, SvmExitCode.CrWrite, SvmExitCode.DrWrite, SvmExitCode.Rdtscp, SvmExitCode.Invpcid, SvmExitCode.Mwait, SvmExitCode.Iret,
        SvmExitCode.Rsm, SvmExitCode.Smi, SvmExitCode.Pause, SvmExitCode.TaskSwitch, SvmExitCode.Shutdown, SvmExitCode.Invalid, SvmExitCode.Vmgexit,
        SvmExitCode.OfException(1), SvmExitCode.OfException(6), SvmExitCode.OfException(13), SvmExitCode.OfException(14),
    ];

    private static readonly uint[] Events =
    [
        0, 0, 0, 0x8000_0031, 0x8000_0202, 0x8000_0b0e, 0x8000_0b0d, 0x8000_0b08, 0x8000_0306, 0x8000_0303, 0x8000_0480, 0x8000_0131, 0x8000_031d,
    ];

    private static readonly string[] Instructions = ["0f a2", "0f 01 d8", "0f 01 d9", "0f 01 da", "f4", "0f 22 c0", "8b 03", "cd 80", "0f 06"];
    private static readonly byte[] Vectors = [6, 13, 14, 8, 1, 3, 29];
    private int _next;

    /// <summary>Tells the story.</summary>
    public RunStory Tell()
    {
        var story = new RunStory();
        Header(story);
        do
        {
            Record(story);
            for (int i = Choose(4); i > 0; i--)
            {
                KvmEvent(story);
            }

            Ending(story);
        }
        while (_next < choices.Length);
        return story;
    }

    /// <summary>One of so many.</summary>
    public int Choose(int count) => _next < choices.Length ? choices[_next++] % count : 0;

    private T Choose<T>(T[] of) => of[Choose(of.Length)];

    private void Header(RunStory story)
    {
        switch (Choose(6))
        {
            case 4:
                story.BeforeReinjectionIsShown();
                break;
            case 5:
                story.BeforeChecksAreNamed();
                break;
            default:
                break;
        }
    }

    private void Record(RunStory story)
    {
        switch (Choose(10))
        {
            case 0:
                story.SvmeOn();
                break;
            case 1:
                story.L1Sets(Choose<uint>([StoryWords.EferIndex, StoryWords.VmCrIndex, StoryWords.HsaveIndex]), Choose<ulong>([0, 0x1000, 0x18, 0x10]));
                break;
            case 2 or 3:
                story.Vmrun([Choose(Codes), Choose(Codes), SvmExitCode.Intr], Choose<uint>([0, 1 << 24, 1 << 8, 1 << 26]), Choose(Events));
                break;
            case 4:
                story.L1Exit(Choose(Codes), intInfo: Choose(Events));
                break;
            case 5:
                story.L1Sees(Choose<uint>([0x8000_0001, 0x8000_0008, 0x8000_000a, 7]), (uint)Choose([0, 40]), Choose<uint>([0, 1u << 10]));
                break;
            default:
                story.L2Exit(Choose(Codes), RunStory.L2Rip + (ulong)Choose(2), (ulong)Choose(2), 0, Choose(Events));
                break;
        }
    }

    private void KvmEvent(RunStory story)
    {
        switch (Choose(12))
        {
            case 0 or 1:
                story.Reflects(story.Records[^1].Exit.Code, intInfo: Choose(Events));
                break;
            case 2:
                story.Reflects(Choose(Codes), (ulong)Choose(2), 0, Choose(Events));
                break;
            case 3:
                story.Raises(Choose(Vectors), Choose(2) == 0 ? 0u : null, Choose<bool?>([false, true, null]));
                break;
            case 4:
                story.Interrupts(0x31, Choose<bool?>([false, true, null]), Choose<bool?>([false, true, null]));
                break;
            case 5:
                story.Emulates(Choose(Instructions), Choose([DecodeMode.Long64, DecodeMode.Real]));
                break;
            case 6:
                story.Announced();
                break;
            case 7:
                story.FailsCheck(Choose(["asid", "CR0_PE", "load_pdptrs", "EFER_LMA"]));
                break;
            case 8:
                story.AsksUserspace((uint)Choose([2, 8]));
                break;
            case 9 when Choose(2) == 0:
                story.EntersSmm();
                break;
            case 9:
                story.LeavesSmm();
                break;
            case 10:
                story.StartsL2(eventInj: Choose(Events)).Intercepts(SvmExitCode.Vmrun, Choose(Codes));
                break;
            default:
                story.Happens(Choose([KvmEventKind.Hypercall, KvmEventKind.Invlpga, KvmEventKind.AsyncPageFault, KvmEventKind.ApicAcceptIrq, KvmEventKind.PortAccess]));
                break;
        }
    }

    private void Ending(RunStory story)
    {
        switch (Choose(8))
        {
            case 5:
                story.Stays();
                break;
            case 6:
                story.Entry(RunStory.L1Rip + 3, Choose(Events));
                break;
            case 7 when Choose(8) == 0:
                story.Ends();
                break;
            default:
                break;
        }
    }

    /// <summary>Makes known some of what is not.</summary>
    /// <param name="vcpu">The state; what is known stays.</param>
    public void Complete(Vcpu vcpu)
    {
        vcpu.Efer = More(vcpu.Efer);
        vcpu.Cr0 = More(vcpu.Cr0);
        vcpu.Rflags = More(vcpu.Rflags);
        vcpu.Cpl = More(vcpu.Cpl);
        vcpu.VmCr = More(vcpu.VmCr);
        vcpu.HsavePa = More(vcpu.HsavePa);
        vcpu.Gif = More(vcpu.Gif);
        vcpu.InSmm = More(vcpu.InSmm);
        vcpu.MonitorArmed = More(vcpu.MonitorArmed);
        vcpu.PortIntercepted = More(vcpu.PortIntercepted);
        vcpu.MsrIntercepted = More(vcpu.MsrIntercepted);
        vcpu.L2In64BitMode = More(vcpu.L2In64BitMode);
        vcpu.SevEs = More(vcpu.SevEs);
        foreach (CpuFeature feature in CpuFeature.All)
        {
            if (More(vcpu.Profile.Has(feature)) is { IsUnknown: false } known)
            {
                vcpu.Profile.Set(feature, known.IsYes);
            }
        }

        for (VmcbField field = VmcbField.InterceptCr; field < VmcbField.Count; field++)
        {
            vcpu.Vmcb12[field] = More(vcpu.Vmcb12[field]);
        }
    }

    private Truth More(Truth truth) => truth.IsUnknown ? Choose([Truth.Unknown, Truth.Yes, Truth.No]) : truth;

    private Bits64 More(Bits64 bits)
    {
        ulong known = Choose<ulong>([0, 0, uint.MaxValue, ulong.MaxValue]), value = Choose<ulong>([0, ulong.MaxValue, 0x1000, 0x8000_0011, 1UL << 52]);
        return new Bits64((bits.Value & bits.Known) | (value & ~bits.Known), bits.Known | known);
    }
}
