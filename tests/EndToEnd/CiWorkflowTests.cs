using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>The workflows to copy are run as a CI system runs them, with this Differ in place of the image.</summary>
public sealed partial class CiWorkflowTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public static TheoryData<string> Workflows => ["github", "gitlab"];

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Workflows))]
    public void A_job_is_green_where_all_conform(string workflow) => Assert.Equal(0, Run(workflow, "reflected-cpuid"));

    [Theory]
    [MemberData(nameof(Workflows))]
    public void A_job_is_red_where_something_diverges(string workflow) => Assert.Equal(1, Run(workflow, "svme-unchecked"));

    [Theory]
    [MemberData(nameof(Workflows))]
    public void A_job_is_red_where_a_capture_is_inconclusive(string workflow) => Assert.Equal(4, Run(workflow, "reader-stopped"));

    [Theory]
    [MemberData(nameof(Workflows))]
    public void A_job_is_red_for_an_option_that_is_misspelt(string workflow) =>
        Assert.Equal(64, Run(workflow, "reflected-cpuid", script => script.Replace("--baseline", "--basline", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Workflows))]
    public void A_job_is_red_where_the_baseline_is_missing(string workflow) => Assert.Equal(64, Run(workflow, "reflected-cpuid", withBaseline: false));

    [Theory]
    [MemberData(nameof(Workflows))]
    public void No_status_is_let_pass(string workflow) =>
        Assert.DoesNotMatch("(?m)^ *(allow_failure|continue-on-error)", File.ReadAllText(Path.Combine(Repository.Root, "docs", "ci", $"{workflow}.yml")));

    private int Run(string workflow, string fixture, Func<string, string>? change = null, bool withBaseline = true)
    {
        string folder = Directory.CreateDirectory(_scratch[workflow]).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "captures"));
        File.Copy(Fixture.Capture(fixture), Path.Combine(folder, "captures", "trace.dat"));
        if (withBaseline)
        {
            File.WriteAllText(Path.Combine(folder, "known.json"), """{ "schemaVersion": 1, "accepted": [] }""");
        }

        string differ = $"dotnet '{typeof(Verbs).Assembly.Location}'", script = Script(workflow);
        script = (change ?? (same => same))(script);

        // docker run --rm -v … -w /src IMAGE words: the words behind the image are Differ's.
        string shims = $"differ() {{ {differ} \"$@\"; }}\ndocker() {{ while [ \"$1\" != -w ]; do shift; done; shift 3; {differ} \"$@\"; }}\n";
        return Bash(folder, shims + script);
    }

    // The step that checks, as the file has it: of GitHub a block, of GitLab the lines of one command.
    private static string Script(string workflow)
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "ci", $"{workflow}.yml"));
        return workflow == "github"
            ? Indent().Replace(Block().Match(text).Groups[1].Value, "").Replace("${{ vars.DIFFER_IMAGE }}", "image", StringComparison.Ordinal)
            : string.Join(' ', Command().Match(text).Groups[1].Value.Split('\n', StringSplitOptions.TrimEntries));
    }

    private static int Bash(string folder, string script)
    {
        var start = new ProcessStartInfo("bash") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-e");
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        start.Environment["GITHUB_STEP_SUMMARY"] = Path.Combine(folder, "summary.md");
        try
        {
            using Process bash = Process.Start(start)!;
            Task<string> errors = bash.StandardError.ReadToEndAsync();
            bash.StandardOutput.ReadToEnd();
            bash.WaitForExit();
            Assert.DoesNotContain("command not found", errors.Result, StringComparison.Ordinal);
            return bash.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException("this test needs bash", e);
        }
    }

    [GeneratedRegex(@"run: \|\n((?: {10}.*\n)+)")]
    private static partial Regex Block();

    [GeneratedRegex(@"(?m)^ {10}")]
    private static partial Regex Indent();

    [GeneratedRegex(@"script:\n    - ((?:.*\n)+?)  \S")]
    private static partial Regex Command();
}
