using Differ.Diff.Report.Perfetto;
using Google.Protobuf;

namespace Differ.Tests.Diff.Report.Perfetto;

/// <summary>The wire format, read back by Google's reader.</summary>
public sealed class ProtoWriterTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(3_000_000)]
    public void A_message_in_a_message_has_the_length_of_its_content(int length)
    {
        byte[] bytes = Written(writer =>
        {
            writer.Begin(1);
            writer.Begin(2);
            writer.Text(3, new string('x', length));
            writer.End();
            writer.Number(4, ulong.MaxValue);
            writer.End();
            writer.Number(5, 1);
        });
        var outer = new CodedInputStream(bytes);
        Assert.Equal(WireFormat.MakeTag(1, WireFormat.WireType.LengthDelimited), outer.ReadTag());
        CodedInputStream middle = outer.ReadBytes().CreateCodedInput();
        Assert.Equal(WireFormat.MakeTag(2, WireFormat.WireType.LengthDelimited), middle.ReadTag());
        CodedInputStream inner = middle.ReadBytes().CreateCodedInput();
        Assert.Equal(WireFormat.MakeTag(3, WireFormat.WireType.LengthDelimited), inner.ReadTag());
        Assert.Equal(length, inner.ReadString().Length);
        Assert.True(inner.IsAtEnd);
        Assert.Equal(WireFormat.MakeTag(4, WireFormat.WireType.Varint), middle.ReadTag());
        Assert.Equal(ulong.MaxValue, middle.ReadUInt64());
        Assert.Equal(WireFormat.MakeTag(5, WireFormat.WireType.Varint), outer.ReadTag());
    }

    [Fact]
    public void A_fixed_number_has_eight_bytes_and_a_broken_text_is_a_text()
    {
        var input = new CodedInputStream(Written(writer =>
        {
            writer.Fixed64(47, 0x0123_4567_89ab_cdef);
            writer.Text(1000, "a\ud800b");
        }));
        Assert.Equal(WireFormat.MakeTag(47, WireFormat.WireType.Fixed64), input.ReadTag());
        Assert.Equal(0x0123_4567_89ab_cdefUL, input.ReadFixed64());
        Assert.Equal(WireFormat.MakeTag(1000, WireFormat.WireType.LengthDelimited), input.ReadTag());
        Assert.Equal("a\ufffdb", input.ReadString());
        Assert.True(input.IsAtEnd);
    }

    private static byte[] Written(Action<ProtoWriter> write)
    {
        using var output = new MemoryStream();
        var writer = new ProtoWriter(output);
        write(writer);
        writer.Flush();
        return output.ToArray();
    }
}
