using System.Buffers.Binary;
using System.Text;
using Differ.Capture.Tracepoints;
using Differ.Diff.Naming;
using Differ.Schemas.Run;

namespace Differ.Tests.Diff.Naming;

/// <summary>Names that people look up elsewhere: of the kernel, of registers, of a guest.</summary>
public sealed class NamesTests
{
    [Fact]
    public void Every_event_and_field_has_a_name_of_the_kernel()
    {
        ILookup<KvmEventKind, Tracepoint> tracepoints = KvmTracepoints.All.Where(one => one.Kind != KvmEventKind.None).ToLookup(one => one.Kind);
        Assert.All(tracepoints, kind =>
        {
            Assert.Contains(KernelEvents.NameOf(kind.Key), kind.Select(one => one.Name));
            Assert.All(kind, one => Assert.Equal(kind.Key, KernelEvents.Find(one.Name)));
            Assert.Equal(EventSchemas.Of(kind.Key).Slots.Count, Enumerable.Range(0, EventSchemas.Of(kind.Key).Slots.Count).Select(slot => KernelEvents.FieldOf(kind.Key, slot)).Count());
        });
        Assert.Null(KernelEvents.Find("kvm_nothing"));
    }

    [Theory]
    [InlineData("EFER", 0xc000_0080)]
    [InlineData("vm_hsave_pa", 0xc001_0117)]
    [InlineData("0x10", 0x10)]
    [InlineData("16", 0x10)]
    public void A_register_is_found_by_name_and_by_number(string word, uint index) => Assert.Equal(index, MsrNames.Find(word));

    [Fact]
    public void What_is_no_register_and_no_port_has_no_name()
    {
        Assert.Null(MsrNames.Find("nothing"));
        Assert.Null(MsrNames.Of(ulong.MaxValue));
        Assert.Equal(("EFER", "COM1"), (MsrNames.Of(0xc000_0080), PortNames.Of(0x3f8)));
        Assert.Null(PortNames.Of(0xffff));
    }

    [Fact]
    public void Symbols_of_a_text_are_the_nearest_below()
    {
        GuestSymbols symbols = Text("ffffffff81000000 T _text\nffffffff81000100 t inner [kvm]\nffffffff81000180 D data\nno line\n");
        Assert.Equal(
            [null, "_text", "_text+0xff", "inner [kvm]", "inner [kvm]+0x90", null],
            new ulong[] { 0xffff_ffff_80ff_ffff, 0xffff_ffff_8100_0000, 0xffff_ffff_8100_00ff, 0xffff_ffff_8100_0100, 0xffff_ffff_8100_0190, 0xffff_ffff_8200_0000 }.Select(symbols.Of));
    }

    [Fact]
    public void Symbols_of_an_ELF_file_are_its_functions()
    {
        GuestSymbols symbols = GuestSymbols.Read(Elf(("start", 0x1000, 2), ("object", 0x1800, 1), ("main", 0x2000, 2)));
        Assert.Equal(2, symbols.Count);
        Assert.Equal(("start+0x900", "main+0x1"), (symbols.Of(0x1900), symbols.Of(0x2001)));
    }

    [Theory]
    [InlineData("", "no symbols: ")]
    [InlineData("Dear reader,\n", "no symbols: ")]
    [InlineData("0000000000000000 T _text\n0000000000000000 t inner\n", "all addresses are 0: ")]
    [InlineData("\u007fELF", "the ELF file is cut short or damaged")]
    [InlineData("\u007fELF\u0001\u0001", "no symbols: the ELF file is not of 64 bits")]
    public void What_has_no_symbols_is_refused_in_words(string text, string says) =>
        Assert.StartsWith(says, Assert.Throws<FormatException>(() => Text(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_damaged_ELF_file_is_refused_and_never_more()
    {
        byte[] elf = Elf(("start", 0x1000, 2));
        for (int length = 4; length < elf.Length; length++)
        {
            try
            {
                GuestSymbols.Read(elf[..length]);
            }
            catch (FormatException refused)
            {
                Assert.NotEmpty(refused.Message);
            }
        }
    }

    private static GuestSymbols Text(string text) => GuestSymbols.Read(Encoding.UTF8.GetBytes(text));

    // A header, the symbols, their names, and two section headers behind an empty one.
    private static byte[] Elf(params (string Name, ulong Address, byte Type)[] symbols)
    {
        const int Header = 64, Symbol = 24, Section = 64;
        byte[] names = [0, .. symbols.SelectMany(symbol => Encoding.ASCII.GetBytes(symbol.Name + "\0"))];
        int namesAt = Header + (symbols.Length * Symbol), sectionsAt = namesAt + names.Length;
        byte[] elf = new byte[sectionsAt + (3 * Section)];
        "\u007fELF\u0002\u0001"u8.CopyTo(elf);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(40), (ulong)sectionsAt);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(60), 3);
        int name = 1;
        for (int i = 0; i < symbols.Length; i++)
        {
            Span<byte> row = elf.AsSpan(Header + (i * Symbol), Symbol);
            BinaryPrimitives.WriteUInt32LittleEndian(row, (uint)name);
            row[4] = symbols[i].Type;
            row[6] = 1;
            BinaryPrimitives.WriteUInt64LittleEndian(row[8..], symbols[i].Address);
            name += symbols[i].Name.Length + 1;
        }

        names.CopyTo(elf, namesAt);
        Describe(elf.AsSpan(sectionsAt + Section), 2, Header, symbols.Length * Symbol, 2);
        Describe(elf.AsSpan(sectionsAt + (2 * Section)), 3, namesAt, names.Length, 0);
        return elf;

        static void Describe(Span<byte> section, uint type, int offset, int size, uint link)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(section[4..], type);
            BinaryPrimitives.WriteUInt64LittleEndian(section[24..], (ulong)offset);
            BinaryPrimitives.WriteUInt64LittleEndian(section[32..], (ulong)size);
            BinaryPrimitives.WriteUInt32LittleEndian(section[40..], link);
        }
    }
}
