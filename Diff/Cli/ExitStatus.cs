using Differ.Diff.Findings;

namespace Differ.Cli;

/// <summary>What the program's exit status tells.</summary>
internal static class ExitStatus
{
    /// <summary>Nothing diverges; or the verb has nothing to say about divergences and did its work.</summary>
    public const int Agrees = 0;

    /// <summary>Something diverges, or is else what the policy fails on.</summary>
    public const int Diverges = 1;

    /// <summary>An input cannot be used, or an output not be written.</summary>
    public const int Unusable = 2;

    /// <summary>A fault in Differ.</summary>
    public const int Fault = 3;

    /// <summary>Nothing diverges, and too little is known of a recording to call it good.</summary>
    public const int Inconclusive = 4;

    /// <summary>The words of the command are wrong, or a file that they name for the judgement (EX_USAGE of sysexits.h).</summary>
    public const int Usage = 64;

    /// <summary><c>git bisect run</c>: the revision cannot be judged.</summary>
    public const int CannotJudge = 125;

    /// <summary><c>git bisect run</c>: usage or internal error; the bisection must stop.</summary>
    public const int BisectFault = 255;

    /// <summary>Ended by a signal: 128 and the number of the first one that a person sends, SIGINT, for every one of them.</summary>
    public const int Interrupted = 130;

    /// <summary>Every status and what it means, for people.</summary>
    public static IReadOnlyList<(int Status, string Meaning)> Meanings { get; } =
    [
        (Agrees, "what was recorded conforms, or the command did its work"),
        (Diverges, "something diverges, or is what --fail-on names"),
        (Unusable, "an input cannot be used, or an output cannot be written; nothing diverges in what could be read"),
        (Fault, "internal error of differ; please report it"),
        (Inconclusive, "nothing diverges, and a recording is inconclusive: it holds too little to say that nothing does"),
        (Usage, "the command line cannot be used, or a baseline, configuration or CPU description that it names"),
        (CannotJudge, "differ bisect: the revision cannot be judged"),
        (Interrupted, "interrupted; no partial file is left"),
        (BisectFault, "differ bisect: usage or internal error; the bisection must stop"),
    ];

    /// <summary>What a set of captures comes to: a finding goes before a capture that cannot be used, and that before one that says too little.</summary>
    public static int Of(FindingSet findings) => findings.Fails ? Diverges : findings.Unread.Count > 0 ? Unusable : findings.IsInconclusive ? Inconclusive : Agrees;

    /// <summary>A status as <c>git bisect run</c> has to see it: other numbers up to 127 would say that the revision is bad.</summary>
    public static int ForBisect(int status) => status is Unusable or Fault or Usage ? BisectFault : status;
}
