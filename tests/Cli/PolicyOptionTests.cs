using System.Text.Json;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>What recordings are judged by: options and the configuration file.</summary>
public sealed class PolicyOptionTests : IDisposable
{
    private const string Vmload = "SVM-15.4-SVME-UD-VMLOAD", Vmsave = "SVM-15.4-SVME-UD-VMSAVE", Invlpga = "SVM-15.4-SVME-UD-INVLPGA";

    private readonly Scratch _scratch = new();

    private static string Clean => Fixture.Capture("reflected-cpuid");

    private static string Diverging => Fixture.Capture("svme-unchecked");

    private static string Processor => Fixture.Capture("processor-fault");

    private string Config => _scratch["differ.toml"];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void What_diverges_may_be_told_without_failing() => AssertJudged(0, "diverges", Diverging, "--fail-on", "none");

    [Theory]
    [InlineData("hypervisor", 0, "conforms")]
    [InlineData("processor", 1, "diverges")]
    [InlineData("any", 1, "diverges")]
    public void A_fault_of_the_processor_counts_where_it_is_asked_for(string culprit, int status, string verdict) => AssertJudged(status, verdict, Processor, "--culprit", culprit);

    [Fact]
    public void A_departure_that_does_not_count_is_told_all_the_same()
    {
        CommandResult result = CommandLine.Run("check", Processor, "--culprit", "hypervisor", "--report", "github");
        Assert.Contains("::notice ", result.Output, StringComparison.Ordinal);
        Assert.Contains("not counted", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("::error ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_required_rule_that_was_not_exercised_makes_a_recording_inconclusive()
    {
        AssertJudged(0, "conforms", Clean, "--require", "svm-l-reflect-default");
        AssertJudged(4, "inconclusive", Clean, "--require", "SVM-L-REFLECT-DEFAULT,SVM-15.27-SKINIT-ABSENT");
        Assert.Contains(
            "SVM-15.27-SKINIT-ABSENT, which is required, was never decided",
            CommandLine.Run("check", Clean, "--require", "SVM-15.27-SKINIT-ABSENT").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void More_undecided_exits_than_may_be_make_a_recording_inconclusive()
    {
        AssertJudged(0, "conforms", Clean, "--max-undecided", "50%");
        AssertJudged(4, "inconclusive", Clean, "--max-undecided", "0");
    }

    [Fact]
    public void The_policy_stands_in_the_report()
    {
        using JsonDocument report = Report(Clean, "--fail-on", "likely", "--fail-on", "inconclusive", "--max-lost", "2.5", "--culprit", "hypervisor", "--require", Vmload);
        JsonElement policy = report.RootElement.GetProperty("policy");
        Assert.Equal(["diverges", "likely", "inconclusive"], policy.GetProperty("failOn").EnumerateArray().Select(word => word.GetString()!));
        Assert.Equal((2.5, "hypervisor", ""), (policy.GetProperty("maxLost").GetDouble(), policy.GetProperty("culprit").GetString()!, policy.GetProperty("config").GetString()!));
        Assert.Contains(
            "\npolicy    fails on diverges, likely; 2.5 % of a vCPU's events may be lost\n",
            CommandLine.Run("check", Clean, "--fail-on", "likely", "--max-lost", "2.5").Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--fail-on: a check cannot fail on liekly; there are diverges, likely, inconclusive, behaviour, none", "--fail-on", "liekly")]
    [InlineData("--fail-on: to fail on none goes with no other word", "--fail-on", "none,likely")]
    [InlineData("--max-lost: ten is no percentage; write it as 10 or 0.5", "--max-lost", "ten")]
    [InlineData("--max-lost: 101 is no percentage from 0 to 100", "--max-lost", "101")]
    [InlineData("--max-undecided: -1 is no percentage; write it as 10 or 0.5", "--max-undecided=-1")]
    [InlineData("--require: there is no rule SVM-0; nearest are ", "--require", "SVM-0")]
    [InlineData("--culprit: there is no culprit me; there are any, kvm, processor", "--culprit", "me")]
    [InlineData("no.toml cannot be read: there is no such file", "--config", "no.toml")]
    public void A_policy_that_makes_no_sense_ends_with_64(string problem, params string[] words)
    {
        CommandResult result = CommandLine.Run(["check", Clean, .. words]);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.StartsWith($"differ: {problem}", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_says_what_options_say_and_options_go_first()
    {
        Write("[policy]\nfail-on = 'inconclusive'\nmax-lost = 60\nrequire = ['SVM-15.27-SKINIT-ABSENT']\nculprit = \"hypervisor\"\n");
        AssertJudged(1, "inconclusive", Clean, "--config", Config);
        AssertJudged(0, "conforms", Clean, "--config", Config, "--require", "SVM-L-REFLECT-DEFAULT");
        using JsonDocument report = Report(Clean, "--config", Config);
        Assert.Equal(Config, report.RootElement.GetProperty("policy").GetProperty("config").GetString());
        Assert.Equal(60, report.RootElement.GetProperty("policy").GetProperty("maxLost").GetDouble());
    }

    [Fact]
    public void The_configuration_in_the_folder_that_is_checked_counts_and_is_named()
    {
        File.Copy(Diverging, _scratch["trace.dat"]);
        Write("[policy]\nfail-on = 'none'\n");
        CommandResult result = CommandLine.Run("check", _scratch[""]);
        Assert.Equal(0, result.Status);
        Assert.Contains("policy    of ", result.Output, StringComparison.Ordinal);
        Assert.Contains("differ.toml; fails on none\n", result.Output, StringComparison.Ordinal);
        Assert.Equal(1, CommandLine.Run("check", _scratch["trace.dat"]).Status);
    }

    [Fact]
    public void A_baseline_and_a_cpu_are_found_beside_the_configuration()
    {
        CommandLine.Run("baseline", "update", Diverging, "-o", _scratch["known.json"]);
        File.WriteAllText(_scratch["cpu.txt"], "physbits=52\n");
        Write("baseline = 'known.json'\ncpu = 'cpu.txt'\n");
        AssertJudged(0, "conforms", Diverging, "--config", Config);
        Write("baseline = 'gone.json'\n");
        AssertRefused("line 1: there is no file ");
    }

    [Fact]
    public void A_rule_that_is_ignored_is_told_with_its_reason_and_fails_nothing()
    {
        Write(string.Concat(new[] { Vmload, Vmsave, Invlpga }.Select(rule => $"[[ignore]]\nrule = \"{rule}\"\nreason = \"our guests never do it\"\n")));
        CommandResult result = CommandLine.Run("check", Diverging, "--config", Config);
        Assert.Contains("\nIgnored (rules that the configuration ignores; no findings)\n", result.Output, StringComparison.Ordinal);
        Assert.Contains($"   {Vmload}  APM vol. 2 ", result.Output, StringComparison.Ordinal);
        Assert.Contains("     ignored: our guests never do it\n", result.Output, StringComparison.Ordinal);
        using JsonDocument report = Report(Diverging, "--config", Config);
        Assert.Contains(Vmload, report.RootElement.GetProperty("ignored").EnumerateArray().Select(found => found.GetProperty("rule").GetString()));
        Assert.DoesNotContain(Vmload, report.RootElement.GetProperty("divergences").EnumerateArray().Select(found => found.GetProperty("rule").GetString()));
    }

    [Fact]
    public void An_ignored_rule_does_not_hide_another_that_the_same_exit_breaks()
    {
        // INVLPGA with SVME=0 breaks a rule about the instruction and one about nested virtualization.
        Write($"[[ignore]]\nrule = \"{Invlpga}\"\nreason = \"known\"\n");
        using JsonDocument report = Report(Diverging, "--config", Config);
        Assert.Contains("SVM-15.4-SVME-NO-NESTED", report.RootElement.GetProperty("divergences").EnumerateArray().Select(found => found.GetProperty("rule").GetString()));
    }

    [Theory]
    [InlineData("line 2: there is no key fail-onn here; there are fail-on, max-lost, max-undecided, require, culprit, speculative", "[policy]\nfail-onn = 'likely'")]
    [InlineData("line 1: there is no key polcy here; there are baseline, cpu, docs, policy, ignore", "[polcy]")]
    [InlineData("line 1: docs is the address of a folder, and begins with https://, http:// or file://", "docs = \"docs\"")]
    [InlineData("line 3: a check cannot fail on liekly; there are diverges, likely, inconclusive, behaviour, none", "\n[policy]\nfail-on = ['liekly']")]
    [InlineData("line 1: 200 is no percentage from 0 to 100", "policy.max-lost = 200")]
    [InlineData("line 1: a percentage is expected, as 10", "policy.max-lost = true")]
    [InlineData("line 1: there is no rule SVM-0; nearest are ", "policy.require = 'SVM-0'")]
    [InlineData("line 1: a text in quotes, or a list of such texts, is expected", "policy.require = 1")]
    [InlineData("line 1: there is no culprit me; there are any, kvm, processor", "policy.culprit = 'me'")]
    [InlineData("line 1: speculative is true or false", "policy.speculative = 1")]
    [InlineData("line 1: policy is a table", "policy = 1")]
    [InlineData("line 1: each rule to ignore is a table [[ignore]] with rule and reason", "ignore = 'SVM-15.4-SVME-UD-VMRUN'")]
    [InlineData("line 1: an ignored rule needs rule and reason", "[[ignore]]\nrule = 'SVM-15.4-SVME-UD-VMRUN'")]
    [InlineData("line 4: SVM-15.4-SVME-UD-VMRUN is ignored twice", "[[ignore]]\nrule = 'SVM-15.4-SVME-UD-VMRUN'\nreason = 'a'\n[[ignore]]\nrule = 'SVM-15.4-SVME-UD-VMRUN'\nreason = 'b'")]
    [InlineData("line 1: here a value is expected", "baseline =")]
    [InlineData("line 1: a text holds a character that does not show", "\"\\u001b[31m\" = 1")]
    [InlineData("line 3: a text holds a character that does not show", "[[ignore]]\nrule = 'SVM-15.4-SVME-UD-VMRUN'\nreason = \"\\u202e\"")]
    public void A_configuration_that_makes_no_sense_ends_with_64_and_its_line(string problem, string text)
    {
        Write(text);
        AssertRefused(problem);
    }

    [Fact]
    public void A_comparison_and_a_collection_know_the_configuration()
    {
        Write(string.Concat(new[] { Vmload, Vmsave, Invlpga, "SVM-15.4-SVME-NO-NESTED" }.Select(rule => $"[[ignore]]\nrule = \"{rule}\"\nreason = \"known\"\n")));
        Assert.Equal(1, CommandLine.Run("compare", Clean, Diverging).Status);
        Assert.Equal(4, CommandLine.Run("compare", Clean, Diverging, "--config", Config).Status);
        File.Copy(Diverging, _scratch["one.dat"]);
        File.WriteAllText(_scratch["expected.tsv"], "capture\texpectation\trules\none.dat\tconforms\t\n");
        Assert.Equal(0, CommandLine.Run("corpus", _scratch[""]).Status);
    }

    private static void AssertJudged(int status, string verdict, string capture, params string[] words)
    {
        Assert.Equal(status, CommandLine.Run(["check", capture, .. words]).Status);
        using JsonDocument report = Report(capture, words);
        Assert.Equal(verdict, report.RootElement.GetProperty("verdict").GetString());
    }

    private static JsonDocument Report(string capture, params string[] words) => JsonDocument.Parse(CommandLine.Run(["check", capture, "--format", "json", .. words]).Output);

    private void Write(string text) => File.WriteAllText(Config, text);

    private void AssertRefused(string problem)
    {
        CommandResult result = CommandLine.Run("check", Clean, "--config", Config);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.StartsWith($"differ: {Config}, {problem}", result.Errors, StringComparison.Ordinal);
    }
}
