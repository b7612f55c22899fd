using System.CommandLine;
using Differ.Capture.Disk;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Results;
using Differ.Replay;

namespace Differ.Cli;

/// <summary>What <c>differ bisect</c> is asked.</summary>
/// <param name="Inputs">Captures or runs of the revision.</param>
/// <param name="Rule">Bad is that this rule is broken, by its id; null for any.</param>
/// <param name="Fingerprint">Bad is a divergence with this fingerprint; null for any.</param>
/// <param name="Source">What has the divergence of <paramref name="Fingerprint"/>; null for nothing.</param>
/// <param name="Since">What lacks the divergences that are bad; null for no such input.</param>
/// <param name="Acts">Bad is that L0 behaves differently than in this input; null for no such input.</param>
/// <param name="Votes">How many inputs must tell.</param>
/// <param name="MostLoss">The largest part, 0 to 1, that may be lost of what matters in an input that says good.</param>
/// <param name="LeastCommon">The smallest part, 0 to 1, that must have been compared with <paramref name="Acts"/>.</param>
/// <param name="How">What inputs are judged by.</param>
internal sealed record BisectRequest(
    string[] Inputs, string? Rule, string? Fingerprint, string? Source, string? Since, string? Acts, int Votes, double MostLoss, double LeastCommon, Judging How);

/// <summary>The options of <c>differ bisect</c>.</summary>
internal sealed class BisectOptions
{
    private const double DefaultLoss = 1;
    private const double DefaultCommon = 50;

    private readonly Argument<string[]> _inputs = Options.Inputs();
    private readonly Option<string?> _rule = new("--rule") { Description = "bad = this rule diverges", HelpName = "RULE" };
    private readonly Option<string?> _fingerprint = new("--fingerprint") { Description = "bad = a divergence with this fingerprint; good needs --in", HelpName = "FINGERPRINT" };
    private readonly Option<string?> _in = new("--in")
    {
        Description = "A JSON report, baseline, capture or run that has the divergence of --fingerprint: it tells where that can show",
        HelpName = "FILE",
    };

    private readonly Option<string?> _since = new("--new-since") { Description = "bad = a divergence that the reference, a capture or run, lacks", HelpName = "REFERENCE" };
    private readonly Option<string?> _acts = new("--behaviour-since", "--acts-otherwise")
    {
        Description = "bad = L0 behaves differently from the reference, a capture or run of the same guest, whatever the rules say",
        HelpName = "REFERENCE",
    };

    private readonly Option<int> _votes = new("--votes") { Description = "How many captures must tell; the majority decides", HelpName = "N", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _loss = new("--most-loss")
    {
        Description = "A capture that lost more percent of the exits of L2 and SVM instructions cannot say good",
        HelpName = "PERCENT",
        DefaultValueFactory = _ => DefaultLoss,
    };

    private readonly Option<double> _common = new("--least-common")
    {
        Description = "With --behaviour-since: percent of the exits of L2 and SVM instructions that must be compared for good",
        HelpName = "PERCENT",
        DefaultValueFactory = _ => DefaultCommon,
    };

    private readonly JudgingOptions _judging = new();

    /// <summary>Adds them to the verb.</summary>
    public void AddTo(Command command)
    {
        _rule.CompletionSources.Add(static _ => Options.RuleIds);
        command.Arguments.Add(_inputs);
        foreach (Option option in (Option[])[_rule, _fingerprint, _in, _since, _acts, _votes, _loss, _common])
        {
            command.Options.Add(option);
        }

        _judging.AddToQuestion(command);
    }

    /// <summary>What the words say.</summary>
    /// <exception cref="UsageException">They make no sense.</exception>
    public BisectRequest Read(ParseResult words)
    {
        Judging how = _judging.Read(words, []);
        double loss = Share(words, _loss);
        var request = new BisectRequest(
            words.GetRequiredValue(_inputs), RuleOf(words.GetValue(_rule)), words.GetValue(_fingerprint), words.GetValue(_in), words.GetValue(_since), words.GetValue(_acts),
            words.GetValue(_votes), loss, Share(words, _common),
            // What may be lost of what matters may be lost of the rest as well.
            how with { Policy = how.Policy with { MaxLost = Math.Max(how.Policy.MaxLost, loss) } });
        return WrongIn(request) is { } wrong ? throw new UsageException(wrong) : request;
    }

    private static string? WrongIn(BisectRequest asked) =>
        asked.Votes < 1 ? "--votes is a number of captures, 1 or more"
        : asked.Inputs.FirstOrDefault(static input => input != RunInput.StandardInput && FileNode.Of(input) is null) is { } absent
            // It would make each revision one that cannot be judged.
            ? $"{absent} is neither a file nor a folder; where a revision gives no recording, the script has to end with {ExitStatus.CannotJudge}"
        // It would call every revision good.
        : asked.Fingerprint is { } fingerprint && !Fingerprint.Is(fingerprint) ? $"{fingerprint} is no fingerprint; reports give it, as a093e73e0576"
        : asked.Fingerprint is null && asked.Source is not null ? "--in tells of the divergence of --fingerprint; name that"
        : asked.Fingerprint is not null && asked.Rule is not null ? "--fingerprint names one divergence; --rule says nothing more"
        : asked.Acts is null ? null
        : OptionBeside(asked) is { } other ? $"--behaviour-since asks what L0 does, whatever the rules say; {other} does not go with it"
        : asked.Inputs.Append(asked.Acts).Contains(RunInput.StandardInput) ? "standard input cannot be compared, because captures are read twice"
        : null;

    private static string? OptionBeside(BisectRequest asked) =>
        asked.Rule is not null ? "--rule" : asked.Fingerprint is not null ? "--fingerprint" : asked.Since is not null ? "--new-since" : null;

    private static string? RuleOf(string? id) => id is null ? null
        : RuleBook.Statements.FirstOrDefault(one => string.Equals(one.Id, id, StringComparison.OrdinalIgnoreCase))?.Id
            ?? throw new UsageException($"there is no rule {id}; differ rules lists them");

    private static double Share(ParseResult words, Option<double> option) => words.GetValue(option) is var percent and >= 0 and <= 100 ? percent / 100
        : throw new UsageException($"{option.Name} is a percentage, 0 to 100");
}
