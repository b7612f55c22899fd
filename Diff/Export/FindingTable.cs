using Differ.Diff.Findings;
using Differ.Diff.Knowledge;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Schemas.Model;

namespace Differ.Diff.Export;

/// <summary>A row for each class of divergences of each capture, those that are no finding too.</summary>
internal sealed class FindingTable : ExportTable
{
    private readonly RequiredColumn<int> _capture, _firstStream, _lastStream;
    private readonly RequiredColumn<long> _count, _firstExit, _lastExit;
    private readonly OptionalColumn<long> _firstTime;
    private readonly TextColumn _fingerprint, _rule, _state, _culprit, _severity, _confidence, _assumes, _also, _section, _statement, _instruction, _level, _reason;
    private readonly TextColumn _recorded, _expected, _because, _bugs, _functions;

    public FindingTable()
        : base("findings")
    {
        (_capture, _fingerprint, _rule, _state) = (Required<int>("capture"), Text("fingerprint"), Text("rule"), Text("state"));
        (_culprit, _severity, _confidence, _assumes, _also) = (Text("culprit"), Text("severity"), Text("confidence"), Text("assumes"), Text("also_broken"));
        (_section, _statement, _instruction, _level, _reason) = (Text("section"), Text("statement"), Text("instruction"), Text("level"), Text("reason"));
        (_count, _firstStream, _firstExit, _firstTime) = (Required<long>("occurrences"), Required<int>("first_stream"), Required<long>("first_exit"), Optional<long>("first_time"));
        (_lastStream, _lastExit, _recorded, _expected) = (Required<int>("last_stream"), Required<long>("last_exit"), Text("recorded"), Text("expected"));
        (_because, _bugs, _functions) = (Text("known_because"), Text("known_bugs"), Text("kvm_functions"));
    }

    /// <summary>The classes of a capture.</summary>
    public void Add(int number, CheckedCapture capture)
    {
        foreach (Finding finding in capture.Findings)
        {
            Add(number, finding);
        }
    }

    private void Add(int number, Finding finding)
    {
        DivergenceClass found = finding.Class;
        KeptExit first = found.First.Exit;
        (_capture[Row], _fingerprint[Row], _rule[Row], _state[Row]) = (number, found.Fingerprint, found.Rule.Id, FindingWords.State(finding));
        (_culprit[Row], _severity[Row]) = (JsonParts.Culprit(found), FindingWords.Severity(found));
        (_confidence[Row], _assumes[Row]) = (found.IsLikely ? "likely" : "certain", found.IsLikely ? EvidenceTable.Of(found.Assumed).Name : null);
        _also[Row] = found.AlsoBroken.Count > 0 ? string.Join(' ', found.AlsoBroken.Select(rule => rule.Id)) : null;
        (_section[Row], _statement[Row]) = (found.Rule.Citation, found.Rule.Statement);
        _instruction[Row] = found.Instruction.Length > 0 ? found.Instruction : null;
        (_level[Row], _reason[Row]) = (ExitPrinter.Level(first.Level), first.HasExit ? first.ExitName : null);
        (_count[Row], _firstStream[Row], _firstExit[Row]) = ((long)found.Count, first.Stream.Value, (long)first.Index);
        _firstTime[Row] = first.HasExit ? unchecked((long)first.Exit.Time.Value) : null;
        (_lastStream[Row], _lastExit[Row]) = (found.Last.Stream.Value, (long)found.Last.Index);
        _recorded[Row] = string.Join("; ", found.First.Recorded.Select(field => field.Text));
        _expected[Row] = string.Join(", or ", found.First.Expected);
        _because[Row] = found.Known;
        _bugs[Row] = KnownBugs.Of(found.Rule.Id) is { Count: > 0 } bugs ? string.Join("; ", bugs.Select(bug => $"{bug.Id} {bug.History}")) : null;
        _functions[Row] = found.Rule.Kvm.Names.Count > 0 ? string.Join(' ', found.Rule.Kvm.Names) : null;
        EndRow();
    }
}
