using System.Globalization;

namespace Differ.Diff.Writing;

/// <summary>Numbers for a person, the same in every culture.</summary>
internal static class Numbers
{
    /// <summary>Digits and nothing between them, so that grep and cut find the number: 1700106.</summary>
    public static string Plain(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A number with its noun.</summary>
    public static string Amount(ulong count, string one, string many) => $"{Plain(count)} {(count == 1 ? one : many)}";

    /// <summary>With three digits that count at most, and none behind thousands.</summary>
    public static string Short(double number) => number >= 999.5 ? Plain((ulong)Math.Round(number))
        : number.ToString(number >= 99.95 ? "0" : number >= 9.995 ? "0.#" : number >= 0.0995 || number == 0 ? "0.##" : "0.####", CultureInfo.InvariantCulture);
}
