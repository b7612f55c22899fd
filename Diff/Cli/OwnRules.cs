using System.Security.Cryptography;
using Differ.Capture.Disk;
using Differ.Diff.Shards;
using Differ.Replay;

namespace Differ.Cli;

/// <summary>The rules of this program.</summary>
internal static class OwnRules
{
    private static readonly string[] Parts = ["differ.dll", "Differ.Diff.dll", "Differ.Replay.dll", "Differ.Capture.dll", "Differ.Schemas.dll"];

    /// <summary>The rules, with the version of the program.</summary>
    public static RuleSet Set { get; } = new(RuleBook.Statements, $"differ {VersionText.Version}");

    /// <summary>
    /// A hash of the files that are this very program: whoever changes it between two commits gets no results of the other one. Where they cannot
    /// be read, a value that no other run has.
    /// </summary>
    public static string HashOfProgram()
    {
        string[] parts = [.. Parts.Select(name => Path.Combine(AppContext.BaseDirectory, name)).Where(File.Exists)];
        try
        {
            return string.Concat((parts.Length > 0 ? parts : [Environment.ProcessPath ?? ""]).Select(HashOf));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"{Guid.NewGuid()}";
        }
    }

    private static string HashOf(string path)
    {
        using Stream file = DiskFile.Read(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
