using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Results;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Config;

/// <summary>What a configuration file says.</summary>
/// <param name="Policy">What recordings are judged by.</param>
/// <param name="Baseline">The list of accepted departures; null where none is named.</param>
/// <param name="Cpu">The description of the virtual CPU; null where none is named.</param>
internal sealed record Configuration(Policy Policy, string? Baseline, string? Cpu);

/// <summary>
/// The file differ.toml: <c>baseline</c>, <c>cpu</c>, <c>docs</c>, the table <c>policy</c> with the words of the options, and <c>[[ignore]]</c> with rules and
/// reasons. A key that nobody knows is an error: a mistyped limit must not be no limit.
/// </summary>
internal sealed class ConfigFile
{
    /// <summary>The name under which it is looked for.</summary>
    public const string Name = "differ.toml";

    private const int Largest = 1 << 20;

    private readonly string _path;

    private ConfigFile(string path) => _path = path;

    /// <summary>Finds the file that counts where none is named: that of the current folder, else that of the one folder that is checked.</summary>
    /// <param name="inputs">What is checked.</param>
    public static string? Find(IReadOnlyList<string> inputs) => IsFile(Name) ? Name
        : inputs is [var only] && IsFile(Path.Combine(only, Name)) ? Path.Combine(only, Name)
        : null;

    /// <summary>Reads a file.</summary>
    /// <exception cref="UsageException">It cannot be read, or says what makes no sense.</exception>
    public static Configuration Read(string path)
    {
        try
        {
            return new ConfigFile(path).Configuration(TomlReader.Read(DiskFile.ReadText(path, Largest)));
        }
        catch (TomlException problem)
        {
            throw new UsageException($"{path}, {problem.Message}");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {UnusableInput.ReasonOf(fault)}");
        }
    }

    private Configuration Configuration(TomlTable root)
    {
        Policy policy = Policy.Default with { Source = PlainText.Of(_path) };
        string? baseline = null, cpu = null;
        Each(root, new()
        {
            ["baseline"] = value => baseline = Beside(value),
            ["cpu"] = value => cpu = Beside(value),
            ["docs"] = value => policy = policy with { Docs = Address(value) },
            ["policy"] = value => policy = PolicyOf(value, policy),
            ["ignore"] = value => policy = policy with { Ignored = Ignored(value) },
        });
        return new Configuration(policy, baseline, cpu);
    }

    private static Policy PolicyOf(TomlValue value, Policy policy)
    {
        Each(Table(value, "policy"), new()
        {
            ["fail-on"] = one => policy = policy with { FailOn = PolicyWords.FailOn(Texts(one)) },
            ["max-lost"] = one => policy = policy with { MaxLost = Share(one) },
            ["max-undecided"] = one => policy = policy with { MaxUndecided = Share(one) },
            ["require"] = one => policy = policy with { Require = PolicyWords.Rules(Texts(one)) },
            ["culprit"] = one => policy = policy with { Culprit = PolicyWords.Culprit(Text(one)) },
            ["speculative"] = one => policy = policy with { Speculative = one.Value is bool yes ? yes : throw new TomlException(one.Line, "speculative is true or false") },
        });
        return policy;
    }

    private static List<IgnoredRule> Ignored(TomlValue value)
    {
        var ignored = new List<IgnoredRule>();
        foreach (TomlValue item in value.Value as List<TomlValue> ?? throw new TomlException(value.Line, "each rule to ignore is a table [[ignore]] with rule and reason"))
        {
            string rule = "", reason = "";
            Each(Table(item, "ignore"), new()
            {
                ["rule"] = one => rule = PolicyWords.Rules([Text(one)])[0],
                ["reason"] = one => reason = Text(one),
            });
            if (rule.Length == 0 || reason.Length == 0)
            {
                throw new TomlException(item.Line, "an ignored rule needs rule and reason");
            }

            if (ignored.Exists(one => one.Rule == rule))
            {
                throw new TomlException(item.Line, $"{rule} is ignored twice");
            }

            ignored.Add(new IgnoredRule(rule, reason));
        }

        return ignored;
    }

    // A word that makes no sense is told with its line.
    private static void Each(TomlTable table, Dictionary<string, Action<TomlValue>> keys)
    {
        foreach ((string key, TomlValue value) in table.Values)
        {
            Shown(key, value.Line);
            if (!keys.TryGetValue(key, out Action<TomlValue>? take))
            {
                throw new TomlException(value.Line, $"there is no key {key} here; there are {string.Join(", ", keys.Keys)}");
            }

            try
            {
                take(value);
            }
            catch (UsageException problem)
            {
                throw new TomlException(value.Line, problem.Message);
            }
        }
    }

    private static TomlTable Table(TomlValue value, string name) => value.Value as TomlTable ?? throw new TomlException(value.Line, $"{name} is a table");

    private static string Text(TomlValue value) => Shown(value.Value as string ?? throw new TomlException(value.Line, "a text in quotes is expected"), value.Line);

    // What a configuration says is written on terminals and into reports.
    private static string Shown(string text, int line) =>
        PlainText.Of(text) == text ? text : throw new TomlException(line, "a text holds a character that does not show");

    private static string Address(TomlValue value) =>
        Uri.TryCreate(Text(value), UriKind.Absolute, out Uri? address) && address.Scheme is "https" or "http" or "file" ? Text(value)
            : throw new TomlException(value.Line, "docs is the address of a folder, and begins with https://, http:// or file://");

    private static IReadOnlyList<string> Texts(TomlValue value) => value.Value switch
    {
        string one => [one],
        List<TomlValue> list => [.. list.Select(Text)],
        _ => throw new TomlException(value.Line, "a text in quotes, or a list of such texts, is expected"),
    };

    private static double Share(TomlValue value) => value.Value switch
    {
        double percent => PolicyWords.Share(percent),
        string text => PolicyWords.Share(text),
        _ => throw new TomlException(value.Line, "a percentage is expected, as 10"),
    };

    private static bool IsFile(string path) => FileNode.Of(path) is not null and not { Kind: FileKind.Folder };

    // Files are named as seen from the configuration, wherever the command runs.
    private string Beside(TomlValue value)
    {
        string path = Path.Combine(Path.GetDirectoryName(_path) ?? "", Text(value));
        return IsFile(path) ? path : throw new TomlException(value.Line, $"there is no file {path}");
    }
}
