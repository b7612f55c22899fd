using Differ.Replay.Rules;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;

namespace Differ.Tests.Replay.Rules;

/// <summary>Which intercept an instruction belongs to (APM2 table 15-7); the encodings are those of APM3.</summary>
public sealed class InstructionDecoderTests
{
    [Theory]
    [InlineData("0f 01 d8", 0x80, "VMRUN")]
    [InlineData("f2 0f 01 d8", 0x80, "VMRUN")]
    [InlineData("0f 01 d9", 0x81, "VMMCALL")]
    [InlineData("0f 01 da", 0x82, "VMLOAD")]
    [InlineData("0f 01 db", 0x83, "VMSAVE")]
    [InlineData("0f 01 dc", 0x84, "STGI")]
    [InlineData("0f 01 dd", 0x85, "CLGI")]
    [InlineData("0f 01 de", 0x86, "SKINIT")]
    [InlineData("0f 01 df", 0x7a, "INVLPGA")]
    [InlineData("f3 0f 01 d9", 0x81, "VMGEXIT")]
    [InlineData("0f a2", 0x72, "CPUID")]
    [InlineData("0f 31", 0x6e, "RDTSC")]
    [InlineData("0f 01 f9", 0x87, "RDTSCP")]
    [InlineData("0f 33", 0x6f, "RDPMC")]
    [InlineData("0f 32", 0x7c, "RDMSR")]
    [InlineData("0f 30", 0x7c, "WRMSR")]
    [InlineData("f4", 0x78, "HLT")]
    [InlineData("f3 90", 0x77, "PAUSE")]
    [InlineData("0f 01 38", 0x79, "INVLPG")]
    [InlineData("0f 08", 0x76, "INVD")]
    [InlineData("0f 09", 0x89, "WBINVD")]
    [InlineData("f3 0f 09", 0x89, "WBNOINVD")]
    [InlineData("0f 01 c8", 0x8a, "MONITOR")]
    [InlineData("0f 01 fa", 0x8a, "MONITORX")]
    [InlineData("0f 01 c9", 0x8b, "MWAIT")]
    [InlineData("0f 01 fb", 0x8b, "MWAITX")]
    [InlineData("0f 01 d1", 0x8d, "XSETBV")]
    [InlineData("0f 01 fd", 0x8e, "RDPRU")]
    [InlineData("66 0f 38 82 08", 0xa2, "INVPCID")]
    [InlineData("cd 80", 0x75, "INT")]
    [InlineData("f1", 0x88, "INT1")]
    [InlineData("48 cf", 0x74, "IRETQ")]
    [InlineData("9c", 0x70, "PUSHFQ")]
    [InlineData("9d", 0x71, "POPFQ")]
    [InlineData("0f aa", 0x73, "RSM")]
    [InlineData("0f 01 18", 0x6a, "LIDT")]
    [InlineData("0f 01 08", 0x66, "SIDT")]
    [InlineData("0f 01 10", 0x6b, "LGDT")]
    [InlineData("0f 01 00", 0x67, "SGDT")]
    [InlineData("0f 00 d8", 0x6d, "LTR")]
    [InlineData("0f 00 c8", 0x69, "STR")]
    [InlineData("0f 00 d0", 0x6c, "LLDT")]
    [InlineData("0f 00 c0", 0x68, "SLDT")]
    [InlineData("e4 60", 0x7b, "IN")]
    [InlineData("ee", 0x7b, "OUT")]
    [InlineData("6c", 0x7b, "INSB")]
    [InlineData("6f", 0x7b, "OUTSD")]
    [InlineData("0f 20 c0", 0x00, "MOV")]
    [InlineData("0f 22 d8", 0x13, "MOV")]
    [InlineData("44 0f 22 c0", 0x18, "MOV")]
    [InlineData("f0 0f 22 c0", 0x18, "MOV")]
    [InlineData("0f 21 f8", 0x27, "MOV")]
    [InlineData("0f 23 f8", 0x37, "MOV")]
    [InlineData("0f 06", 0x10, "CLTS")]
    [InlineData("0f 01 e0", 0x00, "SMSW")]
    [InlineData("0f 01 f0", 0x10, "LMSW")]
    public void An_instruction_has_the_exit_code_of_its_intercept(string bytes, ulong code, string name)
    {
        DecodedInstruction decoded = Decode(bytes, DecodeMode.Long64);
        Assert.Equal(new SvmExitCode(code), decoded.Code);
        Assert.Equal(name, decoded.Name);
        Assert.Equal(bytes.Split(' ').Length, decoded.Length);
        Assert.Equal(name == "LMSW", decoded.IsLmsw);
    }

    [Theory]
    [InlineData("8b 03", 2, false, false)]
    [InlineData("cc", 1, false, true)]
    [InlineData("a4", 1, true, false)]
    [InlineData("eb fe", 2, false, true)]
    public void An_instruction_without_an_intercept_has_no_exit_code(string bytes, int length, bool isString, bool isBranch)
    {
        DecodedInstruction decoded = Decode(bytes, DecodeMode.Long64);
        Assert.Null(decoded.Code);
        Assert.Equal((length, isString, isBranch), (decoded.Length, decoded.IsString, decoded.IsBranch));
    }

    [Theory]
    [InlineData("0f 01")]
    [InlineData("0f 0a")]
    [InlineData("06")]
    public void Bytes_that_are_no_instruction_are_none(string bytes) => Assert.Equal(DecodedInstruction.None, Decode(bytes, DecodeMode.Long64));

    [Theory]
    [InlineData(DecodeMode.Real, "b8 01 00", 3)]
    [InlineData(DecodeMode.Virtual8086, "b8 01 00", 3)]
    [InlineData(DecodeMode.Protected16, "b8 01 00", 3)]
    [InlineData(DecodeMode.Protected32, "b8 01 00 00 00", 5)]
    [InlineData(DecodeMode.Long64, "48 b8 01 00 00 00 00 00 00 00", 10)]
    public void The_operating_mode_decides_the_length(DecodeMode mode, string bytes, int length) =>
        Assert.Equal(length, Decode(bytes, mode).Length);

    [Fact]
    public void Only_as_many_instructions_are_kept_as_a_guest_has()
    {
        var decoder = new InstructionDecoder();
        for (ulong i = 0; i < 5000; i++)
        {
            // MOV EAX, i
            Assert.Equal(5, decoder.Decode(new EmulatedInstruction(0, 0, 5, 0xb8 | (i << 8), 0, DecodeMode.Protected32, Failed: false)).Length);
        }
    }

    private static DecodedInstruction Decode(string bytes, DecodeMode mode)
    {
        RunStory story = new RunStory().L2Exit(SvmExitCode.Npf).Emulates(bytes, mode);
        return new InstructionDecoder().Decode(EmulatedInstruction.Of(story.Records[0].Events[1]));
    }
}
