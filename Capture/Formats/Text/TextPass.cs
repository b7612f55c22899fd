using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Text;

/// <summary>One reading of a text, line by line.</summary>
internal sealed class TextPass(TextTraceReader reader, TextLines lines, TextParts parts, IEventSink sink, CaptureNotes notes, CancellationToken cancel)
{
    private const ulong TellEvery = 1 << 14;
    private const int MostPieces = 6;

    private readonly bool _everything = sink.WantsEverything;
    private readonly byte[] _record = new byte[2 * TextLines.LongestLine];
    private readonly byte[] _pieces = new byte[2 * TextLines.LongestLine];
    private readonly TextShapes _shapes = new();
    private readonly TextLosses _losses = new(sink, notes);
    private readonly TextOrder _order = new();
    private ulong _events;
    private ulong _exits, _readExits;
    private ulong _firstExit;
    private ulong _omission;
    private int _lastThread = -1;
    private bool _ahead;
    private bool _startsOver;

    /// <summary>Reads to the end.</summary>
    /// <param name="length">Bytes of the text; 0 where nobody knows.</param>
    /// <param name="progress">Told now and then how far it is.</param>
    public void Run(long length, Action<ulong, double>? progress)
    {
        double whole = Math.Max(1, length);
        while (!_startsOver && (TryExpected() || TryNext()))
        {
            if (lines.Number % TellEvery == 0)
            {
                cancel.ThrowIfCancellationRequested();
                progress?.Invoke(_events, Math.Min(1, lines.Consumed / whole));
            }
        }

        _losses.End();
        if (_startsOver)
        {
            return;
        }

        RefuseForeign();

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
        else if (line.Read(lines.Current) || (reader.Survey.IsBare && line.ReadBare(lines.Current)))
        {
            Event(line);
        }
        else if (!TryHead(line))
        {
            Other(lines.Current, line);
        }

        return true;
    }

    private void Known(TextShape shape)
    {
        TextShapeFacts facts = shape.Facts;
        ReadOnlySpan<byte> line = lines.Whole;
        var place = new TextEventPlace(facts.Cpu, facts.Thread, line[facts.Comm], new ClockTime(shape.TimeOf(line)), lines.Number, lines.Offset);
        if (facts.Form is null)
        {
            Give(place, facts.Event, facts.Event.Type, default, lines.Current[shape.Length..]);
        }
        else
        {
            Give(place, facts.Event, facts.Form, shape.Fill(line, _record));
        }
    }

    private void Event(in TextLine line)
    {
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

        if (reader.StartsOver(found, line, lines.Consumed))
        {
            _startsOver = true;
            return;
        }

        int thread = reader.ThreadOf(line);
        var place = new TextEventPlace(line.Cpu, thread, line.Comm, new ClockTime(IsUntimed(line) ? lines.Number : line.Time), lines.Number, lines.Offset);
        if (found.MayBeProbe ? !IsProbe(found, line.Body) : !found.IsRead(_everything))
        {
            Give(place, found, found.Type, default, line.Body);
            if (found.MayBeProbe)
            {
                // What stands before its text does not tell what it is.
                _shapes.Forget();
            }
            else
            {
                _shapes.Learn(lines, line, thread, found, null);
            }

            return;
        }

        RefuseForeign(line);
        TextForm? form = found.Read(line.Body, _record, out int length, out bool whole);
        if (!whole && reader.Learns(found, line.Body))
        {
            form = found.Read(line.Body, _record, out length, out whole);
        }

        if (form is not null && whole && !IsFull)
        {
            Give(place, found, form, length);
            _shapes.Learn(lines, line, thread, found, form);
        }
        else
        {
            _shapes.Forget();
            Broken(line, place, found);
        }
    }

    // Other groups have events of the same names.
    private bool IsProbe(TextEvent found, ReadOnlySpan<byte> text)
    {
        if (TextProbes.IsOfLibrary(text))
        {
            Note(TextNotes.ProbeZeros);
            return false;
        }

        return TextProbes.IsOfKernel(text) && (found.IsRead(_everything) || reader.Learns(found, text));
    }

    // Nothing is before a bare event that could tell its time.
    private bool IsUntimed(in TextLine line) => reader.Survey.IsBare && line.Fraction == 0 && line.Time == 0;

    // Exits of VMX are told by their names, also where the rest of the line is cut.
    private void RefuseForeign(in TextLine line)
    {
        if (!_everything && TextWords.ForeignExit(line.Name, line.Body) is { Length: > 0 } reason)
        {
            CaptureFormatException.ThrowForeignIsa(
                $"{Utf8Text.Decode(line.Name)} names the reason {Utf8Text.Decode(reason)}, an exit of VMX", lines.Offset, lines.Number);
        }
    }

