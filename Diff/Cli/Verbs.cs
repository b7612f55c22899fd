using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Differ.Cli.Help;

namespace Differ.Cli;

/// <summary>Every verb. A new one is a file beside this one and a line here.</summary>
internal static class Verbs
{
    /// <summary>In the order of <c>differ --help</c>.</summary>
    public static IReadOnlyList<IVerb> All { get; } =
    [
        new CheckVerb(),
        new MergeVerb(),
        new RecordVerb(),
        new ConvertVerb(),
        new RedactVerb(),
        new ReplayVerb(),
        new DiffVerb(),
        new CompareVerb(),
        new ShowVerb(),
        new BrowseVerb(),
        new RulesVerb(),
        new ExplainVerb(),
        new ModelVerb(),
        new ConformVerb(),
        new SelftestVerb(),
        new CorpusVerb(),
        new BisectVerb(),
        new BaselineVerb(),
        new StatsVerb(),
        new ExportVerb(),
        new CompletionsVerb(),
        new ManVerb(),
        new HelpVerb(),
    ];

    /// <summary>Says that little is to be said.</summary>
    public const string QuietOption = "--quiet";

    /// <summary>The whole command line.</summary>
    public static RootCommand Build(Terminal terminal)
    {
        var root = new RootCommand("differ finds where KVM diverges from AMD's manual in recordings of nested guests.");
        VersionOption version = root.Options.OfType<VersionOption>().Single();
        version.Aliases.Add("-V");
        version.Description = "Version, commit, number of rules and revision of the manual";
        version.Action = new ShowVersion(terminal);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Description = "This help; behind a command, its help";
        help.Action = new ShowHelp(terminal);
        foreach (string dos in (string[])["/?", "/h", "-?"])
        {
            help.Aliases.Remove(dos);
        }

        root.Options.Add(new Option<bool>(QuietOption, "-q") { Description = "Only the verdict line of a report; no progress, no remarks", Recursive = true });
        foreach (IVerb verb in All)
        {
            root.Subcommands.Add(verb.Build(terminal));
        }

        return root;
    }

    private sealed class ShowHelp(Terminal terminal) : SynchronousCommandLineAction
    {
        // Who asks for help need not know what else is missing.
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            HelpPage.Write(parseResult.CommandResult.Command, terminal.Output);
            return ExitStatus.Agrees;
        }
    }

    private sealed class ShowVersion(Terminal terminal) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            terminal.Output.Write($"{VersionText.Line}\n");
            return ExitStatus.Agrees;
        }
    }
}

/// <summary>One verb of the program.</summary>
internal interface IVerb
{
    /// <summary>Its words, its help and what it does.</summary>
    /// <param name="terminal">Where results and remarks go.</param>
    Command Build(Terminal terminal);
}
