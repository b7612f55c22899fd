using System.Text.Json;
using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Pairs;

/// <summary>Changes for programs. The schema is docs/compare.schema.json.</summary>
internal sealed class ChangeJson : IChangeFormat
{
    /// <summary>Raised when a key changes its meaning or goes; new keys do not raise it.</summary>
    public const int SchemaVersion = 2;

    public string Name => "json";

    public void Write(ChangeSet changes, TextWriter output, Ink ink) => JsonText.Write(output, json =>
    {
        JsonText.WriteSchema(json, "compare", SchemaVersion);
        json.WriteBoolean("new", changes.HasNew);
        JsonParts.WritePolicy(json, changes.Policy);
        json.WriteObjects("pairs", changes.Pairs, pair => WritePair(json, pair));
        json.WriteTexts("onlyInBase", changes.OnlyBase);
        json.WriteTexts("onlyInTest", changes.OnlyTest);
        json.WriteObjects("unread", changes.Unread, unread =>
        {
            json.WriteString("name", unread.Name);
            json.WriteString("fault", unread.Message);
        });
    });

    private static void WritePair(Utf8JsonWriter json, RunChanges pair)
    {
        json.WriteString("name", pair.Name);
        JsonParts.WriteVerdict(json, pair.Verdict);
        WriteCapture(json, "base", pair.Base);
        WriteCapture(json, "test", pair.Test);
        json.WriteObjects("classes", pair.Classes, one => WriteClass(json, one));
        json.WriteObjects("behaviour", pair.Behaviour, one => BehaviourJson.Write(json, one));
        BehaviourJson.Write(json, pair.Common);
        json.WriteObjects("vcpus", pair.Vcpus, vcpu => WriteVcpu(json, vcpu));
    }

    private static void WriteCapture(Utf8JsonWriter json, string name, DiffResult result)
    {
        json.WriteStartObject(name);
        json.WriteString("file", result.Header.Capture);
        json.WriteString("kernel", result.Header.KernelRelease);
        json.WriteNumber("exits", result.Summary.Exits);
        json.WriteNumber("lossMarks", result.Summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Marks));
        json.WriteEndObject();
    }

    private static void WriteClass(Utf8JsonWriter json, ClassChange one)
    {
        json.WriteString("change", ChangeWords.Words(one.Change));
        json.WriteString("fingerprint", one.Found.Fingerprint);
        json.WriteString("rule", one.Found.Rule.Id);
        json.WriteString("citation", one.Found.Rule.Citation);
        json.WriteString("statement", one.Found.Rule.Statement);
        json.WriteString("culprit", JsonParts.Culprit(one.Found));
        json.WriteString("instruction", one.Found.Instruction);
        JsonParts.WriteRate(json, "base", one.Base);
        JsonParts.WriteRate(json, "test", one.Test);
        json.WriteNumber("p", Math.Round(one.Probability, 12));
        json.WriteBoolean("significant", one.IsSignificant);
    }

    private static void WriteVcpu(Utf8JsonWriter json, VcpuAlignment vcpu)
    {
        StreamAlignment aligned = vcpu.Aligned;
        json.WriteString("vcpu", vcpu.Label);
        json.WriteString("end", aligned.End switch { AlignmentEnd.Parted => "parted", AlignmentEnd.OutOfReach => "out of reach", _ => "complete" });
        json.WriteNumber("pairs", aligned.Pairs);
        json.WriteNumber("differences", aligned.Differences);
        json.WriteNumber("onlyInBase", aligned.OnlyBase);
        json.WriteNumber("onlyInTest", aligned.OnlyTest);
        json.WriteNumber("pairsInL2", aligned.PairsInL2);
        json.WriteObjects("partings", vcpu.Partings, one =>
        {
            json.WriteString("what", one.Parting.What switch
            {
                PartingKind.L1AsksOtherwise => "L1 behaves differently",
                PartingKind.L0ActsOtherwise => "L0 behaves differently",
                _ => "guests part",
            });
            WriteSide(json, "base", one.Base, one.Parting.Base);
            WriteSide(json, "test", one.Test, one.Parting.Test);
        });
    }

    private static void WriteSide(Utf8JsonWriter json, string name, ExitContext context, IReadOnlyList<FieldText> did)
    {
        json.WriteStartObject(name);
        json.WriteNumber("exit", context.Index);
        json.WriteTexts("did", [.. did.Select(field => field.Text)]);
        json.WriteTexts("context", [.. context.Exits.Select(ExitPrinter.Line)]);
        json.WriteEndObject();
    }
}
