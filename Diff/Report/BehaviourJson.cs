using System.Text.Json;
using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Report;

/// <summary>What L0 does otherwise and no rule names, for programs. Each is written into an object that is open.</summary>
internal static class BehaviourJson
{
    /// <summary>What names and describes a change, and how often it is.</summary>
    public static void Write(Utf8JsonWriter json, BehaviourChange change)
    {
        json.WriteString("fingerprint", change.Fingerprint);
        json.WriteString("level", ExitPrinter.Level(change.Level));
        json.WriteString("exitName", change.Exit);
        json.WriteString("instruction", change.Instruction);
        json.WriteNumber("count", change.Count);
        json.WriteNumber("compared", change.Compared);
        WriteSide(json, "base", change.First.Base, change.Base, change.AroundBase);
        WriteSide(json, "test", change.First.Test, change.Test, change.AroundTest);
    }

    /// <summary>How much of nested virtualization could be compared.</summary>
    public static void Write(Utf8JsonWriter json, CommonExits common)
    {
        json.WriteStartObject("common");
        json.WriteNumber("inBase", common.InBase);
        json.WriteNumber("inTest", common.InTest);
        json.WriteNumber("compared", common.Compared);
        json.WriteObjects("missing", common.Missing, kind =>
        {
            json.WriteString("level", ExitPrinter.Level(kind.Level));
            json.WriteString("exitName", kind.Exit);
            json.WriteBoolean("shownToL1", kind.IsShownToL1);
            json.WriteNumber("inBase", kind.InBase);
            json.WriteNumber("inTest", kind.InTest);
        });
        json.WriteEndObject();
    }

    private static void WriteSide(Utf8JsonWriter json, string name, ExitPlace place, IReadOnlyList<FieldText> did, ExitContext around)
    {
        json.WriteStartObject(name);
        json.WriteNumber("stream", place.Stream.Value);
        json.WriteNumber("exit", place.Index);
        json.WriteTexts("did", did.Select(field => field.Text));
        json.WriteTexts("context", around.Exits.Select(ExitPrinter.Line));
        json.WriteEndObject();
    }
}
