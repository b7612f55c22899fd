using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Differ.Cli.Conform;
using Differ.Diff.Results;
using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Replay.Scenarios.Generation;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Replay.Scenarios;

/// <summary>What becomes of scenarios that nobody wrote: all that happens, every register, every byte, what is left open, what every rule says.</summary>
/// <remarks>The stored lines are no statements of the manual: they tell of a change that nobody meant. The first line that differs names the scenario.</remarks>
public sealed class GeneratedScenarioTests
{
    private const int Kept = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Generated_scenarios_end_as_they_did(int seed)
    {
        var generator = new ScenarioGenerator(seed);
        var kept = new List<ScenarioText>();
        var text = new StringBuilder();
        for (int i = 0; i < 300; i++)
        {
            ScenarioText made = generator.Next(kept);
            if (Told(made) is { } line)
            {
                text.Append(line);
                kept.Add(made);
                kept.RemoveRange(0, Math.Max(kept.Count - Kept, 0));
            }
        }

        Golden.Matches(string.Create(CultureInfo.InvariantCulture, $"Replay/Scenarios/generated-{seed}.txt"), text.ToString());
    }

    [Fact]
    public void Single_bits_of_vmcb12_end_as_they_did() => Golden.Matches(
        "Replay/Scenarios/generated-bits.txt", string.Concat(ScenarioGenerator.Singles().Where(static (_, i) => i % 11 == 0).Select(Told)));

    // Null where the reference cannot run it.
    private static string? Told(ScenarioText made)
    {
        try
        {
            (ScenarioRun run, DiffResult judged) = RecordedScenario.Judge(made.Parse());
            string what = string.Join("; ", made.Setup.Skip(1).Append(string.Join(", ", made.L1)).Append(string.Join(", ", made.L2)));
            return $"{what}\n  {Digest(run, judged)} {string.Join("; ", run.Events)}\n";
        }
        catch (ScenarioException)
        {
            return null;
        }
    }

    private static string Digest(ScenarioRun run, DiffResult judged)
    {
        Processor p = run.Machine.Processor;
        var all = new StringBuilder();
        foreach (VmcbRow row in VmcbLayout.All)
        {
            all.Append(CultureInfo.InvariantCulture, $"{row.Name} {p.State[row.Field]:x} {run.Undefined[row.Field]:x} {run.Machine.Guest[row.Field]:x}\n");
        }

        foreach (int i in Enumerable.Range(0, p.State.General.Length))
        {
            all.Append(CultureInfo.InvariantCulture, $"{p.State.General[i]:x} {run.Undefined.General(i):x}\n");
        }

        foreach (ulong page in p.Memory.Pages.Order())
        {
            byte[] bytes = new byte[0x1000];
            p.Memory.Read(page, bytes);
            all.Append(CultureInfo.InvariantCulture, $"{page:x} {Convert.ToHexString(SHA256.HashData(bytes))}\n");
        }

        all.AppendJoin('\n', run.Undefined.Memory.OrderBy(static pair => pair.Key)).Append(run.OpenBecause);
        foreach (RuleCount count in judged.Rules.Where(static count => count.Exercised > 0))
        {
            all.Append(CultureInfo.InvariantCulture, $"{count.Rule.Id} {count.Conforms} {count.Undecided} {count.Departs} {string.Join(',', count.Lacking)}\n");
        }

        all.Append(p.Halted).Append(p.IsShutDown).Append(p.Guest is null);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToString())))[..8];
    }
}
