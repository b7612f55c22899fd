namespace Differ.Capture.Formats.Text;

/// <summary>Makes the shape of a line that was taken apart.</summary>
internal sealed class TextShapeMaker
{
    // The seconds of a time are limited by what fits into 64 bits as nanoseconds.
    private const int MostSeconds = 9;

    private readonly List<TextPlace> _places = [];
    private readonly byte[] _zeros = new byte[TextShape.LongestLine];
    private readonly byte[] _record = new byte[2 * TextShape.LongestLine];

    /// <summary>Makes the shape of a line.</summary>
    /// <param name="line">The line with its end; of an event that is not read, what stands before its text.</param>
    /// <param name="read">The line, taken apart.</param>
    /// <param name="thread">The number under which its thread is kept.</param>
    /// <param name="found">The event.</param>
    /// <param name="form">The form of its text; null for an event that is not read.</param>
    /// <returns>Null where other digits could make something else of the line.</returns>
    public TextShape? Make(ReadOnlySpan<byte> line, in TextLine read, int thread, TextEvent found, TextForm? form)
    {
        if (!line.Overlaps(read.Digits, out int time))
        {
            return null;
        }

        int fractionDigits = read.Fraction, point = read.Digits.Contains((byte)'.') ? 1 : 0;
        var seconds = new TextPlace(time, read.Digits.Length - point - fractionDigits);
        var fraction = new TextPlace(seconds.End + point, fractionDigits);
        if (!seconds.CanRead || (fractionDigits > 0 && (seconds.Digits > MostSeconds || !fraction.CanRead)))
        {
            return null;
        }

        int text = line.Overlaps(read.Body, out int start) ? start : line.Length;
        if (text - TextShape.NameLength < fraction.End)
        {
            return null;
        }

        _places.Clear();
        int length = form is null ? AtName(line) : AtNumbers(text, read.Body, found, form);
        _ = line.Overlaps(read.Comm, out int comm);
        var facts = new TextShapeFacts(found, form, read.Cpu, thread, comm..(comm + read.Comm.Length));
        return length < 0 ? null : new TextShape(line, facts, seconds, fraction, text, [.. _places], _record.AsSpan(0, length));
    }

    // Behind "kvm:" a name may follow without a blank, and "kvm" is the group then.
    private static int AtName(ReadOnlySpan<byte> line) => line[^1] == ' ' ? 0 : -1;

    // Length of the record of the same line with zeros for numbers; -1 where that line is something else.
    private int AtNumbers(int start, ReadOnlySpan<byte> text, TextEvent found, TextForm form)
    {
        form.Find(text, _record, _places);
        Span<byte> zeros = _zeros.AsSpan(0, text.Length);
        text.CopyTo(zeros);
        for (int i = 0; i < _places.Count; i++)
        {
            TextPlace place = _places[i];
            zeros.Slice(place.Start, place.Digits).Fill((byte)'0');
            _places[i] = place with { Start = place.Start + start };

            // A digit before an x is a mark when it is a zero.
            bool isMark = place.Digits == 1 && place.End < text.Length && (text[place.End] | 0x20) == 'x';
            if (isMark || !_places[i].CanRead)
            {
                return -1;
            }
        }

        return found.Read(zeros, _record, out int length, out bool whole) == form && whole ? length : -1;
    }
}
