namespace Differ.Cli;

/// <summary>What the program's exit status tells.</summary>
internal static class ExitStatus
{
    /// <summary>Nothing diverges; or the verb has nothing to say about divergences and did its work.</summary>
    public const int Agrees = 0;

    /// <summary>Something diverges.</summary>
    public const int Diverges = 1;

    /// <summary>The input cannot be used, or the words of the command are wrong.</summary>
    public const int Unusable = 2;

    /// <summary>A fault in Differ.</summary>
    public const int Fault = 3;

    /// <summary>Ended by Ctrl-C: 128 and the number of the signal.</summary>
    public const int Interrupted = 130;
}
