using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Differ.Capture;
using Differ.Capture.Formats;
using Differ.Capture.Tracepoints;
using Differ.Cli;
using Differ.Diff;
using Differ.Diff.Report;
using Differ.Diff.Report.Pairs;
using Differ.Diff.Statistics;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Conventions;

/// <summary>A thing that was written and forgotten in its list is dead: these tests find it.</summary>
public sealed partial class ListsTests
{
    [Fact]
    public void Every_verb_is_in_the_list() => AssertListed<IVerb>(Verbs.All);

    [Fact]
    public void Every_report_format_is_in_the_list() => AssertListed<IReportFormat>(ReportFormats.All);

    [Fact]
    public void Every_report_format_of_exits_is_in_the_list() => AssertListed<IExitReportFormat>(ReportFormats.OfExits);

    [Fact]
    public void Every_format_of_compare_is_in_the_list() => AssertListed<IChangeFormat>(ChangeFormats.All);

    [Fact]
    public void Every_format_of_stats_is_in_the_list() => AssertListed<IStatsFormat>(StatsFormats.All);

    [Fact]
    public void Every_capture_format_is_in_the_list() => AssertListed<ITraceFormat>(TraceFormats.All);

    [Fact]
    public void Names_are_not_given_twice()
    {
        Assert.Distinct(ReportFormats.All.Select(format => format.Name));
        Assert.Distinct(TraceFormats.All.Select(format => format.Name));
        Assert.Distinct(KvmTracepoints.All.Select(tracepoint => tracepoint.Name));
    }

    [Fact]
    public void Every_tracepoint_that_is_written_down_is_in_the_list()
    {
        BindingFlags any = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        IEnumerable<Tracepoint> written = typeof(KvmTracepoints).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(KvmTracepoints).Namespace && type != typeof(KvmTracepoints))
            .SelectMany(type => type.GetProperties(any))
            .SelectMany(property => property.PropertyType == typeof(Tracepoint) ? [(Tracepoint)property.GetValue(null)!]
                : typeof(IEnumerable<Tracepoint>).IsAssignableFrom(property.PropertyType) ? (IEnumerable<Tracepoint>)property.GetValue(null)!
                : []);
        Assert.Equal(KvmTracepoints.All.Select(tracepoint => tracepoint.Name).Order(), written.Select(tracepoint => tracepoint.Name).Distinct().Order());
    }

    [Fact]
    public void Every_kind_of_event_has_a_shape_at_its_number()
    {
        Assert.Equal(Enum.GetValues<KvmEventKind>().Where(kind => kind != KvmEventKind.None), EventSchemas.All.Select(shape => shape.Kind));
        Assert.All(EventSchemas.All, shape => Assert.Same(shape, EventSchemas.Of(shape.Kind)));
        Assert.All(EventSchemas.All, shape => Assert.InRange(shape.Slots.Count, 1, FieldValues.Capacity));
    }

    // No kernel's own tracepoint carries a state of the machine, or memory; probes do.
    [Fact]
    public void Every_kind_of_event_but_what_probes_show_is_made_by_a_tracepoint() => Assert.Equal(
        [KvmEventKind.StateValue, KvmEventKind.GuestRead, KvmEventKind.GuestCpuid, KvmEventKind.EferSet, KvmEventKind.GifSet, KvmEventKind.NestedLeft],
        EventSchemas.All.Select(shape => shape.Kind).Except(KvmTracepoints.All.Select(tracepoint => tracepoint.Kind)));

    [Fact]
    public void Shapes_have_the_names_and_numbers_of_the_run_format()
    {
        string proto = File.ReadAllText(Path.Combine(Repository.Root, "Schemas", "Proto", "run.proto"));
        Dictionary<string, int> numbers = FieldsOf(proto, "KvmEvent").Where(field => field.Number < 100).ToDictionary(field => field.Type, field => field.Number);
        Assert.Equal(EventSchemas.All.Select(shape => (shape.Name, (int)shape.Kind)), numbers.Select(pair => (pair.Key, pair.Value)));
        Assert.All(EventSchemas.All, shape => Assert.Equal(
            shape.Slots.Select((slot, i) => (Name: slot, Number: i + 1)).Where((_, i) => shape.FormOf(i) != SlotForm.BytesTail),
            FieldsOf(proto, shape.Name).Select(field => (field.Name, field.Number))));
    }

    [Fact]
    public void Every_evidence_has_a_row_at_its_number()
    {
        Assert.Equal(Enum.GetValues<Evidence>(), EvidenceTable.All.Select(row => row.Evidence));
        Assert.All(EvidenceTable.All, row => Assert.Same(row, EvidenceTable.Of(row.Evidence)));
        Assert.Distinct(EvidenceTable.All.Select(row => row.Name));
        Assert.All(EvidenceTable.All.Skip(1), row => Assert.True(row.What.Length > 0 && row.How.Length > 0, row.Name));
    }

    // Run files hold these numbers, and the files outlive the program: a number may be added and never changed.
    [Fact]
    public void Numbers_of_the_run_format_stay_as_they_are()
    {
        Type[] stored = [typeof(KvmEventKind), typeof(ComparedField), typeof(Evidence), typeof(Relation), typeof(Standing), typeof(Culprit), typeof(GuestLevel), typeof(RecordFlags), typeof(StateMoment)];
        Golden.Matches("Conventions/numbers.txt", string.Concat(stored.SelectMany(type =>
            Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(number => string.Create(CultureInfo.InvariantCulture, $"{type.Name} {number} {Enum.GetName(type, number)}\n")))));
    }

    private static void AssertListed<T>(IEnumerable<T> list)
        where T : notnull
    {
        IEnumerable<Type> written = typeof(T).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && typeof(T).IsAssignableFrom(type));
        Assert.Equal(written.Select(type => type.Name).Order(), list.Select(item => item.GetType().Name).Order());
    }

    private static IEnumerable<(string Type, string Name, int Number)> FieldsOf(string proto, string message) =>
        from Match field in FieldPattern().Matches(Regex.Match(proto, $@"^message {message} \{{(.*?)^\}}", RegexOptions.Singleline | RegexOptions.Multiline).Groups[1].Value)
        select (field.Groups[1].Value, field.Groups[2].Value, int.Parse(field.Groups[3].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex(@"^\s*(?:optional )?(\w+) (\w+) = (\d+);", RegexOptions.Multiline)]
    private static partial Regex FieldPattern();
}
