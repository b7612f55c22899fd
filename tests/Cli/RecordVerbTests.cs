using System.Globalization;
using Differ.Capture.Recording;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class RecordVerbTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("--for 3x is no time; write 30s, 5m or 1h", "--for", "3x")]
    [InlineData("--for 0s is no time; write 30s, 5m or 1h", "--for", "0s")]
    [InlineData("a trace.dat has its parts in an order that no pipe keeps: name a file with -o", "-o", "-")]
    [InlineData("--btf is for --print-script: here the running kernel's own types count", "--btf", "types")]
    public void Words_that_cannot_be_meant_are_refused_before_anything_is_set(string line, params string[] words)
    {
        CommandResult result = CommandLine.Run(["record", .. words]);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Contains(line, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_is_printed_for_the_types_of_another_host()
    {
        KvmTypes.WriteHost(_scratch["host"]);
        string types = _scratch["host/sys/kernel/btf"];
        CommandResult result = CommandLine.Run("record", "--print-script", "--btf", types);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.Contains("probe 'p:differ/efer kvm_amd:svm_set_efer vcpu=+36(%di):s32 old=+332(%di):x64 new=%si:x64'", result.Output, StringComparison.Ordinal);
        Assert.Contains($"# Offsets are of {types}: run it on that kernel only.", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_help_and_the_page_say_what_recording_costs()
    {
        string help = CommandLine.Run("record", "--help").Output, page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "recording.md"));
        Assert.All([RecordingCost.Unrecorded, .. Enum.GetValues<EventLevel>().Select(RecordingCost.Of)], cost =>
        {
            Assert.Contains(cost.ToString(CultureInfo.InvariantCulture), help, StringComparison.Ordinal);
            Assert.Contains(cost.ToString("N0", CultureInfo.InvariantCulture).Replace(',', ' '), page, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_folder_without_types_is_told_of()
    {
        Directory.CreateDirectory(_scratch["empty"]);
        CommandResult result = CommandLine.Run("record", "--print-script", "--btf", _scratch["empty"]);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Contains("has no BTF: copy /sys/kernel/btf/vmlinux, kvm and kvm_amd there", result.Errors, StringComparison.Ordinal);
    }
}
