using System.Globalization;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>Commands that lead on from a finding, to be copied into a shell.</summary>
internal static class CommandWords
{
    private const string Harmless = "_-./,:+@%=";
    private const int Neighbours = 3;

    /// <summary>Explains the finding: the rule, the function of KVM, known bugs.</summary>
    public static string Explain(DivergenceClass found, string file) => IsNamed(file) ? $"differ explain {found.Fingerprint} --in {Quoted(file)}" : $"differ explain {found.Rule.Id}";

    /// <summary>Shows the exits around its first occurrence; null where the recording cannot be read again.</summary>
    public static string? Show(DivergenceClass found, DiffResult result, string file)
    {
        VcpuStream? stream = result.Summary.StreamOf(found.First.Exit.Stream);
        string machine = result.Summary.Machines > 1 && stream is not null ? string.Create(CultureInfo.InvariantCulture, $" --vm {stream.Machine}") : "";
        string vcpu = result.Summary.Streams.Count > 1 && stream?.Vcpu is { } number ? string.Create(CultureInfo.InvariantCulture, $" --vcpu {number.Value}") : "";
        return IsNamed(file) ? string.Create(CultureInfo.InvariantCulture, $"differ show {Quoted(file)}{machine}{vcpu} --exit {found.First.Exit.Index} --context {Neighbours}") : null;
    }

    // A name that holds what does not show is not the file's name.
    private static bool IsNamed(string file) => file.Length > 0 && file != "-" && PlainText.Of(file) == file && !file.Contains("/fd/", StringComparison.Ordinal);

    private static string Quoted(string word) => word.All(letter => char.IsAsciiLetterOrDigit(letter) || Harmless.Contains(letter, StringComparison.Ordinal)) ? word
        : $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
