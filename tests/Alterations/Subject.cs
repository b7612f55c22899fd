using System.Globalization;
using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Alterations;

/// <summary>A recording that is altered: its events, or a text of them.</summary>
/// <param name="Name">Where it is from.</param>
/// <param name="Whole">What Differ says of it unaltered.</param>
/// <param name="Events">Its events; null for a text.</param>
/// <param name="Text">Its text; null for events.</param>
internal sealed record Subject(string Name, Judgement Whole, RecordedEvents? Events, TextSubject? Text)
{
    /// <summary>Of events.</summary>
    public static Subject Of(string name, RecordedEvents events) => new(name, Judgement.Of(events.Open), events, null);

    /// <summary>Of a text.</summary>
    /// <param name="name">Where it is from.</param>
    /// <param name="printer">Who printed it.</param>
    /// <param name="lines">Its lines.</param>
    /// <param name="other">Another text of the same printer.</param>
    /// <param name="known">What Differ says of the recordings that were printed.</param>
    public static Subject Of(string name, string printer, IReadOnlyList<Line> lines, IReadOnlyList<Line> other, params IReadOnlyList<Judgement> known) =>
        new(name, TextSubject.Judge(lines), null, new TextSubject(printer, lines, other, known));
}

/// <summary>A text.</summary>
/// <param name="Printer">Who printed it.</param>
/// <param name="Lines">Its lines.</param>
/// <param name="Other">Another text of the same printer.</param>
/// <param name="Known">What Differ says of the recordings that were printed: more is decided of them than of their texts.</param>
internal sealed record TextSubject(string Printer, IReadOnlyList<Line> Lines, IReadOnlyList<Line> Other, IReadOnlyList<Judgement> Known)
{
    private readonly Lazy<Judgement> _ofOther = new(() => Judge(Other));

    /// <summary>What Differ says of the other text.</summary>
    public Judgement OfOther => _ofOther.Value;

    /// <summary>What Differ says of a text.</summary>
    public static Judgement Judge(IReadOnlyList<Line> lines) => Judgement.Of(() => Open(Line.Join(lines.Select(line => line.Text))));

    /// <summary>The session of a text in memory.</summary>
    public static CaptureSession Open(byte[] text) => CaptureSession.Of(new MemorySource(text), "", (ulong)text.Length);
}

/// <summary>A tool that prints recordings.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Form">How it prints the body of an event.</param>
/// <param name="Digits">Digits of a second.</param>
internal sealed record Printer(string Name, BodyForm Form, int Digits)
{
    /// <summary>Those there are.</summary>
    public static IReadOnlyList<Printer> All { get; } =
    [
        new("ftrace", BodyForm.Kernel, 6), new("trace-cmd report", BodyForm.Plugin, 6), new("trace-cmd report -R -t", BodyForm.Raw, 9),
        new("trace-cmd report -N -t", BodyForm.Kernel, 9), new("perf script", BodyForm.Kernel, 6), new("perf script --ns", BodyForm.Kernel, 9),
    ];

    /// <summary>Prints a recording.</summary>
    public IReadOnlyList<Line> Print(RecordedEvents whole)
    {
        var body = new EventText(Form);
        var lines = new List<Line>(whole.Events.Count + 4);
        int cpus = whole.Events.Select(one => one.Cpu).Append(0).Max() + 1;
        string[] heading = Name switch
        {
            "ftrace" => ["# tracer: nop", "#", $"# entries-in-buffer/entries-written: {whole.Events.Count}/{whole.Events.Count}   #P:{cpus}", "#"],
            ['t', ..] => [$"cpus={cpus}"],
            _ => [],
        };
        lines.AddRange(heading.Select(text => new Line(text, "", 0, 0, 0)));
        bool isTimed = whole.Reader.Header.ClockUnit == ClockUnit.Nanoseconds;
        int loss = 0;
        for (int i = 0; i < whole.Events.Count; i++)
        {
            for (; loss < whole.Losses.Count && whole.Losses[loss].At <= i; loss++)
            {
                lines.Add(new Line(Lost(whole.Losses[loss].Mark, isTimed), "", 0, 0, 0));
            }

            RecordedEvent one = whole.Events[i];
            lines.Add(LineOf(one, Time(one.Time.Value, isTimed), body.Of(one), whole.Reader.ThreadNames.GetValueOrDefault(one.Thread, "<...>")));
        }

        return lines;
    }

    private string Lost(in LossMark mark, bool isTimed) => Name[0] switch
    {
        'f' => $"CPU:{mark.Cpu} [LOST {(mark.Events > 0 ? $"{mark.Events} " : "")}EVENTS]",
        't' => $"CPU:{mark.Cpu} [{(mark.Events > 0 ? $"{mark.Events} " : "")}EVENTS DROPPED]",
        _ => string.Create(
            CultureInfo.InvariantCulture,
            $"{"swapper",16} {0,7} [{mark.Cpu:d3}] {Time(mark.Before.Value, isTimed),12}: PERF_RECORD_LOST lost {Math.Max(1, mark.Events)}"),
    };

    private Line LineOf(in RecordedEvent one, string time, string body, string comm)
    {
        string name = one.Type.Layout.Name;
        string text = Name[0] switch
        {
            'f' => string.Create(CultureInfo.InvariantCulture, $"{comm,16}-{one.Thread,-7} [{one.Cpu:d3}] d..1. {time,12}: {name}: {body}"),
            't' => string.Create(CultureInfo.InvariantCulture, $"{comm,16}-{one.Thread,-5} [{one.Cpu:d3}] {time,12}: {name + ":",-21} {body}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{comm,16} {one.Thread,7} [{one.Cpu:d3}] {time,12}: {"kvm:" + name,30}: {body}"),
        };
        return new Line(text, name, one.Thread, one.Cpu, (long)(one.Time.Value / Unit * Unit));
    }

    private ulong Unit => Digits == 9 ? 1UL : 1000;

    // Ticks of a clock without a unit are printed as they are.
    private string Time(ulong time, bool isTimed) => !isTimed ? $"{time}" : string.Create(
        CultureInfo.InvariantCulture, $"{time / 1_000_000_000}.{(time % 1_000_000_000 / Unit).ToString($"d{Digits}", CultureInfo.InvariantCulture)}");
}
