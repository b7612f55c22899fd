using System.Text;
using Differ.Cli.Conform;
using Differ.Replay.Scenarios;
using Differ.Replay.Scenarios.Images;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary>Scenarios as images for the bare machine, each beside what it is and what the manual says comes of it.</summary>
internal static class ExportedScenarios
{
    /// <summary>Writes them.</summary>
    /// <param name="folder">The folder; one that is not there is made.</param>
    /// <param name="scenarios">The scenarios.</param>
    /// <param name="output">Takes the count, and what cannot be written and why.</param>
    /// <exception cref="OutputException">The folder cannot be written to.</exception>
    public static void Write(string folder, IReadOnlyList<PlacedScenario> scenarios, TextWriter output)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var refused = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (PlacedScenario placed in scenarios)
        {
            (byte[]? image, string why) = ScenarioImage.Of(placed.Scenario);
            if (image is null)
            {
                refused[why] = refused.GetValueOrDefault(why) + 1;
                continue;
            }

            string name = NameOf(placed, names);
            Store(folder, $"{name}.img", image);
            Store(folder, $"{name}.txt", Encoding.UTF8.GetBytes(Told(placed, name)));
        }

        output.Write($"{names.Count} images written to {PlainText.Of(folder)}\n");
        foreach ((string why, int count) in refused)
        {
            output.Write($"{count} not written: {why}\n");
        }
    }

    // Texts of several folders may have the same name.
    private static string NameOf(PlacedScenario placed, HashSet<string> taken)
    {
        string first = $"{Path.GetFileNameWithoutExtension(placed.Source)}-{placed.Scenario.Line:d4}", name = first;
        for (int i = 2; !taken.Add(name); i++)
        {
            name = $"{first}-{i}";
        }

        return name;
    }

    private static string Told(PlacedScenario placed, string name)
    {
        ScenarioRun run = ScenarioRun.Of(placed.Scenario);
        var text = new StringBuilder();
        text.Append($"{placed.Scenario.Title}\n\n");
        text.Append($"rules      {string.Join(' ', placed.Scenario.Rules)}\n");
        text.Append($"scenario   {placed.Source}, line {placed.Scenario.Line}\n");
        text.Append($"run        qemu-system-x86_64 -cpu host -enable-kvm -m 64 -display none -monitor stdio -no-reboot -action shutdown=pause -kernel {name}.img\n");
        text.Append("           L1 is started once S has come out of port 0xe9 (-debugcon stdio); the end is HLT=1 in info registers.\n\nThe manual:\n");
        foreach (string happened in run.Events)
        {
            text.Append($"  {happened}\n");
        }

        foreach ((string place, ulong value) in run.EndState())
        {
            text.Append($"  at the end {place}=0x{value:x}\n");
        }

        if (run.OpenBecause is { } open)
        {
            text.Append($"  undefined: {open}\n");
        }

        return text.ToString();
    }

    private static void Store(string folder, string name, byte[] bytes)
    {
        string path = Path.Combine(folder, name);
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(path, bytes);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(path, fault);
        }
    }
}
