using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>A code segment as a gate loads it from the global descriptor table (APM2 4.8.1, 8.7.3, 8.9.2).</summary>
/// <param name="Selector">The selector, with the level that is entered as RPL.</param>
/// <param name="Level">The privilege level that is entered.</param>
/// <param name="Descriptor">The descriptor.</param>
internal readonly record struct CodeSegment(ulong Selector, ulong Level, ulong Descriptor)
{
    private const ulong SelectorMask = 0xfff8, RequestedLevel = 3, IndexOfTable = 4;
    private const ulong Accessed = 1UL << 40;
    private const int Conforming = 42, Executable = 43, IsSegment = 44, LevelShift = 45, IsPresent = 47, Is64Bit = 53, Is32Bit = 54, Pages = 55;

    /// <summary>Loads the segment of a gate, or says which exception it raises.</summary>
    /// <param name="processor">The processor.</param>
    /// <param name="selector">The gate's selector.</param>
    /// <param name="longMode">In long mode: the code must be 64-bit.</param>
    /// <param name="error">EXT of an error code: 1 for what no instruction asked for.</param>
    /// <param name="code">The segment.</param>
    public static Effect Load(Processor processor, ulong selector, bool longMode, uint error, out CodeSegment code)
    {
        code = default;
        Registers state = processor.State;
        uint selectorError = (uint)(selector & (SelectorMask | IndexOfTable)) | error;
        if ((selector & SelectorMask) == 0 || (selector & IndexOfTable) != 0 || (selector | 7) > state[VmcbField.GdtrLimit])
        {
            return Effect.Raise(ExceptionVector.GP, selectorError);
        }

        Effect read = processor.Read(unchecked(state[VmcbField.GdtrBase] + (selector & SelectorMask)), 8, out ulong descriptor);
        if (!read.IsDone)
        {
            return read;
        }

        ulong privilege = (descriptor >> LevelShift) & RequestedLevel, current = state[VmcbField.Cpl];
        bool isCode = Bit(descriptor, IsSegment) && Bit(descriptor, Executable) && (!longMode || (Bit(descriptor, Is64Bit) && !Bit(descriptor, Is32Bit)));
        if (!isCode || privilege > current)
        {
            return Effect.Raise(ExceptionVector.GP, selectorError);
        }

        if (!Bit(descriptor, IsPresent))
        {
            return Effect.Raise(ExceptionVector.NP, selectorError);
        }

        ulong level = Bit(descriptor, Conforming) ? current : privilege;
        code = new CodeSegment((selector & ~RequestedLevel) | level, level, descriptor | Accessed);
        return Effect.Done;
    }

    /// <summary>Puts it into CS, and its level into CPL.</summary>
    public void Enter(Registers state)
    {
        ulong limit = (Descriptor & 0xffff) | ((Descriptor >> 32) & 0xf_0000);
        state[VmcbField.CsSelector] = Selector;
        state[VmcbField.CsAttributes] = ((Descriptor >> 40) & 0xff) | ((Descriptor >> 44) & 0xf00);
        state[VmcbField.CsLimit] = Bit(Descriptor, Pages) ? (limit << 12) | 0xfff : limit;
        state[VmcbField.CsBase] = ((Descriptor >> 16) & 0xff_ffff) | ((Descriptor >> 32) & 0xff00_0000);
        state[VmcbField.Cpl] = Level;
    }

    private static bool Bit(ulong descriptor, int bit) => ((descriptor >> bit) & 1) != 0;
}
