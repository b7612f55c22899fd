using Differ.Capture.Tracepoints;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Tracepoints;

public sealed class EventLayoutTests
{
    [Theory]
    [InlineData("unsigned long guest_rip", "guest_rip", true, false, false)]
    [InlineData("const char * msg", "msg", true, false, false)]
    [InlineData("const char *msg", "msg", true, false, false)]
    [InlineData("__data_loc char[] msg", "msg", false, true, false)]
    [InlineData("__u8 insn[8]", "insn", false, false, true)]
    public void A_declaration_names_its_field(string declaration, string name, bool isNumber, bool isDynamic, bool isArray)
    {
        string text = $"name: x\nID: 1\nformat:\n\tfield:{declaration};\toffset:8;\tsize:8;\tsigned:0;\n";
        EventField field = Assert.Single(EventLayout.Parse("s", text)!.Fields);
        Assert.Equal((name, isNumber, isDynamic, isArray), (field.Name, field.IsNumber, field.IsDynamic, field.IsArray));
    }

    [Theory]
    [InlineData("")]
    [InlineData("name: x\n")]
    [InlineData("ID: 4\n")]
    [InlineData("name: x\nID: -4\n")]
    [InlineData("name: x\nID: 65536\n")]
    [InlineData("name: x\nID: four\n")]
    public void A_text_without_name_or_number_describes_nothing(string text) => Assert.Null(EventLayout.Parse("s", text));

    [Theory]
    [InlineData("\tfield:int a;\toffset:-8;\tsize:4;\n")]
    [InlineData("\tfield:int a;\toffset:8;\n")]
    [InlineData("\tfield:int a;\toffset:99999999999;\tsize:4;\n")]
    [InlineData("\tfield:int a\n")]
    public void A_field_without_a_place_is_passed_over(string line) => Assert.Empty(EventLayout.Parse("s", "name: x\nID: 1\n" + line)!.Fields);

    [Fact]
    public void The_header_page_may_say_anything_besides_its_fields() =>
        Assert.Equal(8, EventLayout.ParseHeaderPage("ID: many\n\tfield: local_t commit;\toffset:8;\tsize:8;\n").Find("commit")!.Size);

    [Fact]
    public void Nothing_is_read_from_the_print_format()
    {
        string text = Mark.Format.Text + "\tfield:int late;\toffset:8;\tsize:4;\tsigned:1;\n";
        Assert.Null(EventLayout.Parse("test", text)!.Find("late"));
    }

    [Fact]
    public void Every_layout_is_parsed_back_from_its_text() => Assert.All(KernelLayouts.Kernels, kernel =>
        Assert.All(KernelLayouts.Of(kernel).Formats, format => Assert.Equal(
            format.Fields.Select(field => (field.Name, field.Offset, field.Size, field.Type[0] == 's')),
            EventLayout.Parse("kvm", format.Text)!.Fields.Skip(4).Select(field => (field.Name, field.Offset, field.Size, field.Signed)))));
}
