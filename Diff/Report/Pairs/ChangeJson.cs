using System.Text.Json;
using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Pairs;

/// <summary>Changes for programs. The schema is docs/compare.schema.json.</summary>
internal sealed class ChangeJson : IFormat<ChangeSet>
{
    /// <summary>Raised when a key changes its meaning or goes; new keys do not raise it.</summary>
    public const int SchemaVersion = 1;

    /// <inheritdoc/>
    public string Name => "json";

    /// <inheritdoc/>
    public void Write(ChangeSet changes, TextWriter output, Ink ink) => JsonText.Write(output, json =>
    {
        json.WriteNumber("schemaVersion", SchemaVersion);
        json.WriteBoolean("new", changes.HasNew);
        JsonParts.WritePolicy(json, changes.Policy);
        json.WriteStartArray("pairs");
        foreach (RunChanges pair in changes.Pairs)
        {
            WritePair(json, pair);
        }

        json.WriteEndArray();
        JsonParts.Texts(json, "onlyInBase", changes.OnlyBase);
        JsonParts.Texts(json, "onlyInTest", changes.OnlyTest);
        json.WriteStartArray("unread");
        foreach (UnreadCapture unread in changes.Unread)
        {
            json.WriteStartObject();
            json.WriteString("name", unread.Name);
            json.WriteString("fault", unread.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static void WritePair(Utf8JsonWriter json, RunChanges pair)
    {
        json.WriteStartObject();
        json.WriteString("name", pair.Name);
        JsonParts.WriteVerdict(json, pair.Verdict);
        WriteCapture(json, "base", pair.Base);
        WriteCapture(json, "test", pair.Test);
        json.WriteStartArray("classes");
        foreach (ClassChange one in pair.Classes)
        {
            WriteClass(json, one);
        }

        json.WriteEndArray();
        json.WriteStartArray("behaviour");
        foreach (BehaviourChange one in pair.Behaviour)
        {
            json.WriteStartObject();
            BehaviourJson.Write(json, one);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        BehaviourJson.Write(json, pair.Common);
        json.WriteStartArray("vcpus");
        foreach (VcpuAlignment vcpu in pair.Vcpus)
        {
            WriteVcpu(json, vcpu);
        }

        json.WriteEndArray();
        json.WriteEndObject();
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
        json.WriteStartObject();
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
        json.WriteEndObject();
    }

    private static void WriteVcpu(Utf8JsonWriter json, VcpuAlignment vcpu)
    {
        StreamAlignment aligned = vcpu.Aligned;
        json.WriteStartObject();
        json.WriteString("vcpu", vcpu.Label);
        json.WriteString("end", aligned.End switch { AlignmentEnd.Parted => "parted", AlignmentEnd.OutOfReach => "out of reach", _ => "complete" });
        json.WriteNumber("pairs", aligned.Pairs);
        json.WriteNumber("differences", aligned.Differences);
        json.WriteNumber("onlyInBase", aligned.OnlyBase);
        json.WriteNumber("onlyInTest", aligned.OnlyTest);
        json.WriteNumber("pairsInL2", aligned.PairsInL2);
        json.WriteStartArray("partings");
        foreach (PartingContext one in vcpu.Partings)
        {
            json.WriteStartObject();
            json.WriteString("what", one.Parting.What switch
            {
                PartingKind.L1AsksOtherwise => "L1 asks otherwise",
                PartingKind.L0ActsOtherwise => "L0 acts otherwise",
                _ => "guests part",
            });
            WriteSide(json, "base", one.Base, one.Parting.Base);
            WriteSide(json, "test", one.Test, one.Parting.Test);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSide(Utf8JsonWriter json, string name, ExitContext context, IReadOnlyList<FieldText> did)
    {
        json.WriteStartObject(name);
        json.WriteNumber("exit", context.Index);
        JsonParts.Texts(json, "did", [.. did.Select(field => field.Text)]);
        JsonParts.Texts(json, "context", [.. context.Exits.Select(ExitPrinter.Line)]);
        json.WriteEndObject();
    }
}
