using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Text;

/// <summary>One reading of a text, line by line.</summary>
internal sealed class TextPass(TextTraceReader reader, TextLines lines, IEventSink sink, CaptureNotes notes, CancellationToken cancel)
{
    private const ulong TellEvery = 1 << 14;
    private const int MostPieces = 6;

    private readonly bool _everything = sink.WantsEverything;
    private readonly byte[] _record = new byte[2 * TextLines.LongestLine];
    private readonly byte[] _pieces = new byte[2 * TextLines.LongestLine];
    private readonly TextShapes _shapes = new();
    private readonly TextLosses _losses = new(sink, notes);
    private ulong _events;
    private int _lastThread = -1;
    private bool _ahead;

    /// <summary>Reads to the end.</summary>
    /// <param name="length">Bytes of the text; 0 where nobody knows.</param>
    /// <param name="progress">Told now and then how far it is.</param>
    public void Run(long length, Action<ulong, double>? progress)
    {
        double whole = Math.Max(1, length);
        while (TryExpected() || TryNext())
        {
            if (lines.Number % TellEvery == 0)
            {
                cancel.ThrowIfCancellationRequested();
                progress?.Invoke(_events, Math.Min(1, lines.Consumed / whole));
            }
        }

        _losses.End();
        if (_events == 0)
        {
            CaptureFormatException.ThrowEmptyText(lines.Number);
        }

        progress?.Invoke(_events, 1);
    }

    // A line of a shape that came behind one like the last before needs neither be taken apart nor its end be looked for.
    private bool TryExpected()
    {
        ReadOnlySpan<byte> ahead = _ahead ? default : lines.Ahead;
        if (_shapes.Expected(ahead) is not { } shape)
        {
            return false;
        }

        int whole = shape.Length;
        if (shape.Facts.Form is null)
        {
            int rest = ahead[whole..].IndexOf((byte)'\n');
            whole += rest + 1;
            if (rest < 0 || whole > TextLines.LongestLine)
            {
                return false;
            }
        }

        lines.MoveTo(whole);
        Known(shape);
        return true;
    }

    private bool TryNext()
    {
        if (!_ahead && !lines.MoveNext())
        {
            return false;
        }

        _ahead = false;
        var line = new TextLine();
        if (lines.IsTooLong)
        {
            Note(TextNotes.LongLine);
            _losses.Gap(WhereOfFirst(TextNotes.Gap));
        }
        else if (_shapes.Find(lines.Whole, lines.WholeLength) is { } shape)
        {
            Known(shape);
        }
        else if (line.Read(lines.Current))
        {
            Event(line);
        }
        else if (!TryHead(line.Cpu))
        {
            Other(lines.Current, line.Cpu);
        }

        return true;
    }

    private void Known(TextShape shape)
    {
        TextShapeFacts facts = shape.Facts;
        ReadOnlySpan<byte> line = lines.Whole;
        var time = new ClockTime(shape.TimeOf(line));
        _events++;
        Come(facts.Cpu, facts.Thread, line[facts.Comm], time);
        if (facts.Form is null)
        {
            Give(facts.Cpu, facts.Thread, time, facts.Event.Type, default);
        }
        else
        {
            Give(facts.Cpu, facts.Thread, time, facts.Form, shape.Fill(line, _record));
        }
    }

    private void Event(in TextLine line)
    {
        _events++;
        if (reader.EventOf(line.System, line.Name) is not { } found)
        {
            Note(TextNotes.ManyNames);
            return;
        }

        if ((line.Fraction == 0) != (reader.Header.ClockUnit == ClockUnit.Ticks))
        {
            Note(TextNotes.OtherTime);
            return;
        }

        var time = new ClockTime(line.Time);
        Come(line.Cpu, line.Thread, line.Comm, time);
        if (!found.IsRead(_everything))
        {
            Give(line.Cpu, line.Thread, time, found.Type, default);
            _shapes.Learn(lines, line, found, null);
            return;
        }

        TextForm? form = found.Read(line.Body, _record, out int length, out bool whole);
        if (form is not null && whole && !IsFull)
        {
            Give(line.Cpu, line.Thread, time, form, length);
            _shapes.Learn(lines, line, found, form);
        }
        else
        {
            _shapes.Forget();
            Broken(line, time, found);
        }
    }

    // What was lost before an event is told before it.
    private void Come(int cpu, int thread, ReadOnlySpan<byte> comm, ClockTime time)
    {
        if (thread != _lastThread)
        {
            _lastThread = thread;
            reader.NameThread(thread, comm);
        }

        _losses.Before(cpu, time);
    }

    private bool IsParted => lines.Current is [.., (byte)' '];

    private bool IsFull => reader.Survey.Width > 0 && lines.Current.Length == reader.Survey.Width;

