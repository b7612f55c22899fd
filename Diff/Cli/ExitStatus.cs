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

    /// <summary><c>git bisect run</c>: the revision cannot be judged.</summary>
    public const int CannotJudge = 125;

    /// <summary><c>git bisect run</c>: the bisection must stop, because the command or Differ is at fault.</summary>
    public const int BisectFault = 255;

    /// <summary>Ended by a signal: 128 and the number of the first one that a person sends, SIGINT, for every one of them.</summary>
    public const int Interrupted = 130;

    /// <summary>A status as <c>git bisect run</c> has to see it: 2 and 3 would say that the revision is bad.</summary>
    public static int ForBisect(int status) => status is Unusable or Fault ? BisectFault : status;
}
