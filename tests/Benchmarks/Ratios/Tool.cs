using System.Diagnostics;
using System.Globalization;

namespace Differ.Benchmarks.Ratios;

/// <summary>Programs run to their end on one core, their output thrown away.</summary>
/// <param name="scratch">A folder for what GNU time writes.</param>
internal sealed class Tool(string scratch)
{
    // differ check ends with 1 when something diverges.
    private const int Diverges = 1;

    /// <summary>Runs a program and measures it.</summary>
    /// <param name="events">Events of its input.</param>
    /// <param name="words">The program and its arguments.</param>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public Measured Measure(ulong events, params IReadOnlyList<string> words)
    {
        string figures = Path.Combine(scratch, "time");
        Run("sh", ["-c", "exec taskset -c 0 time -q -f '%U %S %M' -o \"$0\" \"$@\" >/dev/null", figures, .. words]);
        string[] parts = File.ReadAllText(figures).Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return new Measured(events, Number(parts[0]) + Number(parts[1]), Number(parts[2]) / 1024);
    }

    /// <summary>Runs a program.</summary>
    /// <returns>What it wrote to standard error.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static string Run(string program, params IReadOnlyList<string> words)
    {
        var start = new ProcessStartInfo(program, words) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode is 0 or Diverges ? errors : throw new InvalidOperationException($"{program} {string.Join(' ', words)}: {errors}");
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
