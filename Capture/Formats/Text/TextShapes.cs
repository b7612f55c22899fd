using System.Numerics;
using System.Runtime.Intrinsics;

namespace Differ.Capture.Formats.Text;

/// <summary>The shapes of the lines so far. A line is looked for among those that came behind one like the last, then among all.</summary>
internal sealed class TextShapes
{
    // Sets of so many shapes whose lines look alike but for digits.
    private const int Sets = 1 << 10, Ways = 4, Followers = 3, NoShape = Sets * Ways;

    // Of a thread and its CPU, which stand no farther into a line than this, digits count.
    private const int LongestHead = 30;

    // A text whose lines have little in common is not worth learning: a new shape costs what so many lines earn.
    private const int Price = 64, MostCredit = 1 << 16;

    private readonly TextShape?[] _shapes = new TextShape?[Sets * Ways];
    private readonly ushort[] _followers = new ushort[(NoShape + 1) * Followers];
    private readonly int[] _learned = new int[Sets];
    private readonly TextShapeMaker _maker = new();
    private int _last = NoShape;
    private int _credit = MostCredit;

    /// <summary>The shape of the line that a text starts with, if such a line came behind one like the last before.</summary>
    public TextShape? Expected(ReadOnlySpan<byte> text)
    {
        Span<ushort> followers = _followers.AsSpan(_last * Followers, Followers);
        for (int i = 0; i < followers.Length; i++)
        {
            int follower = followers[i];
            if (_shapes[follower] is { } shape && shape.IsOf(text))
            {
                // The more often one comes, the sooner it is tried.
                (followers[i], followers[Math.Max(0, i - 1)]) = (followers[Math.Max(0, i - 1)], followers[i]);
                _last = follower;
                Earn();
                return shape;
            }
        }

        return null;
    }

    /// <summary>The shape of a line.</summary>
    /// <param name="text">Starts with the line.</param>
    /// <param name="length">Length of the line, or of what a shape is of.</param>
    public TextShape? Find(ReadOnlySpan<byte> text, int length)
    {
        if (!CanHave(length))
        {
            return null;
        }

        int set = SetOf(text[..length]);
        for (int i = set * Ways; i < (set + 1) * Ways; i++)
        {
            if (_shapes[i] is { } shape && shape.Length == length && shape.IsOf(text))
            {
                Follow(i);
                Earn();
                return shape;
            }
        }

        return null;
    }

    /// <summary>Keeps the shape of the current line, where it has one that is not known.</summary>
    /// <param name="lines">Where it stands.</param>
    /// <param name="line">The line, taken apart.</param>
    /// <param name="thread">The number under which its thread is kept.</param>
    /// <param name="found">The event.</param>
    /// <param name="form">The form of its text; null for an event that is not read, whose shape is of what stands before its text.</param>
    public void Learn(TextLines lines, in TextLine line, int thread, TextEvent found, TextForm? form)
    {
        Earn();
        ReadOnlySpan<byte> text = lines.Whole;
        int length = form is not null ? lines.WholeLength : text.Overlaps(line.Body, out int body) ? body : 0;
        if (!CanHave(length))
        {
            Forget();
        }
        else if (form is not null || Find(text, length) is null)
        {
            TextShape? shape = _credit < Price ? null : _maker.Make(text[..length], line, thread, found, form);
            Keep(text[..length], shape);
        }
    }

    /// <summary>The line that came was of no shape.</summary>
    public void Forget() => _last = NoShape;

    private void Keep(ReadOnlySpan<byte> line, TextShape? shape)
    {
        if (shape is null)
        {
            Forget();
            return;
        }

        _credit -= Price;
        int set = SetOf(line);
        int slot = (set * Ways) + _learned[set];
        _learned[set] = (_learned[set] + 1) % Ways;
        _shapes[slot] = shape;
        Follow(slot);
    }

    private static bool CanHave(int length) => length >= Vector256<byte>.Count && length <= TextShape.LongestLine;

    private void Earn() => _credit = Math.Min(_credit + 1, MostCredit);

    private void Follow(int slot)
    {
        Span<ushort> followers = _followers.AsSpan(_last * Followers, Followers);
        if (!followers.Contains((ushort)slot))
        {
            followers[..^1].CopyTo(followers[1..]);
            followers[0] = (ushort)slot;
        }

        _last = slot;
    }

    // Lines that differ only in digits behind the head are of one set.
    private static int SetOf(ReadOnlySpan<byte> line)
    {
        int head = Math.Min(LongestHead, line.IndexOf((byte)']') + 1);
        Vector256<byte> behindHead = Vector256.GreaterThanOrEqual(Vector256<byte>.Indices, Vector256.Create((byte)head));
        Vector256<uint> hash = Vector256.Create((uint)line.Length);
        for (int at = 0; at < line.Length; at += Vector256<byte>.Count)
        {
            // The last part overlaps the one before.
            int start = Math.Min(at, Math.Max(0, line.Length - Vector256<byte>.Count));
            Vector256<byte> letters = Vector256.Create(line[start..]);
            Vector256<byte> digits = TextLetters.AreHexadecimal(letters) & (at == 0 ? behindHead : Vector256<byte>.AllBitsSet);
            hash = (hash * 0x9e37_79b1) ^ (letters & ~digits).AsUInt32();
        }

        Vector128<ulong> halves = hash.GetLower().AsUInt64() ^ hash.GetUpper().AsUInt64();
        ulong folded = halves[0] ^ BitOperations.RotateLeft(halves[1], 29);
        return (int)(unchecked(folded * 0x9e37_79b9_7f4a_7c15) >> 54);
    }
}
