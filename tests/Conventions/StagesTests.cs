using System.Reflection;
using Differ.Diff;
using Differ.Replay;

namespace Differ.Tests.Conventions;

public sealed class StagesTests
{
    [Theory]
    [InlineData(typeof(Differ.Capture.CaptureSession))]
    [InlineData(typeof(RuleBook))]
    [InlineData(typeof(ReportFormats))]
    public void A_stage_knows_the_schemas_and_no_other_stage(Type anyOfStage)
    {
        Assembly stage = anyOfStage.Assembly;
        IEnumerable<string?> known = stage.GetReferencedAssemblies().Select(name => name.Name)
            .Where(name => name!.StartsWith("Differ.", StringComparison.Ordinal));
        Assert.Equal(["Differ.Schemas"], known);
    }
}