    // A line may be broken before its event is named: what is no event alone may be one together with the next line.
    private bool TryHead(int cpu)
    {
        ReadOnlySpan<byte> head = lines.Current;
        if (!TextOddities.MayBeHead(head))
        {
            return false;
        }

        byte[] start = head.ToArray();
        var line = new TextLine();
        _ahead = lines.MoveNext();
        if (_ahead && !line.Read(lines.Current) && line.ReadBroken(start, lines.Current, _pieces))
        {
            _ahead = false;
            notes.Add(TextNotes.Wrapped, WhereOfFirst(TextNotes.Wrapped));
            Event(line);
            return true;
        }

        Other(start, cpu);
        return true;
    }

    // The text goes on on the next lines, or is of no known form.
    private void Broken(in TextLine line, ClockTime time, TextEvent found)
    {
        string where = Where();
        long offset = lines.Offset;
        (int cpu, int thread) = (line.Cpu, line.Thread);
        int kept = line.Body.Length;
        line.Body.CopyTo(_pieces);
        TextForm? form = ReadOn(found, kept, out int length, out int pieces);
        if (form is null)
        {
            form = found.Read(_pieces.AsSpan(0, kept), _record, out length, out _);
            notes.Add(form is null ? TextNotes.UnknownText : TextNotes.LongerText, $"{where}: {found.Name}");
        }
        else if (pieces > 1)
        {
            notes.Add(TextNotes.Wrapped, where);
        }

        TraceEventType type = form?.Type ?? found.Type;
        type.Count++;
        if (_everything || type.Binding is not null)
        {
            sink.Take(new RawEvent(time, cpu, thread, 0, type, form is null ? default : _record.AsSpan(0, length), offset));
        }
    }

    // The form that explains the whole of the text in _pieces with what follows it on the next lines; null for none.
    private TextForm? ReadOn(TextEvent found, int length, out int recordLength, out int pieces)
    {
        TextForm? form = ReadWhole(found, length, out recordLength);
        bool full = IsFull, parted = IsParted;
        for (pieces = 1; form is null || full; pieces++)
        {
            _ahead = lines.MoveNext();
            if (!_ahead || pieces == MostPieces || !TextOddities.MayContinue(lines.Current) || length + lines.Current.Length + 1 > _pieces.Length)
            {
                break;
            }

            // A terminal breaks where its line ends, a mailer at a blank, which it drops.
            bool glued = length == 0 || (full && !parted && !TextOddities.StartsWithBlank(lines.Current));
            int glue = Join(length, glued);
            form = ReadWhole(found, glue, out recordLength);
            if (form is null && glued && length > 0 && ReadWhole(found, Join(length, glued: false), out recordLength) is { } parts)
            {
                form = parts;
                glue++;
            }
            else if (form is null)
            {
                _ = Join(length, glued);
            }

            length = glue;
            (full, parted) = (IsFull, IsParted);
            _ahead = false;
        }

        return form;
    }

    private TextForm? ReadWhole(TextEvent found, int length, out int recordLength) =>
        found.Read(_pieces.AsSpan(0, length), _record, out recordLength, out bool whole) is { } form && whole ? form : null;

    // Puts the current line behind what is pieced together; their length.
    private int Join(int length, bool glued)
    {
        ReadOnlySpan<byte> more = TextOddities.Unquoted(lines.Current);
        _pieces[length] = (byte)' ';
        more.CopyTo(_pieces.AsSpan(glued ? length : length + 1));
        return length + more.Length + (glued ? 0 : 1);
    }

    private void Give(int cpu, int thread, ClockTime time, TextForm form, int length)
    {
        if (form.Lacks.Length > 0)
        {
            notes.Add(TextNotes.Lossy, Lacks(form));
        }

        Give(cpu, thread, time, form.Type, _record.AsSpan(0, length));
    }

    private void Give(int cpu, int thread, ClockTime time, TraceEventType type, ReadOnlySpan<byte> record)
    {
        type.Count++;
        if (_everything || type.Binding is not null)
        {
            sink.Take(new RawEvent(time, cpu, thread, 0, type, record, lines.Offset));
        }
    }

    private void Other(ReadOnlySpan<byte> line, int cpu)
    {
        if (TextOddities.IsDecoration(line))
        {
            if (TextOddities.Overwritten(line) is > 0 and var overwritten)
            {
                reader.NoteOverrun(overwritten);
            }

            return;
        }

        if (TextOddities.Loss(line, cpu) is { } loss)
        {
            _losses.Add(loss.Cpu, loss.Events);
            return;
        }

        Note(TextNotes.UnknownLine);
        if (_events > 0 && TextOddities.IsGap(line))
        {
            _losses.Gap(WhereOfFirst(TextNotes.Gap));
        }
    }

    private void Note(NoteKind kind) => notes.Add(kind, WhereOfFirst(kind));

    // A note keeps where it was first seen; no text is made for the others.
    private string WhereOfFirst(NoteKind kind) => notes.Has(kind) ? "" : Where();

    private string Where() => $"line {lines.Number}";

    private string Lacks(TextForm form) => notes.Has(TextNotes.Lossy) ? "" : $"{Where()}: {form.Type.Layout.Name} without {form.Lacks}";
}
