using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Scenarios;

/// <summary>The machine a scenario starts from: 64-bit L1 with SVM on, a vmcb12 for a 64-bit L2, identity page tables, interrupt tables.</summary>
internal sealed class Machine
{
    /// <summary>Where things are.</summary>
    public const ulong Vmcb12 = 0x5000, HostSave = 0x6000, L1Code = 0x10000, L2Code = 0x20000, IoMap = 0x30000, MsrMap = 0x34000,
        L1Stack = 0x48000, L2Stack = 0x58000, L1Gates = 0x60000, L2Gates = 0x70000, Task = 0x7000, TaskLimit = 0x2068, TaskStack = 0x59000;

    private const ulong GuestTables = 0x80000, NestedTables = 0x90000, L2Descriptors = 0x1000, Page = 0x1000, HandlerSize = 16;
    private const ulong ResetVector = 0xffff_fff0, Mapped = 0x20_0000;
    private const ulong Efer = 0x1d00, Cr0 = 0x8000_0013, Cr4 = 0x20, Flat = 0xffff_ffff;
    private const ulong UnscaledTsc = 0x1_0000_0000;
    private const ulong Code64 = 0xa9b, Data = 0xc93, Halt = 0xf4, Resume = 0xaa0f;

    private static readonly (VmcbField Selector, VmcbField Base, VmcbField Limit, VmcbField Attributes)[] Segments =
    [
        (VmcbField.CsSelector, VmcbField.CsBase, VmcbField.CsLimit, VmcbField.CsAttributes),
        (VmcbField.SsSelector, VmcbField.SsBase, VmcbField.SsLimit, VmcbField.SsAttributes),
        (VmcbField.DsSelector, VmcbField.DsBase, VmcbField.DsLimit, VmcbField.DsAttributes),
        (VmcbField.EsSelector, VmcbField.EsBase, VmcbField.EsLimit, VmcbField.EsAttributes),
    ];

    private readonly Dictionary<ulong, ulong> _described = [];

    /// <summary>A machine.</summary>
    /// <param name="features">What its processor can do.</param>
    /// <param name="observer">Is told what happens.</param>
    /// <param name="timePasses">Whether time passes that nobody counted.</param>
    public Machine(Features features, IProcessorObserver observer, bool timePasses = false)
    {
        Processor = new Processor(features, observer) { TimePasses = timePasses };
        MapIdentity(GuestTables);
        MapIdentity(NestedTables);
        SetRegisters(field => Processor.State[field], (field, value) => Processor.State[field] = value, L1Code, L1Stack, L1Gates);
        Processor.State.Gif = true;
        Processor.State[VmcbField.VmHsavePa] = HostSave;
        Processor.State[VmcbField.Rax] = Vmcb12;
        Processor.State[VmcbField.TscRatio] = UnscaledTsc;
        Processor.State[VmcbField.GPat] = 0x0007_0406_0007_0406;
        Vmcb guest = Guest;
        SetRegisters(field => guest[field], (field, value) => guest[field] = value, L2Code, L2Stack, L2Gates);
        guest[VmcbField.GdtrBase] = L2Descriptors;
        guest[VmcbField.GuestAsid] = 1;
        guest[VmcbField.IopmBasePa] = IoMap;
        guest[VmcbField.MsrpmBasePa] = MsrMap;
        guest[VmcbField.NCr3] = NestedTables;
        guest[VmcbField.NestedControl] = features.Has(CpuFeature.Np) ? 1UL : 0;
        guest[VmcbField.GPat] = 0x0007_0406_0007_0406;
        Intercept(SvmExitCode.Vmrun, true);
        MakeTask();
        Processor.Memory.Write(ResetVector, Halt, 1);
        Processor.Memory.Write(SystemManagement.Base + SystemManagement.Entry, Resume, 2);
        MakeGates(L1Gates);
        MakeGates(L2Gates);
        DescribeSegments();
    }

    /// <summary>What the manual leaves open of where the machine is: registers, memory with vmcb12, or whatever follows.</summary>
    public Undefined Undefined => Processor.Undefined;

