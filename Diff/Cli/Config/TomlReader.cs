using System.Globalization;
using System.Text;

namespace Differ.Cli.Config;

/// <summary>A text that is not TOML, or more of TOML than is read here.</summary>
/// <param name="line">The line, from 1.</param>
/// <param name="problem">What is wrong and what to do.</param>
internal sealed class TomlException(int line, string problem) : Exception(string.Create(CultureInfo.InvariantCulture, $"line {line}: {problem}"));

/// <summary>A value and where it stands.</summary>
/// <param name="Value">A string, a double, a bool, a list of values or a <see cref="TomlTable"/>.</param>
/// <param name="Line">The line, from 1.</param>
internal sealed record TomlValue(object Value, int Line);

/// <summary>A table: its values by key.</summary>
internal sealed record TomlTable
{
    /// <summary>The values, in the order of the text.</summary>
    public OrderedDictionary<string, TomlValue> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether it was written with braces, to which nothing can be added.</summary>
    public bool IsClosed { get; init; }
}

/// <summary>
/// The part of TOML 1.0 that a configuration needs: tables, arrays of tables, dotted and quoted keys, one-line strings, numbers, booleans,
/// arrays and inline tables. Dates, numbers of other bases and strings over several lines are refused.
/// </summary>
internal sealed class TomlReader
{
    private const int Deepest = 16;

    private readonly string _text;
    private int _at;
    private int _line = 1;
    private int _depth;

    private TomlReader(string text) => _text = text;

    private char Now => _at < _text.Length ? _text[_at] : '\0';

    private bool IsAtEnd => _at >= _text.Length;

    /// <summary>Reads a text.</summary>
    /// <exception cref="TomlException">It cannot be read.</exception>
    public static TomlTable Read(string text) => new TomlReader(text.Replace("\r\n", "\n", StringComparison.Ordinal)).Document();

    private TomlTable Document()
    {
        var root = new TomlTable();
        TomlTable table = root;
        while (true)
        {
            SkipLines();
            if (IsAtEnd)
            {
                return root;
            }

            if (Now == '[')
            {
                table = Header(root);
            }
            else
            {
                KeyAndValue(table);
            }

            EndLine();
        }
    }

