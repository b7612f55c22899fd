using Differ.Capture;
using Differ.Diff.Results;
using Differ.Diff.Shards;
using Differ.Replay;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>The rules of this program.</summary>
internal static class OwnRules
{
    /// <summary>The rules, with the version of the program.</summary>
    public static RuleSet Set { get; } = new(RuleBook.Statements, $"differ {VersionText.Version}");

    /// <summary>Names this very program: whoever changes it between two commits gets no results of the other one.</summary>
    public static string Build { get; } = string.Join(
        ' ', new[] { typeof(CheckVerb), typeof(DiffResult), typeof(RuleBook), typeof(CaptureFile), typeof(RunHeader) }.Select(type => $"{type.Module.ModuleVersionId:n}"));
}
