using System.Globalization;
using Differ.Cli;
using Differ.Diff.Results;
using Differ.Tests.Diff.Report;

namespace Differ.Tests.Cli;

public sealed class LiveFindingsTests : IDisposable
{
    private readonly StringWriter _errors = new();
    private TimeSpan _now;

    private static DivergenceClass Sample => SampleResult.Full.Divergences[0];

    /// <inheritdoc/>
    public void Dispose() => _errors.Dispose();

    [Fact]
    public void A_class_is_told_at_once_and_again_after_ten_seconds()
    {
        LiveFindings findings = Findings();
        Tell(findings, "a");
        Assert.False(findings.Wants("a"));
        _now = TimeSpan.FromSeconds(10);
        Tell(findings, "a");
        Assert.Equal(2, Lines);
        Assert.Contains(" again, ", _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_classes_at_once_are_told_by_some_and_counted()
    {
        LiveFindings findings = Findings();
        for (int i = 0; i < 3000; i++)
        {
            Tell(findings, i.ToString(CultureInfo.InvariantCulture));
        }

        Assert.InRange(Lines, 1, 20);
        _now = TimeSpan.FromSeconds(2);
        Tell(findings, "one more");
        Assert.Contains("; 2980 other classes were seen and not told", _errors.ToString(), StringComparison.Ordinal);
    }

    private int Lines => _errors.ToString().Count(letter => letter == '\n');

    private LiveFindings Findings() => new(new Terminal(TextWriter.Null, _errors, Stream.Null, Stream.Null, false, false), () => _now);

    private static void Tell(LiveFindings findings, string fingerprint)
    {
        if (findings.Wants(fingerprint))
        {
            findings.Take(Sample with { Fingerprint = fingerprint });
        }
    }
}
