using Differ.Alterations;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>Recordings of a host that keeps the manual accuse nobody, whatever recorders and people did to them.</summary>
/// <remarks>
/// Made up and small recordings, each altered once in each way. tests/Alterations is also a program: it alters recordings in files, as often as asked
/// for, and prints the table of docs/recording.md.
/// </remarks>
public sealed class AlterationTests
{
    private const long Largest = 50_000;

    public static TheoryData<string> Told => [.. Alterations.Alterations.Told.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Told))]
    public void What_a_recording_tells_of_or_shows_accuses_nobody(string name)
    {
        var alarms = new List<Alarm>();
        Figures figures = AlterRun.Of(
            new AlterPlan { Kinds = [.. Alterations.Alterations.Told.Where(one => one.Name == name)], Printers = 1 },
            [.. Recordings.Stories, .. Recordings.Below(Path.Combine(Repository.Root, "tests", "Fixtures"), Largest)], alarms.Add);
        Assert.True(figures.Variants > 0, "no recording could be altered so");
        Assert.DoesNotContain(alarms, alarm => !alarm.IsLikely);
    }

    [Fact]
    public void A_line_that_is_made_to_vanish_without_a_sign_alarms()
    {
        var alarms = new List<Alarm>();
        Figures figures = AlterRun.Of(new AlterPlan { Kinds = [new EventAlteration("one #VMEXIT of L1 lost", false, WithoutOne)] }, [Recordings.Stories[0]], alarms.Add);
        Assert.Equal(1, figures.Variants);
        Assert.Contains("SVM-15.6-EXIT-ONCE", Assert.Single(alarms).Findings.Select(finding => finding.Rules[0]));
    }

    private static (RecordedEvents Events, string Parameters)? WithoutOne(RecordedEvents whole, Random random)
    {
        int second = whole.Events.Index().Where(one => one.Item.Type.Layout.Name == "kvm_nested_vmexit_inject").ElementAt(1).Index;
        bool[] lost = new bool[whole.Events.Count];
        lost[second] = true;
        return (whole.WithLoss(lost, counted: false) with { Losses = [] }, "the second");
    }
}
