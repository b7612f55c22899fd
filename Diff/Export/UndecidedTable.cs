using Differ.Diff.Results;

namespace Differ.Diff.Export;

/// <summary>A row for each kind of evidence that a capture lacks.</summary>
internal sealed class UndecidedTable : ExportTable
{
    private readonly RequiredColumn<int> _capture, _firstStream;
    private readonly RequiredColumn<long> _exits, _firstExit;
    private readonly TextColumn _missing, _what, _how;

    public UndecidedTable()
        : base("undecided")
    {
        (_capture, _missing, _what, _how) = (Required<int>("capture"), Text("missing"), Text("what"), Text("to_decide"));
        (_exits, _firstStream, _firstExit) = (Required<long>("exits"), Required<int>("first_stream"), Required<long>("first_exit"));
    }

    /// <summary>What a capture leaves undecided.</summary>
    public void Add(int number, DiffResult result)
    {
        foreach (UndecidedClass one in result.Undecided)
        {
            (_capture[Row], _missing[Row], _what[Row], _how[Row]) = (number, one.Missing.Name, one.Missing.What, one.Missing.How);
            (_exits[Row], _firstStream[Row], _firstExit[Row]) = ((long)one.Exits, one.First.Stream.Value, (long)one.First.Index);
            EndRow();
        }
    }
}
