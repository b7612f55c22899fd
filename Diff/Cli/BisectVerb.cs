using System.CommandLine;
using System.Globalization;
using Differ.Diff.Bisect;
using Differ.Diff.Compare;
using Differ.Diff.Verdicts;
using Differ.Replay.Svm;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary><c>differ bisect</c>: judges a revision for <c>git bisect run</c>.</summary>
internal sealed class BisectVerb : IVerb
{
    /// <summary>The word of the verb.</summary>
    public const string Name = "bisect";

    private const double DefaultLoss = 1;

    /// <inheritdoc/>
    public Command Build(Terminal terminal)
    {
        Argument<string[]> inputs = Options.Inputs();
        var rule = new Option<string?>("--rule") { Description = "Bad is that this rule is broken" };
        rule.CompletionSources.Add(static _ => Options.RuleIds);
        var fingerprint = new Option<string?>("--fingerprint") { Description = "Bad is a divergence with this fingerprint" };
        var since = new Option<string?>("--new-since") { Description = "Bad is a divergence that this capture or run lacks" };
        var votes = new Option<int>("--votes") { Description = "How many of the captures must tell; the majority decides", DefaultValueFactory = _ => 1 };
        var loss = new Option<double>("--most-loss")
        {
            Description = "A capture with more than so many percent of its exits undecided for lost events cannot say good",
            DefaultValueFactory = _ => DefaultLoss,
        };
        var command = new Command(Name,
            "Judges a revision for git bisect run, and says in one line why. Without an option, bad is any departure of the hypervisor.\n"
            + $"Exit status: 0 good, 1 bad, {ExitStatus.CannotJudge} cannot judge, {ExitStatus.BisectFault} the command or Differ is at fault.")
        {
            inputs, rule, fingerprint, since, votes, loss,
        };
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(inputs), words.GetValue(rule), words.GetValue(fingerprint), words.GetValue(since),
            words.GetValue(votes), words.GetValue(loss), terminal, cancel)));
        return command;
    }

    private static int Run(
        string[] inputs, string? rule, string? fingerprint, string? since, int votes, double loss, Terminal terminal, CancellationToken cancel)
    {
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

        if (votes < 1 || loss is not (>= 0 and <= 100))
        {
            throw new UsageException(votes < 1 ? "--votes is a number of captures, 1 or more" : "--most-loss is a percentage, 0 to 100");
        }

        DiffResult? before = since is null ? null : Check(since, terminal, cancel);
        var question = new BisectQuestion(rule, fingerprint, before, loss / 100);
        BisectJudgement said = BisectQuestion.Majority([.. inputs.Select(input => Judge(question, input, terminal, cancel))], votes);
        (int status, string word) = said.Answer switch
        {
            BisectAnswer.Good => (ExitStatus.Agrees, "good"),
            BisectAnswer.Bad => (ExitStatus.Diverges, "bad"),
            _ => (ExitStatus.CannotJudge, "cannot judge"),
        };
        terminal.Output.Write(string.Create(CultureInfo.InvariantCulture, $"{word}: {said.Why}\n"));
        return status;
    }

    // A capture that cannot be used says nothing about the revision; that no file can be read at all is not the revision's doing either.
    private static BisectJudgement Judge(BisectQuestion question, string input, Terminal terminal, CancellationToken cancel)
    {
        try
        {
            return question.Judge(Check(input, terminal, cancel));
        }
        catch (Exception e) when (UnusableInput.Is(e))
        {
            return new BisectJudgement(BisectAnswer.CannotJudge, PlainText.Of($"{input} cannot be used: {e.Message}"));
        }
    }

    private static DiffResult Check(string input, Terminal terminal, CancellationToken cancel)
    {
        using RunInput run = RunInput.Open(input, terminal);
        return CheckVerb.Check(run, Policy.Default, cpu: null, cancel);
    }
}
