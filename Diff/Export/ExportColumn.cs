using Parquet;
using Parquet.Schema;

namespace Differ.Diff.Export;

/// <summary>One column of a table. Its values are kept until a row group is written.</summary>
internal abstract class ExportColumn
{
    protected ExportColumn(DataField field) => Field = field;

    /// <summary>Name and type.</summary>
    public DataField Field { get; }

    /// <summary>Writes the values and forgets them.</summary>
    /// <param name="group">The row group; its columns are written in order.</param>
    /// <param name="rows">How many values there are.</param>
    public abstract Task WriteAsync(ParquetRowGroupWriter group, int rows);
}

/// <summary>A column that has a value in each row.</summary>
/// <param name="name">Its name.</param>
internal sealed class RequiredColumn<T>(string name) : ExportColumn(new DataField(name, typeof(T), isNullable: false))
    where T : struct
{
    private readonly T[] _values = new T[ExportTable.RowsOfGroup];

    /// <summary>Sets the value of a row.</summary>
    public T this[int row] { set => _values[row] = value; }

    public override Task WriteAsync(ParquetRowGroupWriter group, int rows) => group.WriteAsync<T>(Field, new ReadOnlyMemory<T>(_values, 0, rows));
}

/// <summary>A column that has no value in some rows.</summary>
/// <param name="name">Its name.</param>
internal sealed class OptionalColumn<T>(string name) : ExportColumn(new DataField(name, typeof(T), isNullable: true))
    where T : struct
{
    private readonly T?[] _values = new T?[ExportTable.RowsOfGroup];

    /// <summary>Sets the value of a row; null for none.</summary>
    public T? this[int row] { set => _values[row] = value; }

    public override Task WriteAsync(ParquetRowGroupWriter group, int rows) => group.WriteAsync<T>(Field, new ReadOnlyMemory<T?>(_values, 0, rows));
}

/// <summary>A column of texts; a row may have none.</summary>
/// <param name="name">Its name.</param>
internal sealed class TextColumn(string name) : ExportColumn(new DataField(name, typeof(string), isNullable: true))
{
    private readonly string?[] _values = new string?[ExportTable.RowsOfGroup];

    /// <summary>Sets the text of a row; null for none.</summary>
    public string? this[int row] { set => _values[row] = value; }

    public override async Task WriteAsync(ParquetRowGroupWriter group, int rows)
    {
        await group.WriteAsync(Field, new ArraySegment<string>(_values!, 0, rows)).ConfigureAwait(false);
        Array.Clear(_values, 0, rows);
    }
}
