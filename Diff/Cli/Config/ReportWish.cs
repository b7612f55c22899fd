using Differ.Cli.Faults;

namespace Differ.Cli.Config;

/// <summary>A report that the user asks for.</summary>
/// <param name="Format">The format's name.</param>
/// <param name="Path">The file; - for standard output.</param>
/// <param name="IsUsual">Whether it is the one on standard output that comes unasked, or in the format after --format.</param>
internal sealed record ReportWish(string Format, string Path, bool IsUsual = false)
{
    private const string StandardOutput = "-";

    /// <summary>Whether it goes to standard output.</summary>
    public bool IsOnOutput => Path == StandardOutput;

    /// <summary>What is to be written.</summary>
    /// <param name="reports">The words after --report, each a format or format=file.</param>
    /// <param name="format">The word after --format, or its default.</param>
    /// <param name="isAsked">Whether --format was given.</param>
    /// <param name="known">The names of all formats.</param>
    /// <exception cref="UsageException">There is no such format, or two reports would be in one place.</exception>
    public static IReadOnlyList<ReportWish> Of(IEnumerable<string> reports, string format, bool isAsked, IReadOnlyList<string> known)
    {
        var wishes = reports.Select(word => Of(word, known)).ToList();
        if (isAsked || !wishes.Exists(wish => wish.IsOnOutput))
        {
            wishes.Add(new ReportWish(format, StandardOutput, IsUsual: true));
        }

        if (wishes.Where(wish => wish.IsOnOutput).Skip(1).FirstOrDefault() is not null)
        {
            throw new UsageException("only one report can go to standard output; name files for the others, as --report junit=differ.xml");
        }

        if (wishes.Where(wish => !wish.IsOnOutput).CountBy(wish => System.IO.Path.GetFullPath(wish.Path)).FirstOrDefault(count => count.Value > 1) is { Key: { } twice })
        {
            throw new UsageException($"two reports cannot be one file: {twice}");
        }

        return wishes;
    }

    private static ReportWish Of(string word, IReadOnlyList<string> known)
    {
        string[] parts = word.Split('=', 2);
        return !known.Contains(parts[0]) ? throw new UsageException($"--report {word}: there is no format {parts[0]}; there are {string.Join(", ", known)}")
            : parts is [_, ""] ? throw new UsageException($"--report {word}: name the file, as {parts[0]}=report, or leave out the = for standard output")
            : new ReportWish(parts[0], parts.Length == 2 ? parts[1] : StandardOutput);
    }
}
