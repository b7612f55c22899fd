using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Files;

/// <summary>A run file that cannot be used at all. Damage inside a run is not one: it is passed over and counted.</summary>
public sealed class RunFormatException : Exception
{
    private RunFormatException(string code, string message, long fileOffset)
        : base($"{code} at byte 0x{fileOffset:x}: {PlainText.Of(message)}")
    {
        Code = code;
        FileOffset = fileOffset;
    }

    /// <summary>Stable identifier, for example <c>DIF0201</c>; documented in README.md.</summary>
    public string Code { get; }

    /// <summary>Byte offset from the start of the file.</summary>
    public long FileOffset { get; }

    internal static RunFormatException NotARun() => new("DIF0201", "not a run file of Differ; make one with differ convert", 0);

    internal static RunFormatException NoHeader(long offset) =>
        new("DIF0202", "the header of the run is missing or damaged; convert the capture again", offset);

    internal static RunFormatException NewerVersion(uint version, long offset) =>
        new("DIF0203", $"the run has format version {version}, this Differ reads up to {RunFile.Version}; update Differ", offset);

    internal static RunFormatException WrongOrigin(bool computed, long offset) => new("DIF0204", computed
        ? "the run was computed by the reference where a recorded one is expected"
        : "the run was recorded where a computed one is expected; make one with differ replay", offset);

    internal static RunFormatException BadMessage(string what, long offset) =>
        new("DIF0205", $"{what} cannot be read although its checksum is right; it was not written by Differ", offset);

    internal static RunFormatException TooMany(string what, long offset) =>
        new("DIF0207", $"{what}; no run of Differ has so many, so it was not written by Differ", offset);

    internal static RunFormatException FalseBlocks(long offset) =>
        new("DIF0208", "the file is full of headers of blocks that are none; it was not written by Differ", offset);

    internal static RunFormatException Another(long offset) =>
        new("DIF0209", "another run follows: several were written into one file; give each a file of its own", offset);

    internal static RunFormatException OtherRun() =>
        new("DIF0206", "the computed run belongs to another recorded run; run differ replay on this one", 0);
}
