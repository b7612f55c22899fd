using System.Buffers.Binary;
using System.Text;
using Differ.Capture.Formats.Text.Forms;

namespace Differ.Capture.Formats.Text;

/// <summary>One step through an event's text: a piece that stands there as it is, and the field behind it. Rows: <see cref="TextRow"/>.</summary>
internal readonly struct TextStep
{
    /// <summary>How numbers in braces are written; behind it stands how many there are.</summary>
    public const string WordsPrefix = "words";

    private const int ByteDigits = 2;

    private readonly TextPiece _before;
    private readonly How _how;
    private readonly byte[] _text;
    private readonly byte[][] _choices;
    private readonly int _offset;
    private readonly int _companion;
    private readonly int _shift;
    private readonly TextWords? _words;

    private TextStep(string before, How how, string text, int offset, int companion = 0, string[]? choices = null, int shift = 0, TextWords? words = null)
    {
        _before = new TextPiece(before);
        _how = how;
        _text = Encoding.UTF8.GetBytes(text);
        _choices = [.. (choices ?? []).Select(Encoding.UTF8.GetBytes)];
        _offset = offset;
        _companion = companion;
        _shift = shift;
        _words = words;
    }

    private enum How : byte
    {
        Nothing,
        Number,
        Hex,
        Signed,
        Negated,
        Choice,
        Flag,
        Word,
        Text,
        Bytes,
        Array,
        Words,
        Skip,
    }

    // What stands between two bytes.
    private int Gap => _how == How.Array ? 2 : 1;

    /// <summary>A piece that ends the text.</summary>
    public static TextStep Last(string text) => new(text, How.Nothing, "", 0);

    /// <summary>A field.</summary>
    /// <param name="before">The piece that stands before it, empty at the start and behind another field.</param>
    /// <param name="how">How it is written.</param>
    /// <param name="offset">Where it goes; 0 to nowhere.</param>
    /// <param name="next">The piece that follows it, empty at the end.</param>
    /// <param name="companion">Where what it tells besides goes; 0 to nowhere.</param>
    public static TextStep Field(string before, string how, int offset, string next, int companion)
    {
        switch (how)
        {
            case "d":
                return new TextStep(before, How.Number, next, offset);
            case "x":
                return new TextStep(before, How.Hex, next, offset);
            case "i" or "code":
                return new TextStep(before, How.Signed, next, offset);
            case "neg":
                return new TextStep(before, How.Negated, next, offset);
            case "text":
                return new TextStep(before, How.Text, next, offset);
            case "bytes":
                return new TextStep(before, How.Bytes, next, offset, companion);
            case "array":
                return new TextStep(before, How.Array, next, offset);
            case "skip":
                return new TextStep(before, How.Skip, next, 0);
        }

        if (how.StartsWith(WordsPrefix, StringComparison.Ordinal))
        {
            return new TextStep(before, How.Words, next, offset, int.Parse(how.AsSpan(WordsPrefix.Length), System.Globalization.CultureInfo.InvariantCulture));
        }

        if (how[0] == '?')
        {
            return new TextStep(before, How.Flag, how[1..], offset);
        }

        if (how[0] == '=')
        {
            string[] parts = how[1..].Split('@');
            int shift = parts.Length > 1 ? int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) : 0;
            return new TextStep(before, How.Choice, next, offset, 0, parts[0].Split('|'), shift);
        }

        return new TextStep(before, How.Word, next, offset, companion, words: TextWords.Of(how));
    }

    /// <summary>Takes the step.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="at">How far it is read.</param>
    /// <param name="record">Takes the field.</param>
    /// <param name="length">Length of the record; a text is put behind it.</param>
    /// <returns>False when the text goes on in another way.</returns>
    public bool Take(ReadOnlySpan<byte> text, ref int at, Span<byte> record, ref int length)
    {
        ReadOnlySpan<byte> rest = text[at..];
        if (!_before.Starts(rest))
        {
            return false;
        }

        at += _before.Length;
        rest = rest[_before.Length..];
        switch (_how)
        {
            case How.Nothing:
                return true;
            case How.Number:
                return TextNumber.Take(rest, hexadecimal: false, out ulong number, ref at) && Put(record, number);
            case How.Hex:
                return TextNumber.Take(rest, hexadecimal: true, out ulong hex, ref at) && Put(record, hex);
            case How.Signed or How.Negated:
                return TakeSigned(rest, ref at, record);
            case How.Choice:
                return TakeChoice(rest, ref at, record);
            case How.Flag:
                bool there = rest.StartsWith(_text);
                at += there ? _text.Length : 0;
                return Put(record, there ? 1UL : 0);
            case How.Word:
                return TakeWord(rest, ref at, record);
            case How.Text:
                return TakeText(rest, ref at, record, ref length);
            case How.Bytes or How.Array:
                return TakeBytes(rest, ref at, record);
            case How.Words:
                return TakeWords(rest, ref at, record);
            default:
                int skipped = _text.Length == 0 ? rest.Length : rest.IndexOf(_text);
                at += Math.Max(0, skipped);
                return skipped >= 0;
        }
    }

    /// <summary>Finds where the numbers of the step stand, if it has any.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">Where the step starts in it.</param>
    /// <param name="to">Where it ends.</param>
    /// <param name="places">Takes the places.</param>
    public void Find(ReadOnlySpan<byte> text, int from, int to, List<TextPlace> places)
    {
        int start = from + _before.Length;
        switch (_how)
        {
            case How.Number or How.Hex or How.Signed or How.Negated:
                bool minus = text[start] == '-';
                start += minus ? 1 : 0;
                bool marked = TextNumber.IsMarked(text[start..]), isNegated = _how is How.Signed or How.Negated && minus != (_how == How.Negated);
                start += marked ? 2 : 0;
                places.Add(new TextPlace(start, to - start, marked || _how == How.Hex, isNegated, _offset));
                break;
            case How.Bytes or How.Array:
                for (int i = 0; start < to; i++, start += ByteDigits + Gap)
                {
                    places.Add(new TextPlace(start, ByteDigits, IsHexadecimal: true, Offset: _offset + i, IsByte: true));
                }

                break;
        }
    }

    private bool Put(Span<byte> record, ulong value)
    {
        if (_offset > 0)
        {
            Span<byte> field = record[_offset..];
            BinaryPrimitives.WriteUInt64LittleEndian(field, BinaryPrimitives.ReadUInt64LittleEndian(field) | value);
        }

        return true;
    }

    private bool TakeSigned(ReadOnlySpan<byte> rest, ref int at, Span<byte> record)
    {
        bool minus = rest.Length > 0 && rest[0] == '-';
        at += minus ? 1 : 0;
        return TextNumber.Take(rest[(minus ? 1 : 0)..], hexadecimal: false, out ulong number, ref at)
            && Put(record, minus != (_how == How.Negated) ? unchecked(0 - number) : number);
    }

    // One choice may be the start of another: the longest counts.
    private bool TakeChoice(ReadOnlySpan<byte> rest, ref int at, Span<byte> record)
    {
        int found = -1;
        for (int i = 0; i < _choices.Length; i++)
        {
            if (rest.StartsWith(_choices[i]) && (found < 0 || _choices[i].Length > _choices[found].Length))
            {
                found = i;
            }
        }

        if (found < 0)
        {
            return false;
        }

        at += _choices[found].Length;
        return Put(record, (ulong)found << _shift);
    }

    private bool TakeWord(ReadOnlySpan<byte> rest, ref int at, Span<byte> record)
    {
        int end = _text.Length == 0 ? _words!.EndOf(rest) : rest.IndexOf(_text);

        if (end < 0 || !_words!.Find(rest[..end], out ulong value))
        {
            return false;
        }

        at += end;
        if (_companion > 0 && _words.IsForeign(rest[..end]))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(record[_companion..], TextWords.Vmx);
        }

        return Put(record, value);
    }

    private bool TakeText(ReadOnlySpan<byte> rest, ref int at, Span<byte> record, ref int length)
    {
        int end = _text.Length == 0 ? rest.Length : rest.LastIndexOf(_text);
        int kept = Math.Min(end, Math.Min(record.Length - length, ushort.MaxValue - 1));
        if (end <= 0 || kept <= 0)
        {
            return false;
        }

        rest[..kept].CopyTo(record[length..]);
        BinaryPrimitives.WriteUInt32LittleEndian(record[_offset..], ((uint)kept << 16) | (uint)length);
        length += kept;
        at += end;
        return true;
    }

    // {0x1,0x2}: as many as there must be, each of eight bytes.
    private bool TakeWords(ReadOnlySpan<byte> rest, ref int at, Span<byte> record)
    {
        int read = 0;
        for (int i = 0; i < _companion; i++)
        {
            if (read >= rest.Length || rest[read] != (i == 0 ? (byte)'{' : (byte)','))
            {
                return false;
            }

            read++;
            if (!TextNumber.Take(rest[read..], hexadecimal: false, out ulong word, ref read))
            {
                return false;
            }

            BinaryPrimitives.WriteUInt64LittleEndian(record[(_offset + (i * sizeof(ulong)))..], word);
        }

        at += read + 1;
        return read < rest.Length && rest[read] == '}';
    }

    private bool TakeBytes(ReadOnlySpan<byte> rest, ref int at, Span<byte> record)
    {
        int count = 0;
        int read = 0;
        while (count < 15 && TextNumber.Byte(rest[read..]) is >= 0 and int value)
        {
            record[_offset + count++] = (byte)value;
            read += ByteDigits;
            if (rest.Length < read + Gap + ByteDigits || rest[read] != (_how == How.Array ? (byte)',' : (byte)' ') || TextNumber.Byte(rest[(read + Gap)..]) < 0)
            {
                break;
            }

            read += Gap;
        }

        at += read;
        if (_companion > 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(record[_companion..], (ulong)count);
        }

        return true;
    }
}
