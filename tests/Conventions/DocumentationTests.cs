using System.Globalization;
using System.Reflection;
using System.Xml.Linq;
using Differ.Cli;
using Differ.Diff;
using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Conventions;

public sealed class DocumentationTests
{
    public static TheoryData<string> Assemblies =>
    [
        .. new[] { typeof(ExitRecord), typeof(Differ.Capture.CaptureSession), typeof(RuleBook), typeof(ReportFormats), typeof(Verbs) }
            .Select(type => type.Assembly.GetName().Name!),
    ];

    // The compiler asks for it on public members only.
    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Every_type_says_what_it_is(string name)
    {
        Assembly assembly = Assembly.Load(name);
        HashSet<string> documented = [.. XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member").Select(member => member.Attribute("name")!.Value)];
        Assert.Empty(
            from type in assembly.GetTypes()
            where type is { IsNested: false, Namespace: { } space } && space.StartsWith("Differ.", StringComparison.Ordinal)
                && !space.EndsWith(".Proto", StringComparison.Ordinal) && !type.Name.Contains('<', StringComparison.Ordinal)
            where !documented.Contains("T:" + type.FullName)
            select type.FullName);
    }

    [Fact]
    public void Every_feature_of_a_processor_is_in_the_description_of_scenarios()
    {
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "scenarios.md"));
        Assert.All(CpuFeature.All, feature => Assert.Contains($"`{feature.Name.ToLowerInvariant()}`", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_exit_status_is_in_the_README()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        int[] statuses = [.. typeof(ExitStatus).GetFields().Select(field => (int)field.GetRawConstantValue()!)];
        Assert.NotEmpty(statuses);
        Assert.All(statuses, status => Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"\n| {status} | "), readme, StringComparison.Ordinal));
    }
}
