using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Rules;

/// <summary>An instruction as far as interception needs it.</summary>
/// <param name="Code">The exit code of its intercept; null when the manual has no intercept for it.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Name">Mnemonic.</param>
/// <param name="IsLmsw">LMSW, which treats the selective CR0 intercept as non-selective.</param>
/// <param name="IsString">A string instruction, which may stay at its RIP.</param>
/// <param name="IsBranch">Changes RIP by itself.</param>
/// <param name="Segment">Segment of the memory operand: 0 ES, 1 CS, 2 SS, 3 DS, 4 FS, 5 GS.</param>
internal readonly record struct DecodedInstruction(
    SvmExitCode? Code, int Length, string Name, bool IsLmsw, bool IsString, bool IsBranch, int Segment)
{
    /// <summary>Bytes that are not an instruction.</summary>
    public static DecodedInstruction None { get; } = new(null, 0, "", IsLmsw: false, IsString: false, IsBranch: false, Segment: 0);
}

/// <summary>Decodes the instruction bytes that L0 recorded: which instruction, how long, which intercept it belongs to.</summary>
internal sealed class InstructionDecoder
{
    // A guest has few different instructions that L0 decodes; a hostile recording may have many.
    private const int MostKept = 4096;

    private readonly Dictionary<(ulong Low, ulong High, int Length, DecodeMode Mode), DecodedInstruction> _known = [];

    /// <summary>Decodes what L0 decoded.</summary>
    public DecodedInstruction Decode(in EmulatedInstruction recorded)
    {
        (ulong, ulong, int, DecodeMode) key = (recorded.BytesLow, recorded.BytesHigh, recorded.Length, recorded.Mode);
        if (_known.TryGetValue(key, out DecodedInstruction known))
        {
            return known;
        }

        Span<byte> sixteen = stackalloc byte[16];
        Span<byte> bytes = recorded.CopyBytes(sixteen);
        DecodedInstruction decoded = recorded.Mode == DecodeMode.Unknown ? DecodeAnyMode(bytes) : Decode(bytes, recorded.Mode);
        if (_known.Count < MostKept)
        {
            _known.Add(key, decoded);
        }

        return decoded;
    }

    // Without the mode only what means the same in all of them is known.
    private static DecodedInstruction DecodeAnyMode(ReadOnlySpan<byte> bytes)
    {
        DecodedInstruction decoded = Decode(bytes, DecodeMode.Long64);
        return decoded == Decode(bytes, DecodeMode.Protected32) && decoded == Decode(bytes, DecodeMode.Protected16) ? decoded : DecodedInstruction.None;
    }

    private static DecodedInstruction Decode(ReadOnlySpan<byte> bytes, DecodeMode mode)
    {
        int bitness = mode switch
        {
            DecodeMode.Long64 => 64,
            DecodeMode.Protected32 => 32,
            _ => 16,
        };
        Decoder decoder = Decoder.Create(bitness, new ByteArrayCodeReader(bytes.ToArray()), DecoderOptions.AMD);
        decoder.Decode(out Instruction instruction);
        return instruction.IsInvalid
            ? DecodedInstruction.None
            : new DecodedInstruction(
                CodeFor(instruction), instruction.Length, instruction.Mnemonic.ToString().ToUpperInvariant(),
                instruction.Mnemonic == Mnemonic.Lmsw, instruction.IsStringInstruction, instruction.FlowControl != FlowControl.Next,
                SegmentOf(instruction));
    }

    // The destination of a string instruction is in ES, whatever the prefix.
    private static int SegmentOf(in Instruction instruction) =>
        instruction.Op0Kind is OpKind.MemoryESDI or OpKind.MemoryESEDI or OpKind.MemoryESRDI
            || instruction.MemorySegment is < Register.ES or > Register.GS ? 0 : instruction.MemorySegment - Register.ES;

    private static SvmExitCode? CodeFor(in Instruction instruction)
    {
        if (instruction.Mnemonic == Mnemonic.Mov)
        {
            return RegisterMove(instruction.Op0Register, SvmExitCode.CrWrite, SvmExitCode.DrWrite)
                ?? RegisterMove(instruction.Op1Register, SvmExitCode.CrRead, SvmExitCode.DrRead);
        }

        return ExitTable.ByInstruction.TryGetValue(instruction.Mnemonic, out SvmExitCode code) ? code : null;
    }

    private static SvmExitCode? RegisterMove(Register register, SvmExitCode control, SvmExitCode debug)
    {
        if (register is >= Register.CR0 and <= Register.CR15)
        {
            return new SvmExitCode(control.Value + (ulong)(register - Register.CR0));
        }

        return register is >= Register.DR0 and <= Register.DR15 ? new SvmExitCode(debug.Value + (ulong)(register - Register.DR0)) : null;
    }
}
