using System.Diagnostics.CodeAnalysis;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Ctf.Tsdl;

/// <summary>The words of a description, one after the other.</summary>
/// <param name="text">The description.</param>
internal sealed class TsdlWords(string text)
{
    private readonly TsdlLexer _lexer = new(text);
    private TsdlToken _next;
    private bool _peeked;

    /// <summary>The next word, which stays.</summary>
    public TsdlToken Peek
    {
        get
        {
            if (!_peeked)
            {
                _next = _lexer.Next();
                _peeked = true;
            }

            return _next;
        }
    }

    /// <summary>The next word, taken.</summary>
    public TsdlToken Take()
    {
        TsdlToken taken = Peek;
        _peeked = false;
        return taken;
    }

    /// <summary>Whether the next word is this sign or name.</summary>
    public bool Is(string word) => Peek.Kind is TsdlTokenKind.Sign or TsdlTokenKind.Name && Peek.Text == word;

    /// <summary>Takes the next word if it is this one.</summary>
    public bool TakeIf(string word)
    {
        bool found = Is(word);
        _peeked &= !found;
        return found;
    }

    /// <summary>Takes the next word, which must be this one.</summary>
    public void Expect(string word)
    {
        if (!TakeIf(word))
        {
            Refuse($"{word} is missing before {Peek.Text}");
        }
    }

    /// <summary>Takes a name.</summary>
    public string TakeName()
    {
        if (Peek.Kind != TsdlTokenKind.Name)
        {
            Refuse($"a name is missing before {Peek.Text}");
        }

        return Take().Text;
    }

    /// <summary>Takes a number, which may be negative.</summary>
    public ulong TakeNumber()
    {
        bool negative = TakeIf("-");
        if (Peek.Kind != TsdlTokenKind.Number)
        {
            Refuse($"a number is missing before {Peek.Text}");
        }

        ulong number = Take().Number;
        return negative ? unchecked(0 - number) : number;
    }

    /// <summary>Takes what stands before a semicolon or closing brace, as one text: a name, a number, a text, or names with points.</summary>
    public string TakeValue()
    {
        if (Peek.Kind == TsdlTokenKind.Text)
        {
            return Take().Text;
        }

        var value = new System.Text.StringBuilder();
        while (!Is(";") && !Is("}") && !Is("]") && !Is(">") && Peek.Kind != TsdlTokenKind.End && value.Length < TsdlLexer.LongestWord)
        {
            value.Append(Take().Text);
        }

        return value.ToString();
    }

    /// <summary>Refuses the description at the next word.</summary>
    [DoesNotReturn]
    public void Refuse(string what) => CaptureFormatException.ThrowMetadata<bool>(what, Peek.Line);
}
