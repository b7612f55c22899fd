using Differ.Diff.Results;

namespace Differ.Diff.Export;

/// <summary>A row for each rule that had something to say in a capture.</summary>
internal sealed class RuleTable : ExportTable
{
    private readonly RequiredColumn<int> _capture;
    private readonly RequiredColumn<long> _conforms, _undecided, _likely, _diverges;
    private readonly TextColumn _rule, _section, _severity, _confidence, _lacking;

    public RuleTable()
        : base("rules")
    {
        (_capture, _rule, _section, _severity, _confidence) = (Required<int>("capture"), Text("rule"), Text("section"), Text("severity"), Text("confidence"));
        (_conforms, _undecided, _likely, _diverges) = (Required<long>("conforms"), Required<long>("undecided"), Required<long>("likely"), Required<long>("diverges"));
        _lacking = Text("lacking");
    }

    /// <summary>The rules that a capture exercises.</summary>
    public void Add(int number, DiffResult result)
    {
        foreach (RuleCount count in result.Rules.Where(count => count.Exercised > 0))
        {
            (_capture[Row], _rule[Row], _section[Row]) = (number, count.Rule.Id, count.Rule.Citation);
            (_severity[Row], _confidence[Row]) = (count.Rule.Severity.ToString().ToLowerInvariant(), count.Rule.Confidence.ToString().ToLowerInvariant());
            (_conforms[Row], _undecided[Row], _likely[Row], _diverges[Row]) = ((long)count.Conforms, (long)count.Undecided, (long)count.Likely, (long)count.Departs);
            _lacking[Row] = count.Lacking.Count > 0 ? string.Join(' ', count.Lacking.Select(share => share.Missing.Name)) : null;
            EndRow();
        }
    }
}
