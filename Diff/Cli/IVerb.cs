using System.CommandLine;

namespace Differ.Cli;

/// <summary>One verb of the program.</summary>
internal interface IVerb
{
    /// <summary>Its words, its help and what it does.</summary>
    /// <param name="terminal">Where results and remarks go.</param>
    Command Build(Terminal terminal);
}
