using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Alterations;

/// <summary>Recordings in which nothing is wrong, made up: L1 runs L2 on one or two vCPUs, and both do what guests do.</summary>
internal sealed class CleanStory
{
    private const ulong L1Rip = 0x40_1000, L2Rip = 0x1_0000, Vmcb12 = 0x7000;
    private const uint Exceptions = 1 << ExceptionVector.UD, IntrNmiHltIoMsr = 1 | (1 << 1) | (1 << 24) | (1 << 27) | (1 << 28), VmrunVmmcall = 1 | (1 << 1);
    private const uint VirtualIntrMasking = 1 << 24, Interrupt31 = 0x8000_0031, PortInfo = 0x60_0210;

    private readonly KvmStory _story;
    private readonly Random _random;
    private readonly bool _showsEventInj;
    private ulong _rip = L2Rip;

    private CleanStory(KvmStory story, KernelLayouts kernel, Random random)
    {
        _story = story;
        _random = random;
        _showsEventInj = kernel["kvm_entry"].Has("intr_info");
    }

    /// <summary>The recording of a kernel.</summary>
    /// <param name="kernel">Its series.</param>
    /// <param name="seed">Chooses what the guests do.</param>
    /// <param name="vcpus">1 or 2.</param>
    public static RecordedEvents Of(string kernel, int seed, int vcpus)
    {
        var random = new Random(seed);
        var layouts = KernelLayouts.Of(kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts);
        for (int i = 0; i < vcpus; i++)
        {
            builder.Thread(100 + i, $"CPU {i}/KVM");
            new CleanStory(new KvmStory(builder.Top, layouts, 100 + i, (uint)i) { Cpu = i, Time = 1_000_000 + ((ulong)i * 350), Step = 1000 + ((ulong)i * 30) }, layouts, random).Tell();
        }

        return RecordedEvents.Of(builder.File);
    }

    private void Tell()
    {
        Load(true);
        _story.Entry(L1Rip);
        _story.Exit(SvmExitCode.Msr.Value, L1Rip, 1).Msr(true, 0xc000_0080, 0x1500).Entry(L1Rip + 2);
        for (int run = 0; run < 40; run++)
        {
            uint injected = _random.Next(4) == 0 ? Interrupt31 : 0;
            _story.Exit(SvmExitCode.Vmrun.Value, L1Rip + 0x20).Vmenter(L1Rip + 0x23, Vmcb12, _rip, VirtualIntrMasking, injected)
                .Intercepts(0, Exceptions, IntrNmiHltIoMsr, VmrunVmmcall);
            Enter(_rip, injected);
            for (int exits = _random.Next(4); exits > 0; exits--)
            {
                StayInL2();
            }

            LeaveL2();
            RunL1();
        }

        _story.Exit(SvmExitCode.Hlt.Value, L1Rip + 0x80);
        Load(false);
    }

    private void StayInL2()
    {
        _rip += 0x10;
        switch (_random.Next(4))
        {
            case 0:
                _story.ExitFromL2(SvmExitCode.Npf.Value, _rip, 0x1_0000_0004, 0x10_0000).Event("kvm_page_fault", ("fault_address", 0x10_0000), ("error_code", 0x1_0000_0004));
                break;
            case 1:
                _story.ExitFromL2(SvmExitCode.Cpuid.Value, _rip).Event("kvm_cpuid", ("function", 1), ("rax", 0x800f12)).Entry(_rip + 2);
                return;
            case 2:
                _story.ExitFromL2(SvmExitCode.Intr.Value, _rip);
                Load(false);
                _story.Event("kvm_userspace_exit", ("reason", 10));
                Load(true);
                break;
            default:
                _story.ExitFromL2(SvmExitCode.Intr.Value, _rip);
                break;
        }

        Enter(_rip, 0);
    }

    private void LeaveL2()
    {
        _rip += 0x10;
        (ulong code, ulong info1, ulong info2) = _random.Next(6) switch
        {
            0 => (SvmExitCode.Hlt.Value, 0UL, 0UL),
            1 => (SvmExitCode.Vmmcall.Value, 0UL, 0UL),
            2 => (SvmExitCode.Msr.Value, 0UL, 0UL),
            3 => (SvmExitCode.Ioio.Value, PortInfo, _rip + 2),
            4 => (SvmExitCode.OfException(ExceptionVector.UD).Value, 0UL, 0UL),
            _ => (SvmExitCode.Intr.Value, 0UL, 0UL),
        };
        if (code == SvmExitCode.Intr.Value)
        {
            _story.Event("kvm_apic_accept_irq", ("apicid", 0), ("vec", 0x40));
            _story.ExitFromL2(code, _rip).Event("kvm_nested_intr_vmexit", ("rip", _rip));
        }
        else
        {
            _story.ExitFromL2(code, _rip, info1, info2);
        }

        _story.Inject(code, info1, info2);
        Enter(L1Rip + 0x23, 0);
    }

    // L1 looks at the #VMEXIT, asks something, and may be interrupted by the host.
    private void RunL1()
    {
        switch (_random.Next(3))
        {
            case 0:
                _story.Exit(SvmExitCode.Cpuid.Value, L1Rip + 0x40).Event("kvm_cpuid", ("function", 0x8000_0001), ("rcx", 0x0040_0004)).Entry(L1Rip + 0x42);
                break;
            case 1:
                _story.Exit(SvmExitCode.Intr.Value, L1Rip + 0x50);
                Enter(L1Rip + 0x50, 0);
                break;
            default:
                break;
        }
    }

    private void Enter(ulong rip, uint eventInj) => _story.Entry(rip, _showsEventInj ? eventInj : 0);

    private void Load(bool load) => _story.Event("kvm_fpu", ("load", load ? 1UL : 0));
}
