using System.Xml.Linq;
using Differ.Tests.Support;

namespace Differ.Tests.Conventions;

public sealed class NativeBuildTests
{
    private static string CliFolder => Path.Combine(Repository.Root, "Diff", "Cli");

    // The compiler ignores properties that it does not know, as IlcOptimizationPreference.
    [Fact]
    public void The_program_is_compiled_for_speed() => Assert.Equal(
        ["OptimizationPreference=Speed"],
        XDocument.Load(Path.Combine(CliFolder, "Cli.csproj")).Descendants()
            .Where(element => element.Name.LocalName.EndsWith("OptimizationPreference", StringComparison.Ordinal)).Select(element => $"{element.Name.LocalName}={element.Value}"));

    // What the last publication on this machine told the compiler; a clean tree has none.
    [Fact]
    public void A_publication_passes_that_to_the_compiler()
    {
        string objects = Path.Combine(CliFolder, "obj");
        DateTime changed = File.GetLastWriteTimeUtc(Path.Combine(CliFolder, "Cli.csproj"));
        string[] responses = Directory.Exists(objects) ? Directory.GetFiles(objects, "*.ilc.rsp", SearchOption.AllDirectories) : [];
        Assert.All(responses.Where(file => File.GetLastWriteTimeUtc(file) > changed), file => Assert.Contains("--Ot", File.ReadLines(file)));
    }
}
