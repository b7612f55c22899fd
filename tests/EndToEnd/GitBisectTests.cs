using System.ComponentModel;
using System.Diagnostics;
using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>A history of twenty commits, each of which holds the capture that its kernel would give; the real git bisects it.</summary>
public sealed class GitBisectTests : IDisposable
{
    private const int Commits = 20;

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData(3)]
    [InlineData(11)]
    [InlineData(19)]
    public void Git_bisect_run_ends_at_the_commit_that_brought_the_fault(int culprit)
    {
        string repository = Directory.CreateDirectory(_scratch[$"history-{culprit}"]).FullName;
        Git(repository, "init", "-q", ".");
        var unusable = new HashSet<int> { culprit > 10 ? 5 : 15, culprit > 10 ? 7 : 17 };
        var hashes = new List<string>();
        for (int commit = 1; commit <= Commits; commit++)
        {
            byte[] capture = unusable.Contains(commit) ? [.. "a kernel that does not boot "u8, (byte)commit] : Story(right: commit < culprit, commit);
            File.WriteAllBytes(Path.Combine(repository, "trace.dat"), capture);
            Git(repository, "add", "trace.dat");
            Git(repository, "commit", "-q", "-m", $"revision {commit}");
            hashes.Add(Git(repository, "rev-parse", "HEAD").Trim());
        }

        Git(repository, "bisect", "start", hashes[^1], hashes[0]);
        string said = Git(repository, ["bisect", "run", .. Program(), "bisect", "--rule", "SVM-15.18-VMMCALL-UNINT-UD", "trace.dat"]);
        Assert.Contains($"{hashes[culprit - 1]} is the first bad commit", said, StringComparison.Ordinal);
        Assert.Contains("bad: SVM-15.18-VMMCALL-UNINT-UD is broken 1 time", said, StringComparison.Ordinal);
    }

    // No two captures are the same file, or a commit would hold nothing.
    private static byte[] Story(bool right, int commit)
    {
        var builder = new TraceDatBuilder();
        var layouts = KernelLayouts.Of("6.12");
        KvmStory.Capture(layouts, builder);
        Stories.Vmmcall(new KvmStory(builder.Top, layouts) { Time = 1_000_000 + (ulong)commit }, right);
        return builder.File;
    }

    private static string[] Program() => ["dotnet", typeof(Verbs).Assembly.Location];

    private static string Git(string folder, params string[] words)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string word in (string[])["-c", "user.name=Differ", "-c", "user.email=differ@example.org", "-c", "commit.gpgsign=false", .. words])
        {
            start.ArgumentList.Add(word);
        }

        // The history is the test's own, whatever the tests themselves are run from.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        try
        {
            using Process git = Process.Start(start)!;
            Task<string> errors = git.StandardError.ReadToEndAsync();
            string output = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            Assert.True(git.ExitCode == 0, $"git {string.Join(' ', words)}: {output}{errors.Result}");
            return output;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException("this test needs git", e);
        }
    }
}
