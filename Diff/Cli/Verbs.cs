using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Differ.Capture;

namespace Differ.Cli;

/// <summary>Every verb. A new one is a file beside this one and a line here.</summary>
internal static class Verbs
{
    private const int WidthOfHelp = 120;

    /// <summary>In the order of <c>differ --help</c>.</summary>
    public static IReadOnlyList<IVerb> All { get; } =
    [
        new CheckVerb(),
        new RecordVerb(),
        new ConvertVerb(),
        new RedactVerb(),
        new ReplayVerb(),
        new DiffVerb(),
        new CompareVerb(),
        new ShowVerb(),
        new RulesVerb(),
        new ExplainVerb(),
        new ModelVerb(),
        new ConformVerb(),
        new SelftestVerb(),
        new CorpusVerb(),
        new BisectVerb(),
        new BaselineVerb(),
        new StatsVerb(),
        new CompletionsVerb(),
        new ManVerb(),
    ];

    /// <summary>The whole command line.</summary>
    public static RootCommand Build(Terminal terminal)
    {
        var root = new RootCommand(
            "Finds where KVM departs from AMD's manual in recordings of nested guests.\n"
            + $"Capture formats: {string.Join(", ", CaptureSession.FormatNames)}; a capture that is - comes from standard input.\n"
            + $"It may be packed ({string.Join(", ", CaptureFile.PackingNames)}) or in a tar archive or folder; what it is, its first bytes tell.\n"
            + "Exit status: 0 conforms, 1 diverges, 2 unusable input, 3 fault in Differ, 4 inconclusive, 64 usage.");
        root.Options.Single(option => option is VersionOption).Action = new ShowVersion(terminal);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        if (help.Action is HelpAction action && !terminal.IsForPerson)
        {
            // The width of a terminal that is none is endless, and columns would be filled up to it.
            action.MaxWidth = WidthOfHelp;
        }

        foreach (string dos in (string[])["/?", "/h", "-?"])
        {
            help.Aliases.Remove(dos);
        }

        foreach (IVerb verb in All)
        {
            root.Subcommands.Add(verb.Build(terminal));
        }

        return root;
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
