using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Differ.Schemas.Vocabulary;

/// <summary>
/// Names that are bytes to the kernel and should be UTF-8, as texts from which the bytes come back: a byte that is no UTF-8 stands as the
/// lone half of a character, U+DC80 to U+DCFF, as Python has it. <see cref="PlainText"/> shows such a byte as \xff.
/// </summary>
public static class Utf8Text
{
    /// <summary>The first byte that can be no UTF-8 on its own.</summary>
    internal const int FirstForeign = 0x80;

    private const char First = '\udc80', Last = '\udcff';

    /// <summary>The text of some bytes.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var text = new StringBuilder(bytes.Length);
        while (bytes.Length > 0)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                length = 1;
                text.Append((char)(First + bytes[0] - FirstForeign));
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>The bytes that <see cref="Decode"/> was given.</summary>
    public static byte[] Encode(string text)
    {
        if (!HasForeign(text))
        {
            return Encoding.UTF8.GetBytes(text);
        }

        var bytes = new List<byte>(text.Length);
        Span<byte> encoded = stackalloc byte[4];
        ReadOnlySpan<char> left = text;
        while (left.Length > 0)
        {
            int length = 1;
            if (left[0] is >= First and <= Last)
            {
                bytes.Add((byte)(left[0] - First + FirstForeign));
            }
            else
            {
                Rune.DecodeFromUtf16(left, out Rune rune, out length);
                bytes.AddRange(encoded[..rune.EncodeToUtf8(encoded)]);
            }

            left = left[length..];
        }

        return [.. bytes];
    }

    /// <summary>Whether a text holds bytes that are no UTF-8.</summary>
    public static bool HasForeign(ReadOnlySpan<char> text)
    {
        for (int at = text.IndexOfAnyInRange(First, Last); at >= 0; at = text.IndexOfAnyInRange(First, Last))
        {
            if (at == 0 || !char.IsHighSurrogate(text[at - 1]))
            {
                return true;
            }

            text = text[(at + 1)..];
        }

        return false;
    }
}
