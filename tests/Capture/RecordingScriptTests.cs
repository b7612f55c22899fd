using Differ.Capture.Recording;
using Differ.Tests.Support;

namespace Differ.Tests.Capture;

public sealed class RecordingScriptTests
{
    [Fact]
    public void A_script_sets_the_probes_of_the_plan_and_puts_the_file_together()
    {
        using var scratch = new Scratch();
        string script = RecordingScript.Of(ProbePlan.Of(EventLevel.Lean, KvmTypes.Of, _ => null, _ => true), "Linux 6.99.0-made-up");
        Golden.Matches("Capture/Expected/record.sh", script);
        File.WriteAllText(scratch["record.sh"], script);
        Assert.Equal(0, Shell.Run(scratch["."], "sh -n record.sh").Status);
        CommandResult refused = Shell.Run(scratch["."], "sh record.sh -T nowhere");
        Assert.Equal((2, "no events of kvm in tracefs: is this root, is kvm_amd loaded?\n"), (refused.Status, refused.Errors));
    }

    // The types may be another host's, and root runs the script.
    [Fact]
    public void No_name_of_a_kernel_ends_a_comment()
    {
        var plan = new ProbePlan(EventLevel.Lean, [], ["entry is not set (has other parameters (u64 a\nreboot))"]);
        string[] lines = RecordingScript.Of(plan, "folder\nhalt").Split('\n');
        Assert.DoesNotContain(lines, line => line.StartsWith("reboot", StringComparison.Ordinal) || line.StartsWith("halt", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("# entry is not set", StringComparison.Ordinal) && line.Contains("reboot", StringComparison.Ordinal));
    }
}
