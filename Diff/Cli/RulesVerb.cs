using System.CommandLine;
using Differ.Replay.Svm;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary><c>differ rules</c>: the rule book.</summary>
internal sealed class RulesVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build(Terminal terminal)
    {
        var id = new Argument<string?>("id") { Description = "One rule in full", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("rules", "Prints the rule book, or one rule in full") { id };
        command.SetAction(words => Run(words.GetValue(id), terminal.Output));
        return command;
    }

    private static int Run(string? id, TextWriter output)
    {
        if (id is null)
        {
            output.Write($"{RuleBook.Statements.Count} rules; manual {Apm.Revision}\n\n");
            foreach (RuleInfo rule in RuleBook.Statements)
            {
                output.Write($"{rule.Id,-34} {rule.Statement}\n");
            }

            return ExitStatus.Agrees;
        }

        RuleInfo found = RuleBook.Statements.FirstOrDefault(rule => string.Equals(rule.Id, id, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"there is no rule {id}; differ rules lists them");
        output.Write($"{found.Id}\n");
        Item(output, "statement", found.Statement);
        Item(output, "manual", $"{found.Citation}, {Apm.Revision}");
        Item(output, "about", string.Join(", ", Enum.GetValues<RuleScope>().Where(scope => found.Scope.HasFlag(scope)).Select(Words)));
        Item(output, "severity", found.Severity.ToString().ToLowerInvariant());
        Item(output, "visible", Words(found.Visibility));
        Item(output, "sureness", Words(found.Confidence));
        Item(output, "evidence", found.Evidence);
        Item(output, "expected", found.Expected);
        return ExitStatus.Agrees;
    }

    private static void Item(TextWriter output, string label, string text) => output.Write($"  {label,-10} {text}\n");

    private static string Words(RuleScope scope) => scope switch
    {
        RuleScope.Processor => "the processor under the hypervisor",
        RuleScope.Emulation => "SVM as the hypervisor emulates it for L1",
        _ => "L1's controls composed with an event of L2",
    };

    private static string Words(Visibility visibility) => visibility switch
    {
        Visibility.Observable => "condition and outcome are in stock tracepoints",
        Visibility.Partly => "one side only, or with state that has to be tracked",
        _ => "not in stock tracepoints",
    };

    private static string Words(Confidence confidence) => confidence switch
    {
        Confidence.Certain => "certain",
        Confidence.Likely => "likely: one element is assumed, and the report names it",
        Confidence.Weak => "weak: undecided on recordings, reported with --speculative",
        _ => "cannot be checked from stock tracepoints",
    };
}
