using System.Globalization;

namespace Differ.Diff.Writing;

/// <summary>Numbers for a person, the same in every culture.</summary>
internal static class Numbers
{
    private static readonly NumberFormatInfo Groups = new() { NumberGroupSeparator = " ", NumberGroupSizes = [3] };

    /// <summary>In thin groups: 1 700 106.</summary>
    public static string Grouped(ulong number) => number.ToString("#,0", Groups);

    /// <summary>A number with its noun.</summary>
    public static string Amount(ulong count, string one, string many) => $"{Grouped(count)} {(count == 1 ? one : many)}";

    /// <summary>With three digits that count at most, and none behind thousands.</summary>
    public static string Short(double number) => number >= 999.5 ? Grouped((ulong)Math.Round(number))
        : number.ToString(number >= 99.95 ? "0" : number >= 9.995 ? "0.#" : number >= 0.0995 || number == 0 ? "0.##" : "0.####", CultureInfo.InvariantCulture);
}
