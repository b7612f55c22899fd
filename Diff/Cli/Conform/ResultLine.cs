using System.Text;
using System.Text.Json;
using Differ.Diff.Conform;

namespace Differ.Cli.Conform;

/// <summary>What a worker says of one scenario, in one line of JSON.</summary>
internal static class ResultLine
{
    private const string Verdict = "verdict", Note = "note", Differences = "differences";

    /// <summary>Writes it.</summary>
    public static string Of(ScenarioResult result)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString(Verdict, result.Verdict.ToString());
            json.WriteString(Note, result.Note);
            json.WriteStartArray(Differences);
            foreach (string part in result.Differences.SelectMany(static one => (string[])[one.Place, one.Expected, one.Seen]))
            {
                json.WriteStringValue(part);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>Reads it.</summary>
    /// <param name="line">The line.</param>
    /// <param name="asked">The scenario.</param>
    public static ScenarioResult Read(string line, PlacedScenario asked)
    {
        using var json = JsonDocument.Parse(line);
        string[] parts = [.. json.RootElement.GetProperty(Differences).EnumerateArray().Select(static part => part.GetString()!)];
        return asked.Result(
            Enum.Parse<ScenarioVerdict>(json.RootElement.GetProperty(Verdict).GetString()!), json.RootElement.GetProperty(Note).GetString()!,
            [.. parts.Chunk(3).Select(static part => new StateDifference(part[0], part[1], part[2]))]);
    }
}
