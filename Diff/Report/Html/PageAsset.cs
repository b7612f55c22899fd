using System.Text;

namespace Differ.Diff.Report.Html;

/// <summary>The built page, see docs/html-report.md: what stands before the data of a report and what stands behind it.</summary>
/// <param name="BeforeData">UTF-8.</param>
/// <param name="AfterData">UTF-8.</param>
internal sealed record PageAsset(byte[] BeforeData, byte[] AfterData)
{
    /// <summary>Where the data goes.</summary>
    public const string Mark = "@@differ-data@@";

    private const string Resource = "Differ.Diff.Report.Html.report.html";

    /// <summary>Reads the page that is built into the program.</summary>
    public static PageAsset Load()
    {
        using Stream stream = typeof(PageAsset).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"{Resource} is not built in");
        byte[] page = new byte[stream.Length];
        stream.ReadExactly(page);
        byte[] mark = Encoding.UTF8.GetBytes(Mark);
        int at = page.AsSpan().IndexOf(mark);
        return new PageAsset(page[..at], page[(at + mark.Length)..]);
    }
}
