using System.IO.Compression;
using Parquet;
using Parquet.Schema;

namespace Differ.Diff.Export;

/// <summary>One table as a Parquet file, in row groups of a fixed size, so that memory does not depend on how many rows there are.</summary>
internal abstract class ExportTable : IDisposable
{
    /// <summary>Rows of a row group at most.</summary>
    public const int RowsOfGroup = 1 << 15;

    /// <summary>Number of the tables' form, in each file's metadata: raised when a column goes or means something else.</summary>
    public const string Version = "1";

    private const int LargestPool = 1 << 22;

    private readonly List<ExportColumn> _columns = [];
    private ParquetWriter? _writer;

    protected ExportTable(string name) => Name = name;

    /// <summary>The file's name, without its ending.</summary>
    public string Name { get; }

    /// <summary>The columns, in order.</summary>
    public IReadOnlyList<ExportColumn> Columns => _columns;

    /// <summary>The row that is being filled.</summary>
    protected int Row { get; private set; }

    /// <summary>Begins the file.</summary>
    /// <param name="file">Where to write.</param>
    public void Begin(Stream file)
    {
        // The library's own level takes ten times as long for a third less, and its pools would keep whatever they once held.
        var options = new ParquetOptions
        {
            CompressionMethod = CompressionMethod.Zstd,
            CompressionLevel = CompressionLevel.Fastest,
            MaximumSmallPoolFreeBytes = LargestPool,
            MaximumLargePoolFreeBytes = LargestPool,
        };
        _writer = Wait(ParquetWriter.CreateAsync(new ParquetSchema([.. _columns.Select(column => column.Field)]), file, options));
        _writer.CustomMetadata = new Dictionary<string, string> { ["differ.table"] = Name, ["differ.version"] = Version };
    }

    /// <summary>Writes what is left, and the end of the file.</summary>
    public void Finish()
    {
        WriteGroup();
        Wait(End());
    }

    /// <summary>Ends the writer; the stream is its owner's.</summary>
    public void Dispose()
    {
        if (_writer is not null)
        {
            Wait(End());
        }
    }

    protected RequiredColumn<T> Required<T>(string name)
        where T : struct => Add(new RequiredColumn<T>(name));

    protected OptionalColumn<T> Optional<T>(string name)
        where T : struct => Add(new OptionalColumn<T>(name));

    protected TextColumn Text(string name) => Add(new TextColumn(name));

    /// <summary>The row is filled.</summary>
    protected void EndRow()
    {
        Row++;
        if (Row == RowsOfGroup)
        {
            WriteGroup();
        }
    }

    private T Add<T>(T column)
        where T : ExportColumn
    {
        _columns.Add(column);
        return column;
    }

    private void WriteGroup()
    {
        if (Row > 0)
        {
            Wait(WriteGroupAsync());
            Row = 0;
        }
    }

    private async Task<bool> WriteGroupAsync()
    {
        using ParquetRowGroupWriter group = _writer!.CreateRowGroup();
        foreach (ExportColumn column in _columns)
        {
            await column.WriteAsync(group, Row).ConfigureAwait(false);
        }

        group.CompleteValidate();
        return true;
    }

    private async Task<bool> End()
    {
        ParquetWriter ended = _writer!;
        _writer = null;
        await ended.DisposeAsync().ConfigureAwait(false);
        return true;
    }

    // The library is asynchronous; a replay hands out its exits one after the other, on one thread.
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
