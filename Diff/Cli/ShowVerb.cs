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
        var command = new Command("show", "Shows the exits of a recording") { input, vcpu, exit, context, counts, events };
        command.SetAction((words, cancel) =>
        {
            string path = words.GetRequiredValue(input);
            if (words.GetValue(counts) || words.GetValue(events))
            {
                ShowEvents(path, words.GetValue(counts), terminal, cancel);
            }
            else
            {
                ShowExits(path, words.GetValue(vcpu), words.GetValue(exit), words.GetValue(context), terminal, cancel);
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

    private static void ShowExits(string path, uint? vcpu, ulong? exit, ulong context, Terminal terminal, CancellationToken cancel)
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

        using RunInput input = RunInput.Open(path, terminal);
        ulong from = exit is { } middle ? middle - Math.Min(middle, context) : 0;
        ulong to = exit is { } last ? last + Math.Min(ulong.MaxValue - last, context) : ulong.MaxValue;
        input.Read(new Printer(new ExitPrinter(input.Header, input.Texts), streams, from, to, terminal.Output), cancel);
    }

    private sealed class Nowhere : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            // Only the summary is wanted.
        }
    }

    private sealed class Printer(ExitPrinter printer, HashSet<int>? streams, ulong from, ulong to, TextWriter output) : IExitSink
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
        }

        private static string Remarks(RecordFlags flags) =>
            ((flags & RecordFlags.LossBefore) != 0 ? "  events lost before" : "")
            + ((flags & RecordFlags.LossInside) != 0 ? "  events lost inside" : "")
            + ((flags & RecordFlags.NoExit) != 0 ? "  no #VMEXIT recorded" : "")
            + ((flags & RecordFlags.NoEntry) != 0 ? "  no entry recorded" : "")
            + ((flags & RecordFlags.Folded) != 0 ? "  a pretended exit is folded in" : "");
    }
}
