using System.CommandLine;
using System.Globalization;
using Differ.Capture;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ show</c>: what a capture or run holds, in the manual's terms.</summary>
internal sealed class ShowVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        Argument<string> input = Options.Input();
        var vcpu = new Option<uint?>("--vcpu") { Description = "Only this vCPU" };
        var exit = new Option<ulong?>("--exit") { Description = "Only this exit of each vCPU shown" };
        var context = new Option<ulong>("--context") { Description = "With --exit, so many exits before and after it", DefaultValueFactory = _ => 0 };
        var counts = new Option<bool>("--counts") { Description = "Only how often each event occurs, name and number separated by a tab" };
        var events = new Option<bool>("--events") { Description = "Every event of the capture with every field, one a line" };
        var state = new Option<bool>("--state") { Description = "With each exit what a recorder with probes saw of VMCBs and registers" };
        var difference = new Option<string[]>("--difference")
        {
            Description = $"Only where two moments differ, each MOMENT@EXIT, or MOMENT of the exit of --exit; moments: {string.Join(", ", StatePrinter.Moments)}",
            Arity = new ArgumentArity(2, 2),
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new Command("show", "Shows the exits of a recording") { input, vcpu, exit, context, counts, events, state, difference };
        command.SetAction((words, cancel) =>
        {
            string path = words.GetRequiredValue(input);
            if (words.GetValue(counts) || words.GetValue(events))
            {
                ShowEvents(path, words.GetValue(counts), terminal, cancel);
            }
            else if (words.GetValue(difference) is { Length: 2 } moments)
            {
                ShowDifference(path, words.GetValue(vcpu), [.. moments.Select(one => MomentOf(one, words.GetValue(exit)))], terminal, cancel);
            }
            else
            {
                ShowExits(path, words.GetValue(vcpu), words.GetValue(exit), words.GetValue(context), words.GetValue(state), terminal, cancel);
            }

            return Task.FromResult(ExitStatus.Agrees);
        });
        return command;
    }

    private static void ShowEvents(string path, bool counts, Terminal terminal, CancellationToken cancel)
    {
        using CaptureSession session = RunInput.OpenCapture(path, terminal);
        if (!counts)
        {
            session.DumpEvents(terminal.Output, cancel);
            return;
        }

        foreach ((string name, ulong count) in session.CountEvents(cancel))
        {
            terminal.Output.Write(string.Create(CultureInfo.InvariantCulture, $"{name}\t{count}\n"));
        }
    }

    private static (StateMoment Moment, ulong Exit) MomentOf(string words, ulong? exit)
    {
        string[] parts = words.Split('@', 2);
        ulong? number = parts.Length == 1 ? exit : ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong given) ? given : null;
        return StatePrinter.MomentOf(parts[0]) is { } moment && number is { } at ? (moment, at)
            : throw new UsageException($"{words} is no MOMENT@EXIT: moments are {string.Join(", ", StatePrinter.Moments)}, and exits are numbers, as differ show prints them");
    }

    private static void ShowDifference(string path, uint? vcpu, (StateMoment Moment, ulong Exit)[] moments, Terminal terminal, CancellationToken cancel)
    {
        HashSet<int>? streams = StreamsOf(path, vcpu, terminal, cancel);
        using RunInput input = RunInput.Open(path, terminal);
        var keeper = new StateKeeper(streams, moments);
        input.Read(keeper, cancel);
        foreach ((int stream, StateImage?[] images) in keeper.Kept)
        {
            terminal.Output.Write($"stream {stream}\n");
            for (int i = 0; i < images.Length; i++)
            {
                terminal.Output.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{(i == 0 ? "from" : "to  ")} {StatePrinter.TextOf(moments[i].Moment)}, exit {moments[i].Exit}{(images[i] is null or { IsEmpty: true } ? ": nothing was recorded" : "")}\n"));
            }

            foreach (string line in StatePrinter.Difference(images[0] ?? new StateImage(), images[1] ?? new StateImage()))
            {
                terminal.Output.Write($"{line}\n");
            }
        }

        if (keeper.Kept.Count == 0)
        {
            throw new InputException($"{path} has no exit {moments[0].Exit} or {moments[1].Exit}");
        }
    }

    private static HashSet<int>? StreamsOf(string path, uint? vcpu, Terminal terminal, CancellationToken cancel)
    {
        HashSet<int>? streams = null;
        if (vcpu is { } number)
        {
            // Which stream is which vCPU is known only at the end of a recording, so it is read twice.
            if (RunInput.IsReadOnce(path))
            {
                throw new UsageException("--vcpu needs a file: standard input and pipes cannot be read twice");
            }

            using RunInput first = RunInput.Open(path, terminal);
            streams = [.. first.Read(new Nowhere(), cancel).Streams.Where(stream => stream.Vcpu?.Value == number).Select(stream => stream.Id.Value)];
            if (streams.Count == 0)
            {
                throw new InputException($"{path} has no vCPU {number}");
            }
        }

        return streams;
    }

    private static void ShowExits(string path, uint? vcpu, ulong? exit, ulong context, bool state, Terminal terminal, CancellationToken cancel)
    {
        HashSet<int>? streams = StreamsOf(path, vcpu, terminal, cancel);
        using RunInput input = RunInput.Open(path, terminal);
        ulong from = exit is { } middle ? middle - Math.Min(middle, context) : 0;
        ulong to = exit is { } last ? last + Math.Min(ulong.MaxValue - last, context) : ulong.MaxValue;
        input.Read(new Printer(new ExitPrinter(input.Header, input.Texts), streams, from, to, state, terminal.Output), cancel);
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

    private sealed class Printer(ExitPrinter printer, HashSet<int>? streams, ulong from, ulong to, bool state, TextWriter output) : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            if (record.Index < from || record.Index > to || streams?.Contains(record.Stream.Value) == false)
            {
                return;
            }

            output.Write(string.Create(CultureInfo.InvariantCulture, $"stream {record.Stream.Value} exit {record.Index}{Remarks(record.Flags)}\n"));
            foreach (string line in printer.Lines(KeptExit.Of(record)))
            {
                output.Write($"  {line}\n");
            }

            foreach (string line in state ? StatePrinter.Lines(record.States) : [])
            {
                output.Write($"    {line}\n");
            }
        }

        private static string Remarks(RecordFlags flags) =>
            ((flags & RecordFlags.LossBefore) != 0 ? "  events lost before" : "")
            + ((flags & RecordFlags.LossInside) != 0 ? "  events lost inside" : "")
            + ((flags & RecordFlags.NoExit) != 0 ? "  no #VMEXIT recorded" : "")
            + ((flags & RecordFlags.NoEntry) != 0 ? "  no entry recorded" : "")
            + ((flags & RecordFlags.Folded) != 0 ? "  a pretended exit is folded in" : "");
    }
}