    /// <summary>The processor.</summary>
    public Processor Processor { get; }

    /// <summary>vmcb12.</summary>
    public Vmcb Guest => new(Processor.Memory, Vmcb12);

    /// <summary>Whether an address is in the page tables that the machine starts with.</summary>
    public static bool IsInTables(ulong address) => address is >= GuestTables and < GuestTables + (4 * Page) or >= NestedTables and < NestedTables + (4 * Page);

    /// <summary>Writes the descriptors of the segments that L1 and vmcb12 hold into their tables. What a scenario put there stays.</summary>
    public void DescribeSegments()
    {
        Vmcb guest = Guest;
        MatchPrivilege(field => Processor.State[field], (field, value) => Processor.State[field] = value);
        MatchPrivilege(field => guest[field], (field, value) => guest[field] = value);
        foreach ((VmcbField selector, VmcbField start, VmcbField limit, VmcbField attributes) in Segments)
        {
            Describe(field => Processor.State[field], selector, start, limit, attributes);
            Describe(field => guest[field], selector, start, limit, attributes);
        }
    }

    /// <summary>Sets or clears an intercept.</summary>
    public void Intercept(SvmExitCode code, bool value)
    {
        var word = (VmcbField)(code.Value / 32);
        ulong bit = 1UL << (int)(code.Value % 32);
        Vmcb guest = Guest;
        guest[word] = value ? guest[word] | bit : guest[word] & ~bit;
    }

    /// <summary>Sets the bits of ports in the I/O permission map.</summary>
    public void InterceptPort(ulong port) => SetBit(IoMap, port);

    /// <summary>Sets the bit of a register in the MSR permission map; false where the map does not cover it.</summary>
    public bool InterceptMsr(uint msr, bool write)
    {
        if (MsrPermissionMap.BitOf(msr) is not { } bit)
        {
            return false;
        }

        SetBit(MsrMap, bit + (write ? 1UL : 0));
        return true;
    }

    /// <summary>Changes the entry of a page below 2 MB in L1's nested tables, or in the guest's own.</summary>
    /// <param name="nested">In the nested tables.</param>
    /// <param name="address">Address of the page.</param>
    /// <param name="entry">The entry without the address of the page.</param>
    public void MapPage(bool nested, ulong address, ulong entry)
    {
        ulong table = (nested ? NestedTables : GuestTables) + (3 * Page);
        Processor.Memory.Write(table + (((address >> 12) & 0x1ff) * 8), (address & ~0xfffUL) | entry, 8);
    }

    // A processor that keeps no CPL beside the stack segment has it in there.
    private static void MatchPrivilege(Func<VmcbField, ulong> get, Action<VmcbField, ulong> set)
    {
        const int Shift = 5;
        const ulong Level = 3;
        set(VmcbField.SsAttributes, (get(VmcbField.SsAttributes) & ~(Level << Shift)) | (get(VmcbField.Cpl) << Shift));
    }

    private void Describe(Func<VmcbField, ulong> get, VmcbField selector, VmcbField start, VmcbField limit, VmcbField attributes)
    {
        const ulong SelectorMask = 0xfff8;
        ulong at = unchecked(get(VmcbField.GdtrBase) + (get(selector) & SelectorMask));
        bool isThere = (get(selector) & SelectorMask) != 0 && (get(selector) | 7) <= get(VmcbField.GdtrLimit) && at < Mapped;
        if (isThere && Processor.Memory.Read(at, 8) == _described.GetValueOrDefault(at))
        {
            _described[at] = Descriptor(get(start), get(limit), get(attributes));
            Processor.Memory.Write(at, _described[at], 8);
        }
    }

    // A limit above 1 MB counts pages whatever the attributes say: a descriptor cannot hold it otherwise.
    private static ulong Descriptor(ulong start, ulong limit, ulong attributes)
    {
        const ulong Pages = 0x800, MostBytes = 0xf_ffff;
        ulong kind = attributes | (limit > MostBytes ? Pages : 0);
        ulong size = (kind & Pages) != 0 ? limit >> 12 : limit;
        return (size & 0xffff) | ((start & 0xff_ffff) << 16) | ((kind & 0xff) << 40) | ((size & 0xf_0000) << 32) | ((kind & 0xf00) << 44) | ((start & 0xff00_0000) << 32);
    }