    // Other architectures have tracepoints of the same names.
    private void RefuseForeign()
    {
        if (_events == 0 && reader.Survey.Tracer.StartsWith("function_graph", StringComparison.Ordinal))
        {
            CaptureFormatException.ThrowFunctionGraph(lines.Number);
        }

        if (_events == 0)
        {
            CaptureFormatException.ThrowEmptyText(lines.Number);
        }

        if (_exits > 0 && _readExits == 0 && !_everything)
        {
            CaptureFormatException.ThrowNotX86("kvm_exit and kvm_entry are in no known form", 0, _firstExit);
        }
    }

    private bool IsParted => lines.Current is [.., (byte)' '];

    private bool IsFull => reader.Survey.Width > 0 && lines.Current.Length == reader.Survey.Width;

    // A line may be broken before its event is named: what is no event alone may be one together with the next line.
    private bool TryHead(in TextLine found)
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

        Other(start, found);
        return true;
    }

    // The text goes on on the next lines, or is of no known form.
    private void Broken(in TextLine line, in TextEventPlace place, TextEvent found)
    {
        string where = Where();
        int kept = line.Body.Length;
        line.Body.CopyTo(_pieces);
        byte[] comm = place.Comm.ToArray();
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

        var whole = new TextEventPlace(place.Cpu, place.Thread, comm, place.Time, place.Line, place.Offset);
        Give(whole, found, form?.Type ?? found.Type, form is null ? default : _record.AsSpan(0, length), form is null ? _pieces.AsSpan(0, kept) : default);
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

    private void Give(in TextEventPlace place, TextEvent found, TextForm form, int length)
    {
        if (form.Lacks.Length > 0)
        {
            notes.Add(TextNotes.Lossy, Lacks(form));
        }

        Give(place, found, form.Type, _record.AsSpan(0, length), default);
    }

    // What an event is, its record tells, or where it is not read its text.
    private void Give(in TextEventPlace place, TextEvent found, TraceEventType type, ReadOnlySpan<byte> record, ReadOnlySpan<byte> text)
    {
        _events++;
        Count(place, found, record);
        TextSequence sequence = _order.Take(place.Thread, place.Time.Value, found.Number, record.Length > 0 ? record : text);
        switch (sequence)
        {
            case TextSequence.Repeated:
                Note(TextNotes.Repeated);
                return;
            case TextSequence.Apart:
                notes.Add(TextNotes.Excerpt, WhereOfFirst(TextNotes.Excerpt));
                _losses.Add(-1, 0);
                break;
        }

        parts.Take(place.Thread, sequence == TextSequence.Apart, type.Binding?.Member ?? default);
        if (_omission > 0)
        {
            _losses.Gap(notes.Has(TextNotes.Gap) ? "" : Where(_omission));
            _omission = 0;
        }

        if (place.Thread != _lastThread)
        {
            _lastThread = place.Thread;
            reader.NameThread(place.Thread, place.Comm);
        }

        // What was lost before an event is told before it.
        _losses.Before(place.Cpu, place.Time);
        type.Count++;
        if (_everything || type.IsUsed)
        {
            sink.Take(new RawEvent(place.Time, place.Cpu, place.Thread, 0, type, record, place.Offset));
        }
    }

    // Exits and entries are what tells whether this is KVM on x86.
    private void Count(in TextEventPlace place, TextEvent found, ReadOnlySpan<byte> record)
    {
        if (_readExits == 0 && found.IsOfGuest && found.IsRead(_everything))
        {
            _firstExit = _exits++ == 0 ? place.Line : _firstExit;
            _readExits += record.Length > 0 ? 1UL : 0;
        }
    }

    private void Other(ReadOnlySpan<byte> line, in TextLine found)
    {
        if (TextOddities.IsDecoration(line))
        {
            if (_events > 0 && TextOddities.IsHeading(line))
            {
                _order.Part();
            }

            if (TextOddities.Overwritten(line) is > 0 and var overwritten)
            {
                reader.NoteOverrun(overwritten);
            }

            return;
        }

        if (TextOddities.Loss(line, found.Cpu) is { } loss)
        {
            _losses.Add(loss.Cpu, loss.Events);
            return;
        }

        Note(TextNotes.UnknownLine);
        if (_events > 0 && TextOddities.IsGap(line))
        {
            _losses.Gap(WhereOfFirst(TextNotes.Gap));
        }
        else if (_events > 0 && _omission == 0 && !found.IsEntry)
        {
            // Somebody says something, and left out what stood here; where no event follows, it is only the end.
            _omission = lines.Number;
        }
    }

    private void Note(NoteKind kind) => notes.Add(kind, WhereOfFirst(kind));

    // A note keeps where it was first seen; no text is made for the others.
    private string WhereOfFirst(NoteKind kind) => notes.Has(kind) ? "" : Where();

    private string Where() => Where(lines.Number);

    private static string Where(ulong line) => $"line {line}";

    private string Lacks(TextForm form) => notes.Has(TextNotes.Lossy) ? "" : $"{Where()}: {form.Type.Layout.Name} without {form.Lacks}";
}
