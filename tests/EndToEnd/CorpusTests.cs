using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

public sealed class CorpusTests
{
    [CorpusFact]
    public void Every_capture_of_the_collection_comes_out_as_expected()
    {
        CommandResult result = CommandLine.Run("corpus", Repository.Corpus!);
        Assert.True(result.Status == 0, result.Output + result.Errors);
        Assert.Contains(" as expected, 0 otherwise", result.Output, StringComparison.Ordinal);
    }
}
