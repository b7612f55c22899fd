using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>Follows the blocks of a file from one to the next, so that the library is given none that ends behind the file.</summary>
/// <remarks>
/// The library takes as much memory as a block claims to need before it reads it; what is checked here bounds that by the file.
/// <code>
/// versions 4 and 5                                                                       version 6
///   5 5 1 u32 version, u32, u32 length of the name, name, 6, u32 size, filled to 4, 6      u24 size, u8 kind
///   1 at the end                                                                           kind 0 at the end
/// </code>
/// </remarks>
internal static class NetTraceBlocks
{
    private const byte NullTag = 1, BeginTag = 5, EndTag = 6;
    private const int LongestName = 64, Alignment = 4, LargestDescriptions = 1 << 26;

    /// <summary>Follows the blocks.</summary>
    /// <param name="reader">At the first block behind the description of the session, or in version 6 at that.</param>
    /// <param name="version">Version of the format.</param>
    /// <exception cref="CaptureFormatException">DIF0101: a block or the end is missing. DIF0104: something else stands there.</exception>
    public static void Check(SourceReader reader, int version)
    {
        bool more = true;
        while (more)
        {
            more = version >= NetTraceHeader.FirstPlainVersion ? PassBlock(reader) : PassObject(reader);
        }
    }

    private static bool PassBlock(SourceReader reader)
    {
        const int SizeBits = 24;
        uint header = reader.U32("block header");
        reader.Skip(header & ((1U << SizeBits) - 1), "block");
        return header >> SizeBits != 0;
    }

    private static bool PassObject(SourceReader reader)
    {
        long at = reader.Position;
        byte tag = reader.U8("tag of an object");
        if (tag == NullTag)
        {
            return false;
        }

        bool begins = tag == BeginTag && reader.U8("tag of a type") == BeginTag && reader.U8("type of a type") == NullTag;
        if (!begins)
        {
            CaptureFormatException.ThrowImpossible("start of an object", at, $"tag {tag} here");
        }

        _ = reader.U32("version of an object");
        _ = reader.U32("version of the reader");
        string name = reader.Text(reader.U32("type name"), LongestName, "type name");
        ExpectEnd(reader);
        uint size = reader.U32("size of a block");
        reader.Skip((ulong)(-reader.Position & (Alignment - 1)), "filling");
        if (name == "MetadataBlock")
        {
            long start = reader.Position;
            NetTraceDescriptions.Check(reader.Bytes(size, LargestDescriptions, "descriptions"), start);
        }
        else
        {
            reader.Skip(size, "block");
        }

        ExpectEnd(reader);
        return true;
    }

    private static void ExpectEnd(SourceReader reader)
    {
        long at = reader.Position;
        byte tag = reader.U8("end of an object");
        if (tag != EndTag)
        {
            CaptureFormatException.ThrowImpossible("end of an object", at, $"tag {tag}");
        }
    }
}
