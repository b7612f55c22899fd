namespace Differ.Schemas.Files;

/// <summary>Kinds of blocks in a run file; the numbers are in the file.</summary>
internal enum BlockKind : uint
{
    /// <summary>The header.</summary>
    Header = 1,

    /// <summary>Recorded exits.</summary>
    Exits = 2,

    /// <summary>What the reference says of exits.</summary>
    ComputedExits = 3,

    /// <summary>The summary.</summary>
    Summary = 4,
}

/// <summary>Constants of the run file; Proto/run.proto describes it.</summary>
public static class RunFile
{
    /// <summary>Version written, and highest version read.</summary>
    public const uint Version = 1;

    internal const int BlockHeaderSize = 20;
    internal const int LargestBody = 16 << 20;

    /// <summary>First bytes of every run file.</summary>
    public static ReadOnlySpan<byte> Magic => "DIFRUN1\n"u8;

    internal static ReadOnlySpan<byte> Marker => [0x89, (byte)'D', (byte)'I', (byte)'F', (byte)'R', 0x0d, 0x0a, 0x1a];
}
