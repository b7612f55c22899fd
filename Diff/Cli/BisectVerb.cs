using System.CommandLine;
using System.Globalization;
using Differ.Diff.Bisect;
using Differ.Diff.Changes;
using Differ.Diff.Compare;
using Differ.Diff.Verdicts;
using Differ.Replay.Svm;

namespace Differ.Cli;

/// <summary><c>differ bisect</c>: judges a revision for <c>git bisect run</c>.</summary>
internal sealed class BisectVerb : IVerb
{
    /// <summary>The word of the verb.</summary>
    public const string Name = "bisect";

    private const double DefaultLoss = 1;
    private const double DefaultCommon = 50;

    private readonly Argument<string[]> _inputs = Options.Inputs();
    private readonly Option<string?> _rule = new("--rule") { Description = "Bad is that this rule is broken" };
    private readonly Option<string?> _fingerprint = new("--fingerprint") { Description = "Bad is a divergence with this fingerprint; good needs --in" };
    private readonly Option<string?> _in = new("--in")
    {
        Description = "A report of check --format json, a baseline, a capture or a run that has the divergence of --fingerprint: it tells where that can show",
    };

    private readonly Option<string?> _since = new("--new-since") { Description = "Bad is a divergence that this capture or run lacks" };
    private readonly Option<string?> _acts = new("--acts-otherwise")
    {
        Description = "Bad is that L0 acts otherwise than in this capture or run of the same guest, whatever the rules say",
    };

