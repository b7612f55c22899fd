using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class CpuOptionTests : IDisposable
{
    private const uint InterceptRdpru = 1 << 14;
    private const string Unsupported = "SVM-15.9-UNSUPPORTED-INSN";

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("RDPRU=0", 1)]
    [InlineData("RDPRU=1", 0)]
    [InlineData("flags : fpu rdpru svm", 0)]
    [InlineData("flags : fpu svm", 0)]
    public void A_rule_of_a_feature_is_decided_by_what_the_user_says(string cpu, int status)
    {
        string capture = ReflectedRdpru(cpuid: null);
        Assert.NotEqual(1, CommandLine.Run("check", capture).Status);
        CommandResult result = CommandLine.Run("check", capture, "--cpu", CpuFile(cpu));
        Assert.Equal((status == 1, ""), (result.Status == 1, result.Errors));
        Assert.Equal(status == 1, result.Output.Contains("\n1. SVM-15.9-RDPRU-EXC ", StringComparison.Ordinal));
    }

    [Fact]
    public void The_recording_is_believed_before_the_user_who_is_told_so()
    {
        string capture = ReflectedRdpru(cpuid: 1 << 4);
        CommandResult result = CommandLine.Run("check", capture, "--cpu", CpuFile("RDPRU=0\nphysbits=40"));
        Assert.NotEqual(1, result.Status);
        Assert.Matches(@"\b" + "DIF0140" + @" \(1\): the CPU file contradicts the CPUID [^\n]+: RDPRU is 1\n", result.Output);
        Assert.DoesNotContain("DIF0140", CommandLine.Run("check", capture, "--cpu", CpuFile("RDPRU=1\nphysbits=40")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Replay_and_diff_say_what_check_says()
    {
        string cpu = CpuFile("RDPRU=0"), run = Path.Combine(_folder, "run.difr"), model = Path.Combine(_folder, "model.difr");
        foreach (uint? cpuid in (uint?[])[null, 1 << 4])
        {
            string capture = ReflectedRdpru(cpuid);
            Assert.Equal(0, CommandLine.Run("convert", capture, "-o", run).Status);
            Assert.Equal(0, CommandLine.Run("replay", run, "-o", model, "--cpu", cpu).Status);
            CommandResult check = CommandLine.Run("check", capture, "--cpu", cpu), diff = CommandLine.Run("diff", run, model);
            Assert.Equal((check.Status, ReportText.WithoutCommands(check.Output)), (diff.Status, ReportText.WithoutCommands(diff.Output)));
        }
    }

    [Fact]
    public void A_collection_is_checked_with_it_too()
    {
        File.Move(ReflectedRdpru(cpuid: null), Path.Combine(_folder, "one.dat"));
        File.WriteAllText(Path.Combine(_folder, "expected.tsv"), $"capture\texpectation\trules\none.dat\tdiverges\t{Unsupported}\n");
        Assert.Equal(1, CommandLine.Run("corpus", _folder).Status);
        Assert.Equal(0, CommandLine.Run("corpus", _folder, "--cpu", CpuFile("RDPRU=0")).Status);
    }

    [Fact]
    public void Comparing_and_bisecting_know_it_too()
    {
        string capture = ReflectedRdpru(cpuid: null), cpu = CpuFile("RDPRU=0");
        Assert.NotEqual(1, CommandLine.Run("bisect", capture).Status);
        Assert.Equal(1, CommandLine.Run("bisect", capture, "--cpu", cpu).Status);
        Assert.Equal(255, CommandLine.Run("bisect", capture, "--cpu", "/no/such/file").Status);
        Assert.DoesNotContain("SVM-15.9-RDPRU-EXC", CommandLine.Run("compare", capture, capture).Output, StringComparison.Ordinal);
        Assert.Contains("SVM-15.9-RDPRU-EXC", CommandLine.Run("compare", capture, capture, "--cpu", cpu).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_makes_no_sense_is_refused_in_one_line()
    {
        string cpu = CpuFile("RDPRU=0\nRDPRUU=0");
        CommandResult result = CommandLine.Run("check", ReflectedRdpru(cpuid: null), "--cpu", cpu);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.StartsWith($"differ: {cpu} line 2: no feature is called RDPRUU; known are ", result.Errors, StringComparison.Ordinal);
    }

    // L2 executes RDPRU and L1 is shown it; before, L1 may have read CPUID 8000_0008.
    private string ReflectedRdpru(uint? cpuid)
    {
        var builder = new TraceDatBuilder();
        var layouts = KernelLayouts.Of("6.12");
        KvmStory.Capture(layouts, builder);
        var story = new KvmStory(builder.Top, layouts);
        story.Entry(Stories.L1Rip - 2);
        if (cpuid is { } ebx)
        {
            story.Exit(SvmExitCode.Cpuid.Value, Stories.L1Rip - 2)
                .Event("kvm_cpuid", ("function", 0x8000_0008), ("index", 0), ("rax", 40), ("rbx", ebx), ("rcx", 0), ("rdx", 0), ("found", 1))
                .Entry(Stories.L1Rip);
        }

        story.Exit(SvmExitCode.Vmrun.Value, Stories.L1Rip)
            .Vmenter(Stories.L1Rip + 3, Stories.Vmcb12, Stories.L2Rip)
            .Intercepts(0, 0, Stories.InterceptIntr, Stories.InterceptVmrun | InterceptRdpru)
            .Entry(Stories.L2Rip);
        story.ExitFromL2(SvmExitCode.Rdpru.Value, Stories.L2Rip).Inject(SvmExitCode.Rdpru.Value).Entry(Stories.L1Rip + 3);
        string capture = Path.Combine(_folder, "trace.dat");
        File.WriteAllBytes(capture, builder.File);
        return capture;
    }

    private string CpuFile(string text)
    {
        string path = Path.Combine(_folder, "cpu.txt");
        File.WriteAllText(path, text);
        return path;
    }
}
