using System.CommandLine;
using System.Globalization;
using Differ.Cli.Faults;
using Differ.Diff.Bisect;
using Differ.Diff.Changes;
using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary><c>differ bisect</c>: judges a revision for <c>git bisect run</c>.</summary>
internal sealed class BisectVerb : IVerb
{
    /// <summary>The word of the verb.</summary>
    public const string Name = "bisect";

    public Command Build(Terminal terminal)
    {
        var options = new BisectOptions();
        var command = new Command(Name,
            "Judge a revision for git bisect run, with the reason in one line\n"
            + "Without an option, bad = any divergence of KVM.\n"
            + $"Exit status: 0 good, 1 bad, {ExitStatus.CannotJudge} cannot judge, {ExitStatus.BisectFault} usage or internal error.");
        options.AddTo(command);
        command.SetAction((words, cancel) => Task.FromResult(Run(options.Read(words), terminal, cancel)));
        return command;
    }

    private static int Run(BisectRequest asked, Terminal terminal, CancellationToken cancel)
    {
        Func<string, BisectJudgement> judge = asked.Acts is { } inBase ? Beside(inBase, asked, terminal, cancel) : ByRules(asked, terminal, cancel);
        BisectJudgement said = BisectJudgement.Majority([.. asked.Inputs.Select(input => Judge(judge, input))], asked.Votes);
        (int status, string word) = said.Answer switch
        {
            BisectAnswer.Good => (ExitStatus.Agrees, "good"),
            BisectAnswer.Bad => (ExitStatus.Diverges, "bad"),
            _ => (ExitStatus.CannotJudge, "cannot judge"),
        };
        terminal.Output.Write(string.Create(CultureInfo.InvariantCulture, $"{word}: {said.Why}\n"));
        return status;
    }

    private static Func<string, BisectJudgement> ByRules(BisectRequest asked, Terminal terminal, CancellationToken cancel)
    {
        DiffResult? before = asked.Since is null ? null : Check(asked.Since).Result;
        var question = new BisectQuestion(asked.Rule, asked.Fingerprint, before, asked.MostLoss)
        {
            Asked = asked.Fingerprint is null ? null : AskedClasses.Find(asked.Fingerprint, asked.Source, before, path => Check(path).Result),
        };
        return input => question.Judge(Check(input));

        CheckedRun Check(string input) => BisectVerb.Check(input, asked, terminal, cancel);
    }

    private static Func<string, BisectJudgement> Beside(string inBase, BisectRequest asked, Terminal terminal, CancellationToken cancel)
    {
        // A base that cannot be used, or says too little, is no revision's fault: each would be skipped.
        var question = new BehaviourQuestion(asked.MostLoss, asked.LeastCommon);
        return question.LackOf(Check(inBase, asked, terminal, cancel).Result) is { } lack ? throw new UsageException($"{inBase} cannot be the base: {lack}")
            : input => question.Judge(TwoRuns.Compare("", inBase, input, asked.How, terminal, cancel));
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
            return new BisectJudgement(BisectAnswer.CannotJudge, PlainText.Of($"{input} cannot be used: {(e.InnerException ?? e).Message}"));
        }
    }

    private static CheckedRun Check(string input, BisectRequest asked, Terminal terminal, CancellationToken cancel)
    {
        var kept = new KeptCounter(RuleBook.Statements);
        using RunInput run = RunInput.Open(input, terminal);
        DiffResult found = CheckVerb.Check(run, asked.How.Policy, asked.How.Cpu, cancel, kept: kept);
        return new CheckedRun(asked.How.Accepted.Apply(found, terminal.Today), kept);
    }
}