    private void SetBit(ulong map, ulong bit) =>
        Processor.Memory.Write(map + (bit / 8), Processor.Memory.Read(map + (bit / 8), 1) | (1UL << (int)(bit % 8)), 1);

    // Four levels: the first 2 MB in small pages, so that one can be taken away, the rest of 1 GB in large ones.
    private void MapIdentity(ulong tables)
    {
        const ulong Entry = 7, Large = 0x80;
        PhysicalMemory memory = Processor.Memory;
        memory.Write(tables, (tables + Page) | Entry, 8);
        memory.Write(tables + Page, (tables + (2 * Page)) | Entry, 8);
        memory.Write(tables + (2 * Page), (tables + (3 * Page)) | Entry, 8);
        for (ulong i = 0; i < 512; i++)
        {
            memory.Write(tables + (3 * Page) + (8 * i), (i * Page) | Entry, 8);
            if (i > 0)
            {
                memory.Write(tables + (2 * Page) + (8 * i), (i << 21) | Entry | Large, 8);
            }
        }
    }

    private static void SetRegisters(Func<VmcbField, ulong> get, Action<VmcbField, ulong> set, ulong code, ulong stack, ulong gates)
    {
        foreach ((VmcbField selector, VmcbField attributes, VmcbField limit) in new[]
        {
            (VmcbField.EsSelector, VmcbField.EsAttributes, VmcbField.EsLimit), (VmcbField.SsSelector, VmcbField.SsAttributes, VmcbField.SsLimit),
            (VmcbField.DsSelector, VmcbField.DsAttributes, VmcbField.DsLimit),
        })
        {
            set(selector, 0x10);
            set(attributes, Data);
            set(limit, Flat);
        }

        set(VmcbField.CsSelector, 0x8);
        set(VmcbField.CsAttributes, Code64);
        set(VmcbField.CsLimit, Flat);
        set(VmcbField.IdtrBase, gates);
        set(VmcbField.IdtrLimit, 0xfff);
        set(VmcbField.GdtrLimit, 0xff);
        set(VmcbField.EferRegister, Efer);
        set(VmcbField.Cr0Register, Cr0);
        set(VmcbField.Cr3Register, GuestTables);
        set(VmcbField.Cr4Register, Cr4);
        set(VmcbField.Dr6, 0xffff_0ff0);
        set(VmcbField.Dr7, 0x400);
        set(VmcbField.RflagsRegister, get(VmcbField.RflagsRegister) | 2);
        set(VmcbField.Rip, code);
        set(VmcbField.Rsp, stack);
    }

    // One task state segment for both: the stack for CPL 0, and a map that allows every port.
    private void MakeTask()
    {
        const ulong Rsp0 = 4, MapOffset = 0x66, Map = 0x68, PresentAndBusy = 0x8b;
        Processor.State[VmcbField.TrAttributes] = PresentAndBusy;
        Processor.State[VmcbField.TrBase] = Task;
        Processor.State[VmcbField.TrLimit] = TaskLimit;
        Processor.Memory.Write(Task + Rsp0, TaskStack, 8);
        Processor.Memory.Write(Task + MapOffset, Map, 2);
    }

    // A gate for each vector; its handler halts, so that a run ends where an event was delivered unless the scenario goes on.
    private void MakeGates(ulong gates)
    {
        const ulong InterruptGate = 0x8e00_0000_0000, Selector = 0x8_0000;
        for (ulong vector = 0; vector < 256; vector++)
        {
            ulong handler = HandlerOf(gates, vector);
            Processor.Memory.Write(gates + (16 * vector), (handler & 0xffff) | Selector | InterruptGate | ((handler & 0xffff_0000) << 32), 8);
            Processor.Memory.Write(handler, Halt, 1);
        }
    }

    private static ulong HandlerOf(ulong gates, ulong vector) => gates + Page + (vector * HandlerSize);
}
