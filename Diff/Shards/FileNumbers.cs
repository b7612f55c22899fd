using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Shards;

/// <summary>Numbers of a result file, which anybody may have written.</summary>
internal static class FileNumbers
{
    /// <summary>A stream.</summary>
    /// <exception cref="InvalidDataException">No run has so many.</exception>
    public static StreamId StreamOf(uint number) => number < StreamId.Most ? new StreamId((int)number) : throw new InvalidDataException();

    /// <summary>A kind of evidence.</summary>
    /// <exception cref="InvalidDataException">There is none of that number.</exception>
    public static Evidence EvidenceOf(uint number) => number < EvidenceTable.All.Count ? (Evidence)number : throw new InvalidDataException();
}
