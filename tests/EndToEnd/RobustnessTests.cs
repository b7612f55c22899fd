using Differ.Capture.Diagnostics;
using Differ.Schemas.Files;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

public sealed class RobustnessTests
{
    // Above the largest block a capture may ask for.
    private const long MostAllocated = 100L << 20;

    public static TheoryData<int, string, bool> Variants => new()
    {
        { 6, "none", false },
        { 6, "none", true },
        { 7, "none", false },
        { 7, "none", true },
        { 7, "zlib", false },
        { 7, "zstd", false },
        { 7, "zstd", true },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_damaged_capture_is_refused_or_read(int version, string compression, bool bigEndian)
    {
        byte[] file = Small(version, compression, bigEndian);
        Assert.Equal(12UL, Recording.Of(file).Summary.Events);
        Assert.All(Mutations.All(file, 1500), Bounded(static damaged => EventList.Of(damaged)));
        Assert.All(Mutations.Flips(file, 300), Bounded(static damaged => Recording.Of(damaged)));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_program_says_one_line_about_a_damaged_capture(int version, string compression, bool bigEndian)
    {
        byte[] file = Small(version, compression, bigEndian);
        Assert.All(Mutations.Flips(file, 150).Concat(Mutations.Truncations(file).Where((_, i) => i % 97 == 0)), Answers("check", "-"));
        Assert.All(Mutations.Moves(file, 50), Answers("show", "-", "--events"));
    }

    [Fact]
    public void A_damaged_run_is_refused_or_read()
    {
        byte[] run = Recording.Of(Small(7, "none", false)).ToRun();
        Assert.All(Mutations.All(run, 3000), Bounded(static damaged => Recording.OfRun(damaged)));
        Assert.All(Mutations.Flips(run, 100), Answers("check", "-"));
    }

    [Fact]
    public void A_run_with_wrong_contents_and_right_checksums_is_refused_or_read()
    {
        byte[] run = Recording.Of(Small(7, "none", false)).ToRun();
        foreach ((BlockKind kind, byte[] body) in Tests.Schemas.Files.RunFileTests.Blocks(run))
        {
            IEnumerable<byte[]> runs = Mutations.Flips(body, 1000).Concat(Mutations.Truncations(body)).Select(other => (byte[])
                [.. RunFile.Magic, .. Tests.Schemas.Files.RunFileTests.Blocks(run).SelectMany(block => Tests.Schemas.Files.RunFileTests.Block(block.Kind, block.Kind == kind ? other : block.Body))]);
            Assert.All(runs, Bounded(static damaged => Recording.OfRun(damaged)));
            Assert.All(runs.Where((_, i) => i % 10 == 0), Answers("check", "-"));
        }
    }

    [Fact]
    public void The_captures_that_come_with_the_sources_may_be_damaged()
    {
        string[] captures = Directory.Exists(Repository.Fixtures) ? Directory.GetFiles(Repository.Fixtures, "*.dat*", SearchOption.AllDirectories) : [];
        Assert.All(captures, path =>
        {
            byte[] file = File.ReadAllBytes(path);
            Assert.All(Mutations.Truncations(file, most: 64).Concat(Mutations.Flips(file, 20)), Bounded(static damaged => EventList.Of(damaged)));
            Assert.All(Mutations.Flips(file, 5), Answers("check", "-"));
        });
    }

    private static Action<byte[]> Bounded(Action<byte[]> read) => damaged =>
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read(damaged);
        }
        catch (Exception e) when (e is CaptureFormatException or RunFormatException)
        {
            Assert.DoesNotContain('\n', e.Message);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
    };

    private static Action<byte[]> Answers(params string[] words) => damaged =>
    {
        CommandResult result = CommandLine.RunWith(damaged, words);
        Assert.True(result.Status is 0 or 1 or 2 or 4, result.Errors);
        Assert.Equal(result.Status == 2 ? 1 : 0, result.Errors.Count(character => character == '\n'));
        Assert.True(result.Status != 2 || words[0] == "show" || result.Output.Length == 0, result.Output);
    };

    private static byte[] Small(int version, string compression, bool bigEndian)
    {
        var layouts = KernelLayouts.Of("6.12");
        var trace = new TraceDatBuilder
        {
            Version = version,
            Compression = compression,
            BigEndian = bigEndian,
            PageSize = 256,
            LongSize = bigEndian ? 4 : 8,
        };
        foreach (string name in new[] { "kvm_exit", "kvm_entry", "kvm_nested_vmenter", "kvm_nested_intercepts", "kvm_nested_vmexit", "kvm_inj_exception" })
        {
            trace.Describe("kvm", layouts[name].Text);
        }

        trace.Uname("6.12.0").Clock("local").Thread(100, "CPU 0/KVM");
        Stories.Vmmcall(new KvmStory(trace.Top, layouts), right: true);
        return trace.File;
    }
}
