using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Differ.Replay.Scenarios.Images;

namespace Differ.Cli.Conform;

/// <summary>An image in QEMU, whose translator (TCG) is the processor. QEMU's monitor tells how it ended.</summary>
internal sealed partial class QemuMachine : IDisposable
{
    private const string Prompt = "(qemu) ";
    private const int Poll = 20;

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("differ-tcg-").FullName;

    /// <summary>Starts QEMU with an image.</summary>
    /// <param name="program">QEMU, its words split at blanks.</param>
    /// <param name="image">The image.</param>
    /// <exception cref="QemuException">QEMU cannot be started.</exception>
    public QemuMachine(string program, byte[] image)
    {
        File.WriteAllBytes(ImagePath, image);
        string[] words = program.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            _process = Process.Start(new ProcessStartInfo(words[0],
            [
                .. words[1..], "-accel", "tcg", "-cpu", "max,vendor=AuthenticAMD,family=23,model=49,stepping=0", "-m", "64", "-nodefaults", "-display", "none",
                "-no-reboot", "-action", "shutdown=pause", "-kernel", ImagePath, "-debugcon", $"file:{TellsPath}", "-monitor", "stdio",
            ])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception fault)
        {
            Directory.Delete(_folder, recursive: true);
            throw new QemuException($"{words[0]} cannot be started: {fault.Message}; name it with --qemu");
        }

        _process.ErrorDataReceived += (_, line) => Complaint ??= line.Data;
        _process.BeginErrorReadLine();
    }

    private string ImagePath => Path.Combine(_folder, "image");

    private string TellsPath => Path.Combine(_folder, "tells");

    private string MemoryPath => Path.Combine(_folder, "memory");

    private string? Complaint { get; set; }

    /// <summary>Whether L1 was started.</summary>
    public bool HasStarted => File.Exists(TellsPath) && File.ReadAllBytes(TellsPath).Contains(ScenarioImage.Started);

    /// <summary>Runs until the processor halts or shuts down, or the time is over.</summary>
    /// <exception cref="QemuException">QEMU ended.</exception>
    public async Task<KvmEnding> Run(CancellationToken cancel)
    {
        await ReadToPrompt(cancel);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Longest)
        {
            if ((await Ask("info status", cancel)).Contains("shutdown", StringComparison.Ordinal))
            {
                return KvmEnding.ShutsDown;
            }

            if (HasStarted && Halted().IsMatch(await Ask("info registers", cancel)))
            {
                return KvmEnding.Halts;
            }

            await Task.Delay(Poll, cancel);
        }

        return KvmEnding.RunsOn;
    }

    /// <summary>The registers, as <c>info registers</c> prints them.</summary>
    public Task<string> Registers(CancellationToken cancel) => Ask("info registers", cancel);

    /// <summary>Memory from 0.</summary>
    public async Task<byte[]> Memory(int size, CancellationToken cancel)
    {
        await Ask(string.Create(CultureInfo.InvariantCulture, $"pmemsave 0 {size} \"{MemoryPath}\""), cancel);
        return await File.ReadAllBytesAsync(MemoryPath, cancel);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<string> Ask(string words, CancellationToken cancel)
    {
        await _process.StandardInput.WriteLineAsync(words.AsMemory(), cancel);
        await _process.StandardInput.FlushAsync(cancel);
        return await ReadToPrompt(cancel);
    }

    private async Task<string> ReadToPrompt(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Longest);
        var text = new System.Text.StringBuilder();
        char[] part = new char[4096];
        while (!text.ToString().EndsWith(Prompt, StringComparison.Ordinal))
        {
            int read = await ReadSome(part, limit.Token, cancel);
            if (read == 0)
            {
                throw new QemuException($"QEMU ended{(Complaint is { } line ? $": {line}" : "")}");
            }

            text.Append(part, 0, read);
        }

        return text.ToString();
    }

    private async Task<int> ReadSome(char[] part, CancellationToken limit, CancellationToken cancel)
    {
        try
        {
            return await _process.StandardOutput.ReadAsync(part, limit);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new QemuException($"QEMU's monitor gives no answer in {Longest.TotalSeconds:f0} seconds");
        }
    }

    [GeneratedRegex("HLT=1")]
    private static partial Regex Halted();
}

/// <summary>QEMU cannot be used.</summary>
/// <param name="message">What to tell, with what to do.</param>
internal sealed class QemuException(string message) : Exception(message);
