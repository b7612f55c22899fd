using Differ.Capture.Btf;
using Differ.Capture.Diagnostics;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Btf;

public sealed class BtfTypesTests
{
    [Theory]
    [InlineData("kvm_vcpu.vcpu_id", 36, 4)]
    [InlineData("kvm_vcpu.arch.efer", 332, 8)]
    [InlineData("kvm_vcpu.arch.regs", 100, 136)]
    [InlineData("vcpu_svm.vcpu", 0, 4000)]
    [InlineData("vcpu_svm.vmcb01.ptr", 4008, 8)]
    [InlineData("vcpu_svm.nested.vmcb12_gpa", 4064, 8)]
    [InlineData("kvm_host_map.gfn", 24, 8)]
    public void A_path_has_an_offset_and_a_size(string path, long offset, long size) =>
        Assert.Equal(new BtfPlace(offset, size, 0), KvmTypes.Of("kvm_amd").Find(path));

    [Fact]
    public void A_member_of_a_union_without_a_name_is_found() => Assert.Equal(4072, KvmTypes.Of("kvm_amd").Find("vcpu_svm.nested.nested_run_pending")!.Offset);

    [Theory]
    [InlineData("kvm_vcpu.no_such_member")]
    [InlineData("no_such_structure.vcpu_id")]
    [InlineData("kvm_vcpu.vcpu_id.deeper")]
    public void What_is_not_there_has_no_place(string path) => Assert.Null(KvmTypes.Of("kvm_amd").Find(path));

    [Fact]
    public void A_bit_field_says_that_it_is_one()
    {
        var btf = new BtfBuilder();
        int word = btf.Int("u32", 4);
        btf.Bits("flags", 4, ("whole", word, 0, 0), ("few", word, 32, 3));
        BtfTypes types = BtfTypes.Read(btf.ToBytes());
        Assert.Equal((new BtfPlace(0, 4, 0), new BtfPlace(4, 4, 3)), (types.Find("flags.whole"), types.Find("flags.few")));
    }

    [Fact]
    public void A_function_has_its_parameters()
    {
        Assert.Equal(
            [new BtfParameter("vcpu", "kvm_vcpu*"), new BtfParameter("to", "void*"), new BtfParameter("from", "vmcb_control_area*")],
            KvmTypes.Of("kvm_amd").FindFunction("__nested_copy_vmcb_control_to_cache"));
        Assert.Null(KvmTypes.Of("kvm_amd").FindFunction("kvm_vcpu_unmap"));
    }

    [Fact]
    public void Types_that_go_round_in_a_circle_are_refused()
    {
        var btf = new BtfBuilder();
        btf.Struct("outer", 8, ("member", 2, 0));
        btf.Typedef("round", 2);
        Assert.Equal("DIF0104", Assert.Throws<CaptureFormatException>(() => BtfTypes.Read(btf.ToBytes()).Find("outer.member")).Code);
    }

    [Fact]
    public void Structures_without_names_are_not_searched_for_ever()
    {
        var btf = new BtfBuilder();
        btf.Union("outer", 8, ("", 2, 0), ("", 2, 0));
        for (int i = 3; i < 33; i++)
        {
            btf.Struct("", 8, ("", i, 0), ("", i, 0));
        }

        btf.Struct("start", 8, ("", 2, 0));
        Assert.Equal("DIF0104", Assert.Throws<CaptureFormatException>(() => BtfTypes.Read(btf.ToBytes()).Find("start.nothing")).Code);
    }

    [Fact]
    public void A_kind_that_nobody_knows_is_refused()
    {
        var btf = new BtfBuilder();
        btf.Type("odd", 31, 0, 0, []);
        Assert.Equal("DIF0108", Assert.Throws<CaptureFormatException>(() => BtfTypes.Read(btf.ToBytes())).Code);
        Assert.Equal("DIF0108", Assert.Throws<CaptureFormatException>(() => BtfTypes.Read(new byte[64])).Code);
    }

    [Fact]
    public void Damaged_types_are_read_or_refused()
    {
        (byte[] kernel, _, byte[] amd) = KvmTypes.Bytes();
        BtfTypes types = BtfTypes.Read(kernel);
        int read = 0;
        foreach (byte[] damaged in Mutations.All(amd, 3000))
        {
            try
            {
                BtfTypes found = BtfTypes.Read(damaged, types);
                _ = found.Find("vcpu_svm.nested.nested_run_pending");
                _ = found.Find("kvm_vcpu.arch.regs");
                _ = found.FindFunction("svm_set_efer");
                read++;
            }
            catch (CaptureFormatException)
            {
                // Told as it should be.
            }
        }

        Assert.InRange(read, 1, 100_000);
    }
}
