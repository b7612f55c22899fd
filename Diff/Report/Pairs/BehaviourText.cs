using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Pairs;

/// <summary>What L0 does otherwise and no rule names, and how much could be compared, for a person.</summary>
internal static class BehaviourText
{
    private const int MostKinds = 8;

    public static void Write(RunChanges pair, TextWriter output, Ink ink)
    {
        foreach (BehaviourChange one in pair.Behaviour)
        {
            output.Write($"{ink.Bad($"{BehaviourWords.Word,-14}")}  {one.Where}\n");
            ChangeText.Item(output, $"{BehaviourWords.Count(one)}, fingerprint {one.Fingerprint}, first at exit {one.First.Base.Index} of base, exit {one.First.Test.Index} of test");
            ChangeText.WriteSide("base", one.Base, one.AroundBase, output, ink);
            ChangeText.WriteSide("test", one.Test, one.AroundTest, output, ink);
        }
    }

    /// <summary>Writes how much could be compared.</summary>
    public static void Write(CommonExits common, TextWriter output)
    {
        output.Write($"{"in common",-14}  {BehaviourWords.Common(common)}\n");
        CommonKind[] missing = [.. common.Missing];
        foreach (CommonKind kind in missing.Take(MostKinds))
        {
            ChangeText.Item(output, $"none of {kind.Words}: {Numbers.Plain(kind.InBase)} in base, {Numbers.Plain(kind.InTest)} in test");
        }

        if (missing.Length > MostKinds)
        {
            ChangeText.Item(output, $"and none of {missing.Length - MostKinds} further kinds");
        }
    }
}
