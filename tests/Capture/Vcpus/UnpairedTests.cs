using Differ.Tests.Support;

namespace Differ.Tests.Capture.Vcpus;

/// <summary>What cannot be the whole of one exit shows that an event is missing.</summary>
public sealed class UnpairedTests
{
    private const ulong Npf = 0x400, Rip = 0x1000;

    [Theory]
    [InlineData(Rip, 0, 0)]
    [InlineData(Rip + 3, 0, 1)]
    [InlineData(Rip + 3, 1, 0)]
    public void L0_decodes_the_instruction_that_exited_and_no_other(ulong decoded, ulong failed, int remarks)
    {
        byte[] capture = StoryFiles.TraceDat("6.12", story => story.Entry(Rip)
            .Exit(Npf, Rip).Event("kvm_emulate_insn", ("rip", decoded), ("failed", failed)).Entry(Rip + 3)
            .Exit(Npf, Rip + 3).Event("kvm_emulate_insn", ("rip", Rip + 3)).Entry(Rip + 3));
        Assert.Equal(remarks, Recording.Of(capture).Summary.Notes.Count(note => note.Code == "DIF0126"));
    }

    [Fact]
    public void What_is_decoded_without_an_exit_shows_nothing() =>
        Assert.DoesNotContain(
            Recording.Of(StoryFiles.TraceDat("6.12", story => story.Event("kvm_emulate_insn", ("rip", Rip)).Entry(Rip).Exit(Npf, Rip).Entry(Rip))).Summary.Notes,
            note => note.Code == "DIF0126");
}
