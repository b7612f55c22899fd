using System.Text.Encodings.Web;
using System.Text.Json;
using Differ.Diff.Conform;
using Differ.Replay.Scenarios;

namespace Differ.Cli.Conform;

/// <summary>A generated scenario on its way to a worker: its text in a line of JSON.</summary>
internal static class GeneratedScenario
{
    /// <summary>Where generated scenarios are said to stand.</summary>
    public const string Source = "generated";

    private const string Key = "text";

    /// <summary>The line that asks for it.</summary>
    public static string Line(string text) => $"{{\"{Key}\":\"{JavaScriptEncoder.Default.Encode(text)}\"}}";

    /// <summary>Whether a line asks for a text.</summary>
    public static bool IsAsked(string line) => line.StartsWith('{');

    /// <summary>Reads the text and has it judged. What the reference does not know is left open.</summary>
    public static ScenarioResult Judge(string line, Func<PlacedScenario, ScenarioResult> judge)
    {
        using var json = JsonDocument.Parse(line);
        using var text = new StringReader(json.RootElement.GetProperty(Key).GetString()!);
        var asked = new PlacedScenario(Source, ScenarioParser.Parse(text)[0]);
        try
        {
            return judge(asked);
        }
        catch (ScenarioException unknown)
        {
            return asked.Result(ScenarioVerdict.Undefined, unknown.Message, []);
        }
    }
}
