using System.Security.Cryptography;
using System.Text;
using Microsoft.CodeAnalysis.Text;

namespace Differ.Mutants;

/// <summary>One small fault in one source file.</summary>
/// <param name="File">Path below the root, with forward slashes.</param>
/// <param name="Kind">Name of the operator.</param>
/// <param name="Span">What is replaced.</param>
/// <param name="Before">The text there.</param>
/// <param name="After">The text in its place.</param>
/// <param name="Line">Line number, from 1.</param>
/// <param name="LineText">The line, without its indentation.</param>
internal sealed record Mutant(string File, string Kind, TextSpan Span, string Before, string After, int Line, string LineText)
{
    /// <summary>Names it as long as its line stands: the line's number is no part of it.</summary>
    public string Id => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{File}\n{LineText}\n{Kind}\n{Before}\n{After}\n{Occurrence}")))[..8];

    /// <summary>How many like it stand before it in the file.</summary>
    public int Occurrence { get; init; }

    /// <summary>The folder of the table that it counts in.</summary>
    public string Folder => Path.GetDirectoryName(File)!.Replace('\\', '/');

    /// <inheritdoc/>
    public override string ToString() => $"{Id}  {File}:{Line}  {Kind}\n    {LineText}\n    {OneLine(Before)}  ->  {(After.Length == 0 ? "(nothing)" : OneLine(After))}";

    /// <summary>A text in one line.</summary>
    public static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
