using System.Text;
using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>The texts of a run, each kept once: failure messages of VMRUN checks come back thousands of times.</summary>
/// <remarks>Holds at most <see cref="Limit"/> texts; further ones share number 0, so a hostile file cannot fill the memory.</remarks>
public sealed class TextTable
{
    /// <summary>How many different texts are kept.</summary>
    public const int Limit = 4096;

    private readonly List<string> _texts = ["(further text)"];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    /// <summary>The number of a text, which it keeps from now on.</summary>
    /// <param name="utf8">The text without a terminating zero.</param>
    public int Add(ReadOnlySpan<byte> utf8)
    {
        Span<char> characters = utf8.Length <= 512 ? stackalloc char[512] : new char[utf8.Length];
        int length = Encoding.UTF8.GetChars(utf8, characters);
        return Add(characters[..length]);
    }

    /// <summary>The number of a text, which it keeps from now on.</summary>
    public int Add(ReadOnlySpan<char> text)
    {
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(text, out int number))
        {
            return number;
        }

        if (_texts.Count > Limit)
        {
            return 0;
        }

        number = _texts.Count;
        string kept = text.ToString();
        _texts.Add(PlainText.Of(kept));
        _numbers.Add(kept, number);
        return number;
    }

    /// <summary>The text with a number, as <see cref="PlainText"/>; a number never given out reads as number 0.</summary>
    public string this[int number] => unchecked((uint)number) < (uint)_texts.Count ? _texts[number] : _texts[0];
}
