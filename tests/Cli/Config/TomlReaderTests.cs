using System.Globalization;
using Differ.Cli.Config;

namespace Differ.Tests.Cli.Config;

public sealed class TomlReaderTests
{
    [Fact]
    public void Everything_that_is_read_is_read()
    {
        TomlTable root = TomlReader.Read(
            """
            # a comment
            text = "a \"quoted\" \u00e9 \\" # behind a value
            literal = 'C:\folder # no comment'
            "quoted key" = 1
            a.b.c = true
            numbers = [
              1, -2, +3.5, 1_000,  # inside

            ]
            inline = { x = 1, y.z = "two" }

            [table]
            here = false
            [table.inner]
            deep = "yes"

            [[list]]
            name = 'one'
            [[list]]
            name = 'two'
            [list.of]
            more = 1
            """);
        Assert.Equal("a \"quoted\" é \\", Text(root, "text"));
        Assert.Equal("C:\\folder # no comment", Text(root, "literal"));
        Assert.Equal("1", Text(root, "quoted key"));
        Assert.Equal("True", Text(root, "a", "b", "c"));
        Assert.Equal([1, -2, 3.5, 1000], ((List<TomlValue>)root.Values["numbers"].Value).Select(item => (double)item.Value));
        Assert.Equal("two", Text(root, "inline", "y", "z"));
        Assert.Equal("yes", Text(root, "table", "inner", "deep"));
        Assert.Equal(["one", "two"], ((List<TomlValue>)root.Values["list"].Value).Select(item => Text((TomlTable)item.Value, "name")));
        Assert.Equal("1", Text((TomlTable)((List<TomlValue>)root.Values["list"].Value)[1].Value, "of", "more"));
    }

    [Fact]
    public void A_value_knows_its_line_whatever_ends_the_lines()
    {
        TomlTable root = TomlReader.Read("\r\n\r\na = 1\r\n[t]\r\nb = [\r\n1,\r\n2]\r\n");
        Assert.Equal((3, 4, 5), (root.Values["a"].Line, root.Values["t"].Line, ((TomlTable)root.Values["t"].Value).Values["b"].Line));
        Assert.Equal([6, 7], ((List<TomlValue>)((TomlTable)root.Values["t"].Value).Values["b"].Value).Select(item => item.Line));
    }

    [Theory]
    [InlineData("a", "line 1: a key is followed by = and a value")]
    [InlineData("= 1", "line 1: here a key is expected: letters, digits, - and _, or a text in quotes")]
    [InlineData("a = ", "line 1: here a value is expected")]
    [InlineData("a = maybe", "line 1: maybe is no value that is known here; a text stands in quotes, numbers are decimal")]
    [InlineData("a = 2027-01-31", "line 1: 2027-01-31 is no value that is known here; a text stands in quotes, numbers are decimal")]
    [InlineData("a = 0x1f", "line 1: 0x1f is no value that is known here; a text stands in quotes, numbers are decimal")]
    [InlineData("a = 1.", "line 1: 1. is no value that is known here; a text stands in quotes, numbers are decimal")]
    [InlineData("a = 007", "line 1: 007 is no value that is known here; a text stands in quotes, numbers are decimal")]
    [InlineData("a = 1 b = 2", "line 1: there is more on the line than a key and its value")]
    [InlineData("\n\na = 1\na = 2", "line 4: a is there twice")]
    [InlineData("[t]\n[t]", "line 2: [t] is there twice")]
    [InlineData("a = 1\n[a.b]", "line 2: a is there already, and is no table that can be added to")]
    [InlineData("a = { b = 1 }\na.c = 2", "line 2: a is there already, and is no table that can be added to")]
    [InlineData("a = [1]\n[[a]]", "line 2: a is there already, and is no list of tables")]
    [InlineData("[t", "line 1: the name of a table ends with ]")]
    [InlineData("[[t]", "line 1: the name of a table ends with ]]")]
    [InlineData("a = \"open", "line 1: a text ends with \" on the same line")]
    [InlineData("a = 'open\n'", "line 1: a text ends with ' on the same line")]
    [InlineData("a = \"\"\"\nlong\"\"\"", "line 1: a text over several lines is not read here; write it on one line in single or double quotes")]
    [InlineData("a = \"\\q\"", "line 1: after \\ comes one of b t n f r u U \" and \\; between single quotes it means itself")]
    [InlineData("a = \"\\ud800\"", "line 1: \\u is followed by 4 hexadecimal digits of a character")]
    [InlineData("a = \"\\u12", "line 1: \\u is followed by 4 hexadecimal digits of a character")]
    [InlineData("a = \"\u0007\"", "line 1: a text holds a control character; write it as \\u and four digits")]
    [InlineData("a = [1 2]", "line 1: the values of a list are separated by commas, and the list ends with ]")]
    [InlineData("a = [1,\n2", "line 2: the values of a list are separated by commas, and the list ends with ]")]
    [InlineData("a = { b = 1 c = 2 }", "line 1: the values of a table in braces are separated by commas, and it ends with } on the same line")]
    public void What_is_not_read_is_refused_with_its_line(string text, string problem) =>
        Assert.Equal(problem, Assert.Throws<TomlException>(() => TomlReader.Read(text)).Message);

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{ a = ", "}")]
    public void Values_in_each_other_end(string open, string close) => Assert.Equal(
        "line 1: values stand too deep in each other",
        Assert.Throws<TomlException>(() => TomlReader.Read("a = " + string.Concat(Enumerable.Repeat(open, 10_000)) + string.Concat(Enumerable.Repeat(close, 10_000)))).Message);

    private static string Text(TomlTable table, params string[] path)
    {
        object value = table.Values[path[0]].Value;
        return path.Length > 1 ? Text((TomlTable)value, path[1..]) : Convert.ToString(value, CultureInfo.InvariantCulture)!;
    }
}
