using Differ.Diff.Conform;

namespace Differ.Cli;

/// <summary>A folder for generated scenarios that diverge: each a text that can be run again, named by its fingerprint.</summary>
internal sealed class FoundScenarios
{
    private readonly string _folder;

    private FoundScenarios(string folder) => _folder = folder;

    /// <summary>Opens the folder; one that is not there is made.</summary>
    /// <param name="folder">The folder; null for none.</param>
    /// <exception cref="OutputException">It cannot be written to.</exception>
    public static FoundScenarios? Open(string? folder)
    {
        if (folder is null)
        {
            return null;
        }

        try
        {
            Directory.CreateDirectory(folder);
            return new FoundScenarios(folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(folder, fault);
        }
    }

    /// <summary>Writes them. What is there under the same name is of the same class, and stays.</summary>
    public void Write(ConformReport report)
    {
        foreach (ConformClass one in report.Findings())
        {
            ScenarioResult first = one.Scenarios[0];
            string path = Path.Combine(_folder, $"{one.Fingerprint}.txt");
            if (File.Exists(path))
            {
                continue;
            }

            IEnumerable<string> differences = first.Differences.Select(one => $"# {one.Place}: the manual has {one.Expected}, {report.Subject} {one.Seen}\n");
            try
            {
                File.WriteAllText(path, $"# {one.Rule.Id}{(report.Kernel.Length > 0 ? $", kernel {report.Kernel}" : "")}\n{string.Concat(differences)}{first.Text}");
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw new OutputException(path, fault);
            }
        }
    }
}
