using System.Globalization;
using Differ.Cli.Faults;
using Differ.Diff.Report;
using Differ.Diff.View;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ show --difference</c>: where what probes saw of VMCBs differs between two moments.</summary>
internal static class StateDifferences
{
    /// <summary>Writes the fields that differ, for each vCPU.</summary>
    /// <param name="path">The recording.</param>
    /// <param name="filter">Which vCPUs, and the exit of moments that name none.</param>
    /// <param name="words">The two moments, each MOMENT@EXIT.</param>
    /// <param name="terminal">Where to.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="UsageException">A moment is none.</exception>
    /// <exception cref="InputException">The recording has no such exit.</exception>
    public static void Show(string path, ExitFilter filter, string[] words, Terminal terminal, CancellationToken cancel)
    {
        (StateMoment Moment, ulong Exit)[] moments = [.. words.Select(one => MomentOf(one, filter.Index))];
        HashSet<int>? streams = StreamsOf(path, filter, terminal, cancel);
        using RunInput input = RunInput.Open(path, terminal);
        var keeper = new StateKeeper(streams, moments);
        input.Read(keeper, cancel);
        if (keeper.Kept.Count == 0)
        {
            throw new InputException($"{path} has no exit {moments[0].Exit} or {moments[1].Exit}");
        }

        foreach ((int stream, StateImage?[] images) in keeper.Kept)
        {
            Write(stream, images, moments, terminal.Output);
        }
    }

    private static void Write(int stream, StateImage?[] images, (StateMoment Moment, ulong Exit)[] moments, TextWriter output)
    {
        output.Write($"stream {stream}\n");
        for (int i = 0; i < images.Length; i++)
        {
            output.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{(i == 0 ? "from" : "to  ")} {StatePrinter.TextOf(moments[i].Moment)}, exit {moments[i].Exit}{(images[i] is null or { IsEmpty: true } ? ": nothing was recorded" : "")}\n"));
        }

        foreach (string line in StatePrinter.Difference(images[0] ?? new StateImage(), images[1] ?? new StateImage()))
        {
            output.Write($"{line}\n");
        }
    }

    private static (StateMoment Moment, ulong Exit) MomentOf(string words, ulong? exit)
    {
        string[] parts = words.Split('@', 2);
        ulong? number = parts.Length == 1 ? exit : ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong given) ? given : null;
        return StatePrinter.MomentOf(parts[0]) is { } moment && number is { } at ? (moment, at)
            : throw new UsageException($"{words} is no MOMENT@EXIT: moments are {string.Join(", ", StatePrinter.Moments)}, and exits are numbers, as differ show prints them");
    }

    // Which stream is which vCPU is known only at the end of a recording, so it is read twice.
    private static HashSet<int>? StreamsOf(string path, ExitFilter filter, Terminal terminal, CancellationToken cancel)
    {
        if (!filter.AsksStream)
        {
            return null;
        }

        if (RunInput.IsReadOnce(path))
        {
            throw new UsageException("--vcpu, --vm and --pid need a file: standard input and pipes cannot be read twice");
        }

        using RunInput first = RunInput.Open(path, terminal);
        HashSet<int> streams = [.. first.Read(new Nowhere(), cancel).Streams.Where(filter.HasStream).Select(static stream => stream.Id.Value)];
        return streams.Count > 0 ? streams : throw new InputException($"{path} has no such vCPU");
    }

    private sealed class Nowhere : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            // Only the summary is wanted.
        }
    }

    // The states at two moments, of each stream.
    private sealed class StateKeeper(HashSet<int>? streams, (StateMoment Moment, ulong Exit)[] moments) : IExitSink
    {
        public SortedDictionary<int, StateImage?[]> Kept { get; } = [];

        public void Take(in ExitRecord record)
        {
            for (int i = 0; i < moments.Length; i++)
            {
                if (record.Index == moments[i].Exit && streams?.Contains(record.Stream.Value) != false)
                {
                    if (!Kept.TryGetValue(record.Stream.Value, out StateImage?[]? images))
                    {
                        Kept.Add(record.Stream.Value, images = new StateImage?[moments.Length]);
                    }

                    images[i] = new StateImage();
                    images[i]!.Take(record.States[moments[i].Moment]);
                }
            }
        }
    }
}
