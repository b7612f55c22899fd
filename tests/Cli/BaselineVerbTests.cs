using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class BaselineVerbTests : IDisposable
{
    private readonly Scratch _scratch = new();

    private static string Diverging => Fixture.Capture("svme-unchecked");

    private string Known => _scratch["known.json"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_was_accepted_fails_no_more()
    {
        Assert.Equal(1, CommandLine.Run("check", Diverging).Status);
        CommandResult update = CommandLine.Run("baseline", "update", Diverging, "-o", Known);
        Assert.Equal((0, ""), (update.Status, update.Output));
        Golden.Matches("Cli/Expected/baseline.json", File.ReadAllText(Known));
        CommandResult check = CommandLine.Run("check", Diverging, "--baseline", Known);
        Assert.Equal(0, check.Status);
        Assert.Contains("accepted: not reviewed", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_serves_as_well_as_its_capture()
    {
        string report = _scratch["report.json"];
        File.WriteAllText(report, CommandLine.Run("check", Diverging, "--format", "json").Output);
        Assert.Equal(
            CommandLine.Run("baseline", "update", Diverging, "-o", "-").Output,
            CommandLine.Run("baseline", "update", report, "-o", "-").Output);
    }

    [Fact]
    public void A_report_of_several_captures_has_the_departures_of_each_once()
    {
        string report = _scratch["report.json"], other = Fixture.Capture("spurious-reflection");
        CommandLine.Run("check", Diverging, other, Fixture.Capture("reflected-cpuid"), "--report", $"json={report}");
        Assert.Equal(0, CommandLine.Run("baseline", "update", report, "-o", Known).Status);
        Assert.Equal(0, CommandLine.Run("check", Diverging, other, "--baseline", Known).Status);
    }

    [Fact]
    public void An_update_keeps_what_people_wrote()
    {
        CommandLine.Run("baseline", "update", Diverging, "-o", Known);
        File.WriteAllText(Known, File.ReadAllText(Known).Replace("not reviewed", "kept until 7.2", StringComparison.Ordinal));
        string before = File.ReadAllText(Known);
        CommandResult other = CommandLine.Run("baseline", "update", Fixture.Capture("spurious-reflection"), "-o", Known);
        Assert.Equal(0, other.Status);
        Assert.Contains("not found and kept", other.Errors, StringComparison.Ordinal);
        Assert.Contains("kept until 7.2", File.ReadAllText(Known), StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run("baseline", "update", Diverging, "-o", Known, "--prune").Status);
        Assert.Equal(before, File.ReadAllText(Known));
    }

    [Fact]
    public void A_file_that_is_no_baseline_ends_with_64_and_its_number()
    {
        string broken = _scratch.Write("broken.json", "{}"u8);
        CommandResult check = CommandLine.Run("check", Diverging, "--baseline", broken);
        Assert.Equal((64, ""), (check.Status, check.Output));
        Assert.StartsWith($"differ: {"DIF0152"} in {broken}: ", check.Errors, StringComparison.Ordinal);
        CommandResult update = CommandLine.Run("baseline", "update", broken, "-o", Known);
        Assert.Equal(2, update.Status);
        Assert.StartsWith($"differ: {"DIF0153"} in {broken}: ", update.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Known));
    }

    [Fact]
    public void A_baseline_that_is_not_there_ends_with_64()
    {
        CommandResult check = CommandLine.Run("check", Diverging, "--baseline", Known);
        Assert.Equal((64, ""), (check.Status, check.Output));
        Assert.Equal($"differ: the baseline {Known} cannot be read: there is no such file; differ baseline update makes one\n", check.Errors);
    }

    [Fact]
    public void What_a_team_accepted_is_told_apart_from_what_KVM_documents_and_leaves_the_grade_alone()
    {
        CommandLine.Run("baseline", "update", Diverging, "-o", Known);
        CommandLine.Run("baseline", "update", Fixture.Capture("spurious-reflection"), "-o", Known);
        string plain = CommandLine.Run("check", Diverging).Output, accepted = CommandLine.Run("check", Diverging, "--baseline", Known).Output;
        Assert.Contains("\nAccepted (by the baseline; no findings)\n", accepted, StringComparison.Ordinal);
        Assert.DoesNotContain("Documented divergences of KVM", accepted, StringComparison.Ordinal);
        Assert.Contains(", 3 accepted, ", accepted, StringComparison.Ordinal);
        Assert.Equal(Grade(plain), Grade(accepted));

        static string Grade(string report) => report.Split('\n').Single(line => line.StartsWith("quality ", StringComparison.Ordinal))[..18];
    }

    [Fact]
    public void A_report_that_was_made_with_a_baseline_still_has_what_it_accepts()
    {
        CommandLine.Run("baseline", "update", Diverging, "-o", Known);
        string before = File.ReadAllText(Known), report = _scratch["report.json"];
        File.WriteAllText(report, CommandLine.Run("check", Diverging, "--baseline", Known, "--format", "json").Output);
        Assert.Equal(0, CommandLine.Run("baseline", "update", report, "-o", Known, "--prune").Status);
        Assert.Equal(before, File.ReadAllText(Known));
    }

    [Fact]
    public void A_collection_may_hold_what_is_accepted()
    {
        Directory.CreateDirectory(_scratch["corpus"]);
        File.WriteAllText(Path.Combine(_scratch["corpus"], "expected.tsv"), $"capture\texpectation\n{Path.GetFileName(Diverging)}\tclean\n");
        File.Copy(Diverging, Path.Combine(_scratch["corpus"], Path.GetFileName(Diverging)));
        Assert.Equal(1, CommandLine.Run("corpus", _scratch["corpus"]).Status);
        CommandLine.Run("baseline", "update", Diverging, "-o", Known);
        CommandLine.Run("baseline", "update", Fixture.Capture("spurious-reflection"), "-o", Known);
        CommandResult result = CommandLine.Run("corpus", _scratch["corpus"], "--baseline", Known);
        Assert.Equal(0, result.Status);
        Assert.Contains("\ngone         ", $"\n{result.Output}", StringComparison.Ordinal);
    }
}