    private readonly Option<int> _votes = new("--votes") { Description = "How many of the captures must tell; the majority decides", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _loss = new("--most-loss")
    {
        Description = "A capture cannot say good if it lost more than so many percent of the exits of L2 and SVM instructions",
        DefaultValueFactory = _ => DefaultLoss,
    };

    private readonly Option<double> _common = new("--least-common")
    {
        Description = "With --acts-otherwise: how many percent of the exits of L2 and SVM instructions must have been compared for good",
        DefaultValueFactory = _ => DefaultCommon,
    };

    /// <inheritdoc/>
    public Command Build(Terminal terminal)
    {
        _rule.CompletionSources.Add(static _ => Options.RuleIds);
        var command = new Command(Name,
            "Judges a revision for git bisect run, and says in one line why. Without an option, bad is any departure of the hypervisor.\n"
            + $"Exit status: 0 good, 1 bad, {ExitStatus.CannotJudge} cannot judge, {ExitStatus.BisectFault} the command or Differ is at fault.")
        {
            _inputs, _rule, _fingerprint, _in, _since, _acts, _votes, _loss, _common,
        };
        command.SetAction((words, cancel) => Task.FromResult(Run(words, terminal, cancel)));
        return command;
    }

    private int Run(ParseResult words, Terminal terminal, CancellationToken cancel)
    {
        string[] inputs = words.GetRequiredValue(_inputs);
        int votes = words.GetValue(_votes);
        double loss = words.GetValue(_loss), common = words.GetValue(_common);
        if (votes < 1 || loss is not (>= 0 and <= 100) || common is not (>= 0 and <= 100))
        {
            throw new UsageException(votes < 1 ? "--votes is a number of captures, 1 or more" : $"{(loss is >= 0 and <= 100 ? "--least-common" : "--most-loss")} is a percentage, 0 to 100");
        }

        foreach (string input in inputs.Where(input => input != RunInput.StandardInput && !File.Exists(input) && !Directory.Exists(input)))
        {
            // It would make each revision one that cannot be judged.
            throw new UsageException($"{input} is neither a file nor a folder; where a revision gives no recording, the script has to end with {ExitStatus.CannotJudge}");
        }

        Func<string, BisectJudgement> judge = words.GetValue(_acts) is { } acts ? Beside(acts, inputs, words, terminal, cancel) : ByRules(words, terminal, cancel);
        BisectJudgement said = BisectJudgement.Majority([.. inputs.Select(input => Judge(judge, input))], votes);
        (int status, string word) = said.Answer switch
        {
            BisectAnswer.Good => (ExitStatus.Agrees, "good"),
            BisectAnswer.Bad => (ExitStatus.Diverges, "bad"),
            _ => (ExitStatus.CannotJudge, "cannot judge"),
        };
        terminal.Output.Write(string.Create(CultureInfo.InvariantCulture, $"{word}: {said.Why}\n"));
        return status;
    }

    private Func<string, BisectJudgement> ByRules(ParseResult words, Terminal terminal, CancellationToken cancel)
    {
        string? rule = words.GetValue(_rule), fingerprint = words.GetValue(_fingerprint), source = words.GetValue(_in);
        if (rule is not null)
        {
            rule = RuleBook.Statements.FirstOrDefault(one => string.Equals(one.Id, rule, StringComparison.OrdinalIgnoreCase))?.Id
                ?? throw new UsageException($"there is no rule {rule}; differ rules lists them");
        }

        if (fingerprint is not null && !Fingerprint.Is(fingerprint))
        {
            // It would call every revision good.
            throw new UsageException($"{fingerprint} is no fingerprint; reports give it, as a093e73e0576");
        }

        if (fingerprint is null ? source is not null : rule is not null)
        {
            throw new UsageException(fingerprint is null ? "--in tells of the divergence of --fingerprint; name that" : "--fingerprint names one divergence; --rule says nothing more");
        }

        DiffResult? before = words.GetValue(_since) is { } since ? Check(since, words, terminal, cancel).Result : null;
        var question = new BisectQuestion(rule, fingerprint, before, words.GetValue(_loss) / 100)
        {
            Asked = fingerprint is null ? null : AskedClasses.Find(fingerprint, source, before, path => Check(path, words, terminal, cancel).Result),
        };
        return input => question.Judge(Check(input, words, terminal, cancel));
    }

    private Func<string, BisectJudgement> Beside(string inBase, string[] inputs, ParseResult words, Terminal terminal, CancellationToken cancel)
    {
        foreach (Option<string?> other in (Option<string?>[])[_rule, _fingerprint, _in, _since])
        {
            if (words.GetValue(other) is not null)
            {
                throw new UsageException($"--acts-otherwise asks what L0 does, whatever the rules say; {other.Name} does not go with it");
            }
        }

        if (inputs.Append(inBase).Contains(RunInput.StandardInput))
        {
            throw new UsageException("standard input cannot be compared, because captures are read twice");
        }

        // A base that cannot be used, or says too little, is no revision's fault: each would be skipped.
        var question = new BehaviourQuestion(words.GetValue(_loss) / 100, words.GetValue(_common) / 100);
        if (question.LackOf(Check(inBase, words, terminal, cancel).Result) is { } lack)
        {
            throw new UsageException($"{inBase} cannot be the base: {lack}");
        }

        return input => question.Judge(TwoRuns.Compare("", inBase, input, PolicyOf(words), static result => result, terminal, cancel));
    }

    // A capture that cannot be used says nothing about the revision.
    private static BisectJudgement Judge(Func<string, BisectJudgement> judge, string input)
    {
        try
        {
            return judge(input);
        }
        catch (Exception e) when (UnusableInput.Is(e) || e is InputException)
        {
            return new BisectJudgement(BisectAnswer.CannotJudge, $"{input} cannot be used: {e.Message}");
        }
    }

    private CheckedRun Check(string input, ParseResult words, Terminal terminal, CancellationToken cancel)
    {
        var kept = new KeptCounter(RuleBook.Statements);
        using RunInput run = RunInput.Open(input, terminal);
        return new CheckedRun(CheckVerb.Check(run, PolicyOf(words), cpu: null, cancel, kept: kept), kept);
    }

    // What may be lost of what matters may be lost of the rest as well.
    private Policy PolicyOf(ParseResult words) => Policy.Default with { MaxLost = Math.Max(Policy.Default.MaxLost, words.GetValue(_loss) / 100) };
}
