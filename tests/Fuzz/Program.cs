using System.Diagnostics;
using System.Globalization;
using Differ.Capture;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Ctf;
using Differ.Diff;
using Differ.Replay;
using Differ.Replay.Svm;
using Differ.Schemas.Files;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Fuzz;

/// <summary>
/// Feeds changed captures to the whole flow: <c>Differ.Fuzz seconds seed folder-for-failures capture…</c>. Only a verdict or a
/// diagnostic may come out, soon and within bounds. Exit status 1 when something else did; the input that did it is kept.
/// </summary>
internal static class Program
{
    private const long MostBytes = 1L << 30;
    private const string Metadata = "metadata";
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(20);

    private static int Main(string[] words)
    {
        if (words.Length < 4)
        {
            Console.Error.WriteLine("usage: Differ.Fuzz seconds seed folder-for-failures capture...");
            return 2;
        }

        var budget = TimeSpan.FromSeconds(int.Parse(words[0], CultureInfo.InvariantCulture));
        int seed = int.Parse(words[1], CultureInfo.InvariantCulture), failures = 0;
        var since = Stopwatch.StartNew();
        for (int round = 0; since.Elapsed < budget && failures < 10; round++)
        {
            foreach (string path in words[3..])
            {
                var mutator = new Mutator(unchecked((seed * 1_000_003) + round));
                IReadOnlyDictionary<string, byte[]> input = Change(path, mutator);
                if (Try(input) is { } fault)
                {
                    failures++;
                    string kept = Path.Combine(words[2], $"{Path.GetFileNameWithoutExtension(path)}-{seed}-{round}");
                    Keep(kept, input);
                    Console.WriteLine($"{kept}: {fault}");
                }
            }

            if (round % 100 == 99)
            {
                Console.WriteLine($"{round + 1} rounds over {words.Length - 3} captures, {since.Elapsed.TotalSeconds:f0} s, {failures} failures, {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB at most");
            }
        }

        return failures == 0 ? 0 : 1;
    }

    // A capture, or one file of a folder that is one capture.
    private static Dictionary<string, byte[]> Change(string path, Mutator mutator)
    {
        if (!Directory.Exists(path))
        {
            return new(StringComparer.Ordinal) { [""] = mutator.Mutate(File.ReadAllBytes(path)) };
        }

        var files = Directory.EnumerateFiles(path).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes, StringComparer.Ordinal);
        string changed = mutator.Choose([.. files.Keys.Order(StringComparer.Ordinal)], Metadata);
        files[changed] = mutator.Mutate(files[changed]);
        return files;
    }

    private static void Keep(string kept, IReadOnlyDictionary<string, byte[]> input)
    {
        Directory.CreateDirectory(input.ContainsKey("") ? Path.GetDirectoryName(kept)! : kept);
        foreach ((string name, byte[] bytes) in input)
        {
            File.WriteAllBytes(name.Length == 0 ? $"{kept}.bin" : Path.Combine(kept, name), bytes);
        }
    }

    private static string? Try(IReadOnlyDictionary<string, byte[]> input)
    {
        var since = Stopwatch.StartNew();
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using CaptureSession session = input.TryGetValue("", out byte[]? file) ? CaptureSession.Open(new MemoryStream(file, writable: false))
                : CaptureSession.Of(new MemoryFolder(input), new CtfFormat(), "", 0);
            var comparison = new Comparison(session.Header, RuleBook.Statements, session.Texts);
            RunSummary summary = session.ReadExits(new Replayer(session.Header, session.Texts, comparison));
            _ = comparison.Finish(summary);
        }
        catch (Exception e) when (e is CaptureFormatException or RunFormatException)
        {
            // A diagnostic is a good end.
        }
        catch (Exception e)
        {
            return $"{e.GetType().Name}: {e.Message} {e.StackTrace?.Split('\n')[0].Trim()}";
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return since.Elapsed > MostTime ? $"took {since.Elapsed.TotalSeconds:f1} s" : allocated > MostBytes ? $"allocated {allocated >> 20} MiB" : null;
    }
}