    private TomlTable Header(TomlTable root)
    {
        int line = _line;
        bool isArray = _text.AsSpan(_at).StartsWith("[[");
        _at += isArray ? 2 : 1;
        List<string> path = Path();
        if (!_text.AsSpan(_at).StartsWith(isArray ? "]]" : "]"))
        {
            throw Problem($"the name of a table ends with {(isArray ? "]]" : "]")}");
        }

        _at += isArray ? 2 : 1;
        TomlTable parent = Within(root, path.SkipLast(1), line);
        string name = path[^1];
        var made = new TomlTable();
        if (!isArray)
        {
            if (!parent.Values.TryAdd(name, new TomlValue(made, line)))
            {
                throw new TomlException(line, $"[{name}] is there twice");
            }
        }
        else if (!parent.Values.TryGetValue(name, out TomlValue? before))
        {
            parent.Values.Add(name, new TomlValue(new List<TomlValue> { new(made, line) }, line));
        }
        else if (before.Value is List<TomlValue> { Count: > 0 } list && list[^1].Value is TomlTable { IsClosed: false })
        {
            list.Add(new TomlValue(made, line));
        }
        else
        {
            throw new TomlException(line, $"{name} is there already, and is no list of tables");
        }

        return made;
    }

    private void KeyAndValue(TomlTable table)
    {
        int line = _line;
        List<string> path = Path();
        if (Now != '=')
        {
            throw Problem("a key is followed by = and a value");
        }

        _at++;
        SkipBlanks();
        TomlTable parent = Within(table, path.SkipLast(1), line);
        if (!parent.Values.TryAdd(path[^1], new TomlValue(Value(), line)))
        {
            throw new TomlException(line, $"{path[^1]} is there twice");
        }
    }

    private static TomlTable Within(TomlTable table, IEnumerable<string> path, int line)
    {
        foreach (string name in path)
        {
            if (!table.Values.TryGetValue(name, out TomlValue? next))
            {
                next = new TomlValue(new TomlTable(), line);
                table.Values.Add(name, next);
            }

            table = next.Value switch
            {
                TomlTable { IsClosed: false } inner => inner,
                List<TomlValue> { Count: > 0 } list when list[^1].Value is TomlTable { IsClosed: false } last => last,
                _ => throw new TomlException(line, $"{name} is there already, and is no table that can be added to"),
            };
        }

        return table;
    }

    private List<string> Path()
    {
        var path = new List<string>();
        while (true)
        {
            SkipBlanks();
            path.Add(Now is '"' or '\'' ? Text() : BareKey());
            SkipBlanks();
            if (Now != '.')
            {
                return path;
            }

            if (path.Count == Deepest)
            {
                throw Problem("a key has too many parts");
            }

            _at++;
        }
    }

    private string BareKey()
    {
        int from = _at;
        while (char.IsAsciiLetterOrDigit(Now) || Now is '-' or '_')
        {
            _at++;
        }

        return _at > from ? _text[from.._at] : throw Problem("here a key is expected: letters, digits, - and _, or a text in quotes");
    }

    private object Value()
    {
        if (++_depth > Deepest)
        {
            throw Problem("values stand too deep in each other");
        }

        object value = Now switch
        {
            '"' or '\'' => Text(),
            '[' => Array(),
            '{' => InlineTable(),
            _ => Word(),
        };
        _depth--;
        return value;
    }

    private List<TomlValue> Array()
    {
        var list = new List<TomlValue>();
        _at++;
        SkipLines();
        while (Now != ']')
        {
            int line = _line;
            list.Add(new TomlValue(Value(), line));
            SkipLines();
            if (Now == ',')
            {
                _at++;
                SkipLines();
            }
            else if (Now != ']')
            {
                throw Problem("the values of a list are separated by commas, and the list ends with ]");
            }
        }

        _at++;
        return list;
    }

    private TomlTable InlineTable()
    {
        var table = new TomlTable() { IsClosed = true };
        var open = new TomlTable();
        _at++;
        SkipBlanks();
        while (Now != '}')
        {
            KeyAndValue(open);
            SkipBlanks();
            if (Now == ',')
            {
                _at++;
                SkipBlanks();
            }
            else if (Now != '}')
            {
                throw Problem("the values of a table in braces are separated by commas, and it ends with } on the same line");
            }
        }

        _at++;
        foreach ((string key, TomlValue value) in open.Values)
        {
            table.Values.Add(key, value);
        }

        return table;
    }

    private object Word()
    {
        int from = _at;
        while (char.IsAsciiLetterOrDigit(Now) || Now is '+' or '-' or '_' or '.' or ':')
        {
            _at++;
        }

        string word = _text[from.._at];
        return word switch
        {
            "true" => true,
            "false" => false,
            _ when IsNumber(word) => double.Parse(word.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture),
            "" => throw Problem("here a value is expected"),
            _ => throw Problem($"{word} is no value that is known here; a text stands in quotes, numbers are decimal"),
        };
    }

    // As TOML has it: no digit is missing before or after a point, and an underscore stands between digits.
    private static bool IsNumber(string word)
    {
        string digits = word.StartsWith('+') || word.StartsWith('-') ? word[1..] : word;
        string[] parts = digits.Split('.');
        return parts.Length <= 2 && parts.All(part => part.Length is > 0 and < 16 && char.IsAsciiDigit(part[0]) && char.IsAsciiDigit(part[^1])
            && part.All(letter => char.IsAsciiDigit(letter) || letter == '_') && !part.Contains("__", StringComparison.Ordinal))
            && (parts[0].Length == 1 || parts[0][0] != '0');
    }

    private string Text()
    {
        char quote = Now;
        if (_text.AsSpan(_at).StartsWith(new string(quote, 3)))
        {
            throw Problem("a text over several lines is not read here; write it on one line in single or double quotes");
        }

        _at++;
        var text = new StringBuilder();
        while (Now != quote)
        {
            if (IsAtEnd || Now == '\n')
            {
                throw Problem($"a text ends with {quote} on the same line");
            }

            if (char.IsControl(Now) && Now != '\t')
            {
                throw Problem("a text holds a control character; write it as \\u and four digits");
            }

            text.Append(Now == '\\' && quote == '"' ? Escaped() : _text[_at++].ToString());
        }

        _at++;
        return text.ToString();
    }

    private string Escaped()
    {
        _at++;
        char letter = Now;
        _at++;
        int digits = letter switch { 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            bool isRune = _at + digits <= _text.Length
                & int.TryParse(_text.AsSpan(Math.Min(_at, _text.Length), Math.Min(digits, _text.Length - Math.Min(_at, _text.Length))), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int number)
                && Rune.IsValid(number);
            _at += digits;
            return isRune ? new Rune(number).ToString() : throw Problem($"\\{letter} is followed by {digits} hexadecimal digits of a character");
        }

        return letter switch
        {
            'b' => "\b",
            't' => "\t",
            'n' => "\n",
            'f' => "\f",
            'r' => "\r",
            '"' => "\"",
            '\\' => "\\",
            _ => throw Problem("after \\ comes one of b t n f r u U \" and \\; between single quotes it means itself"),
        };
    }

    private void SkipBlanks()
    {
        while (Now is ' ' or '\t')
        {
            _at++;
        }
    }

    private void SkipComment()
    {
        if (Now == '#')
        {
            while (!IsAtEnd && Now != '\n')
            {
                _at++;
            }
        }
    }

    private void SkipLines()
    {
        SkipBlanks();
        SkipComment();
        while (Now == '\n')
        {
            _at++;
            _line++;
            SkipBlanks();
            SkipComment();
        }
    }

    private void EndLine()
    {
        SkipBlanks();
        SkipComment();
        if (!IsAtEnd && Now != '\n')
        {
            throw Problem("there is more on the line than a key and its value");
        }
    }

    private TomlException Problem(string problem) => new(_line, problem);
}
