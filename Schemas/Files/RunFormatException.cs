using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Files;

/// <summary>A run or result file that cannot be used at all. Damage inside a run is not one: it is passed over and counted.</summary>
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

    internal static RunFormatException NotAResult() => new("DIF0210", "not a result file of Differ; make one with differ check -o", 0);

    internal static RunFormatException NewerResult(uint version) =>
        new("DIF0211", $"the result has format version {version}, this Differ reads up to {ResultFile.Version}; update Differ", 0);

    internal static RunFormatException DamagedResult(long offset) =>
        new("DIF0212", "the result is damaged or cut short, and no part of it is used; check its captures again", offset);

    internal static RunFormatException OtherRules(string theirs, string ours) =>
        new("DIF0213", $"judged by the rules of {theirs}, and this is {ours}; check its captures again, or merge with the program that judged them", 0);

    internal static RunFormatException OtherOptions(string first) =>
        new("DIF0214", $"judged by another policy, baseline or description of the CPU than {first}; check the captures of both with the same options", 0);

    internal static RunFormatException OtherRun() =>
        new("DIF0206", "the computed run belongs to another recorded run; run differ replay on this one", 0);
}
