using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Baseline;

namespace Differ.Cli.Config;

/// <summary>Reads the file of accepted departures that a user names.</summary>
internal static class BaselineReading
{
    /// <summary>Reads a baseline.</summary>
    /// <param name="path">The file; null for none.</param>
    /// <exception cref="UsageException">It is none.</exception>
    public static Baseline Read(string? path)
    {
        try
        {
            return path is null ? Baseline.Empty : Parse(DiskFile.ReadText(path), path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"the baseline {path} cannot be read: {UnusableInput.ReasonOf(fault)}; differ baseline update makes one");
        }
    }

    /// <summary>Reads the text of a baseline.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">The file that it is from.</param>
    /// <exception cref="UsageException">It is none.</exception>
    public static Baseline Parse(string text, string path)
    {
        try
        {
            return BaselineFile.Read(text);
        }
        catch (BaselineFormatException e)
        {
            throw new UsageException($"{BaselineFile.BaselineCode} in {path}: {e.Message}");
        }
    }
}
