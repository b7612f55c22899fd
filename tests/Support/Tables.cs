using System.Globalization;
using DuckDB.NET.Data;

namespace Differ.Tests.Support;

/// <summary>Reads the tables of <c>differ export</c> with DuckDB, which shares no code with what wrote them.</summary>
internal sealed class Tables(string folder) : IDisposable
{
    private readonly DuckDBConnection _duck = Open();

    /// <summary>The rows of a query, their values with <c> | </c> between; <c>tables</c> is the folder.</summary>
    public IReadOnlyList<string> Rows(string sql)
    {
        using DuckDBCommand command = _duck.CreateCommand();
        command.CommandText = sql.Replace("'tables/", $"'{folder}/", StringComparison.Ordinal);
        using DuckDBDataReader reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join(" | ", Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "NULL" : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        }

        return rows;
    }

    /// <summary>The one value of a query.</summary>
    public string Value(string sql) => Assert.Single(Rows(sql));

    /// <summary>How many rows a table has.</summary>
    public ulong Count(string table) => ulong.Parse(Value($"SELECT count(*) FROM 'tables/{table}.parquet'"), CultureInfo.InvariantCulture);

    public void Dispose() => _duck.Dispose();

    private static DuckDBConnection Open()
    {
        var duck = new DuckDBConnection("DataSource=:memory:");
        duck.Open();
        return duck;
    }
}
