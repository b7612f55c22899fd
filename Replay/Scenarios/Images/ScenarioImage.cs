using System.Buffers.Binary;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Schemas.Vocabulary;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Differ.Replay.Scenarios.Images;

/// <summary>A scenario as a program for the bare machine: any boot loader of the Multiboot specification starts it, <c>qemu -kernel</c> too.</summary>
/// <remarks>
/// It lies above what scenarios use, clears the memory below, puts there what the scenario has, loads L1's registers and jumps to L1.
/// Just before, it writes <see cref="Started"/> to <see cref="DebugPort"/>. The end is HLT with interrupts off, as in every scenario.
/// </remarks>
public static class ScenarioImage
{
    /// <summary>The port of QEMU's <c>-debugcon</c>.</summary>
    public const byte DebugPort = 0xe9;

    /// <summary>What is written to it when L1 is about to start.</summary>
    public const byte Started = (byte)'S';

    /// <summary>Where the leaves of CPUID lie after <see cref="OfCpuid"/>: EAX, EBX, ECX, EDX of each, in the order that was asked.</summary>
    public const ulong Answers = 0x1000;

    /// <summary>Memory below this is the scenario's.</summary>
    public const int ScenarioMemory = 0x40_0000;

    /// <summary>The selector by which TR was loaded: the image's own table describes it.</summary>
    internal const ushort TaskSelector = 0x18;

    private const uint LoadAddress = 0x50_0000, HeaderSize = 0x20, Page = 0x1000, StackSize = 0x1000;
    private const uint HoleStart = 0xa_0000, HoleEnd = 0x10_0000;
    private const uint Magic = 0x1bad_b002, GivesAddresses = 1 << 16;
    private const ushort CodeSelector = 0x08, DataSelector = 0x10;
    private const uint LongModeEnable = 1 << 8, Pae = 1 << 5, Paging = 1u << 31, SvmEnable = 1 << 12;
    private const ulong Code64 = 0x00af_9b00_0000_ffff, Data = 0x00cf_9300_0000_ffff;
    private const ulong UsualTables = 0x8_0000;

    /// <summary>The image of a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <returns>The image, or why there can be none: what a program cannot set up by itself, or what comes from outside.</returns>
    public static (byte[]? Image, string Why) Of(Scenario scenario)
    {
        ScenarioRun run = ScenarioRun.Loaded(scenario);
        string why = Obstacle(run);
        return why.Length > 0 ? (null, why) : (Build(run.Machine.Processor.Memory, code => LoadL1(code, run.Machine.Processor)), "");
    }

    /// <summary>An image that asks CPUID and halts.</summary>
    /// <param name="leaves">Functions and sub-functions.</param>
    public static byte[] OfCpuid(IReadOnlyList<(uint Function, uint Index)> leaves)
    {
        // The tables of a machine, and no program.
        PhysicalMemory memory = new Machine(new Features(), new RunLog(null)).Processor.Memory;
        return Build(memory, code =>
        {
            code.mov(rdi, Answers);
            foreach ((uint function, uint index) in leaves)
            {
                code.mov(eax, function);
                code.mov(ecx, index);
                code.cpuid();
                code.mov(__dword_ptr[rdi], eax);
                code.mov(__dword_ptr[rdi + 4], ebx);
                code.mov(__dword_ptr[rdi + 8], ecx);
                code.mov(__dword_ptr[rdi + 12], edx);
                code.add(rdi, 16);
            }

            Tell(code);
            code.hlt();
        });
    }

    private static string Obstacle(ScenarioRun run)
    {
        Processor p = run.Machine.Processor;
        return run.Arrivals.Count > 0 ? "events come from outside"
            : !p.In64BitMode || !p.State.Bit(VmcbField.Cr0Register, Cr0.PG) ? "L1 does not start in 64-bit mode"
            : p.State[VmcbField.Cr3Register] != UsualTables ? "L1 has page tables of its own"
            : p.State[VmcbField.TrBase] != Machine.Task || p.State[VmcbField.TrLimit] != Machine.TaskLimit ? "L1 has a task state segment of its own"
            : p.State[VmcbField.LdtrSelector] != 0 || p.State[VmcbField.LdtrAttributes] != 0 ? "L1 has a local descriptor table"
            : p.State.InShadow ? "L1 starts in an interrupt shadow"
            : p.State.NmiMasked ? "L1 starts with NMI masked"
            : p.State.FloatingPointError ? "L1 starts with a floating-point error"
            : p.Memory.Pages.Any(static page => page is >= HoleStart and < HoleEnd) ? "the scenario has memory where the machine has its firmware"
            : "";
    }

    // Header; 32-bit code; 64-bit code; a table of descriptors; the pages of the scenario.
    private static byte[] Build(PhysicalMemory memory, Action<Iced.Intel.Assembler> program)
    {
        ulong[] pages = [.. memory.Pages.Where(static page => page < ScenarioMemory).Order()];
        const uint Code32 = LoadAddress + HeaderSize, Code64Start = LoadAddress + Page, Descriptors = LoadAddress + (4 * Page), Stack = Descriptors + Page, Pages = Stack + StackSize;
        byte[] image = new byte[Pages - LoadAddress + ((uint)pages.Length * Page)];
        WriteHeader(image, Code32);
        Put(image, Code32, Assembled(32, Code32, code => EnterLongMode(code, pages, Pages, Code64Start, Descriptors)));
        Put(image, Code64Start, Assembled(64, Code64Start, code =>
        {
            code.mov(rsp, (ulong)(Stack + StackSize));
            program(code);
        }));
        WriteDescriptors(image.AsSpan((int)(Descriptors - LoadAddress)), Descriptors);
        for (int i = 0; i < pages.Length; i++)
        {
            memory.Read(pages[i], image.AsSpan((int)(Pages - LoadAddress) + (i * (int)Page), (int)Page));
        }

        return image;
    }

    // The address fields of the a.out kludge: no section headers are needed.
    private static void WriteHeader(Span<byte> image, uint entry)
    {
        uint[] words = [Magic, GivesAddresses, unchecked(0u - Magic - GivesAddresses), LoadAddress, LoadAddress, LoadAddress + (uint)image.Length, LoadAddress + (uint)image.Length, entry];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image[(4 * i)..], words[i]);
        }
    }

    private static void EnterLongMode(Iced.Intel.Assembler code, ulong[] pages, uint source, uint next, uint descriptors)
    {
        code.cli();
        code.cld();

        // No interrupt of the board's: both controllers masked.
        code.mov(al, 0xff);
        code.@out(0x21, al);
        code.@out(0xa1, al);
        Clear(code, 0, HoleStart);
        Clear(code, HoleEnd, ScenarioMemory);
        code.mov(esi, source);
        for (int first = 0, end; first < pages.Length; first = end)
        {
            // Pages that follow each other are copied together.
            end = first + 1;
            while (end < pages.Length && pages[end] == pages[end - 1] + Page)
            {
                end++;
            }

            code.mov(edi, (uint)pages[first]);
            code.mov(ecx, (uint)(end - first) * (Page / 4));
            code.rep.movsd();
        }

        code.lgdt(__dword_ptr[descriptors]);
        code.mov(eax, Pae);
        code.mov(cr4, eax);
        code.mov(eax, (uint)UsualTables);
        code.mov(cr3, eax);
        code.mov(ecx, Efer.Index);
        code.mov(eax, LongModeEnable | SvmEnable);
        code.xor(edx, edx);
        code.wrmsr();
        code.mov(eax, cr0);
        code.or(eax, unchecked((int)Paging));
        code.mov(cr0, eax);

        // JMP FAR into 64-bit code.
        byte[] jump = [0xea, 0, 0, 0, 0, (byte)CodeSelector, 0];
        BinaryPrimitives.WriteUInt32LittleEndian(jump.AsSpan(1), next);
        code.db(jump);
    }

    private static void Clear(Iced.Intel.Assembler code, uint start, uint end)
    {
        code.xor(eax, eax);
        code.mov(edi, start);
        code.mov(ecx, (end - start) / 4);
        code.rep.stosd();
    }

    // The order is what the registers need of each other: TR while there is a table that describes it, L1's own tables, segments, then the MSRs with bases of segments.
    private static void LoadL1(Iced.Intel.Assembler code, Processor p)
    {
        code.mov(ax, TaskSelector);
        code.ltr(ax);
        code.xor(eax, eax);
        code.lldt(ax);
        Control(code, p);
        LoadTable(code, code.lgdt, p.State[VmcbField.GdtrLimit], p.State[VmcbField.GdtrBase]);
        LoadTable(code, code.lidt, p.State[VmcbField.IdtrLimit], p.State[VmcbField.IdtrBase]);
        LoadSegment(code, p, VmcbField.DsSelector, ds);
        LoadSegment(code, p, VmcbField.EsSelector, es);
        LoadSegment(code, p, VmcbField.FsSelector, fs);
        LoadSegment(code, p, VmcbField.GsSelector, gs);
        foreach (MsrRow row in ModelSpecific.All)
        {
            ulong value = row.Field is { } field ? p.State[field] : p.State.OtherMsrs.GetValueOrDefault(row.Index);
            if (row.Index != Efer.Index && value != (row.Field is { } known ? StartingState(known) : 0))
            {
                WriteMsr(code, row.Index, value);
            }
        }

        WriteMsr(code, Efer.Index, p.State[VmcbField.EferRegister] & ~(1UL << Efer.LMA));
        if (!p.State.Gif)
        {
            code.clgi();
        }

        foreach (VmcbField frame in (VmcbField[])[VmcbField.SsSelector, VmcbField.Rsp, VmcbField.RflagsRegister, VmcbField.CsSelector, VmcbField.Rip])
        {
            code.mov(rax, p.State[frame]);
            code.push(rax);
        }

        Tell(code);
        AssemblerRegister64[] general = [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15];
        foreach (int i in Enumerable.Range(0, general.Length).Where(static i => i != Registers.Rsp))
        {
            code.mov(general[i], p.State.General[i]);
        }

        code.iretq();
    }

    private static void Control(Iced.Intel.Assembler code, Processor p)
    {
        (AssemblerRegisterDR Register, ulong Value)[] debug =
        [
            (dr0, p.State.Breakpoints[0]), (dr1, p.State.Breakpoints[1]), (dr2, p.State.Breakpoints[2]), (dr3, p.State.Breakpoints[3]),
            (dr6, p.State[VmcbField.Dr6]), (dr7, p.State[VmcbField.Dr7]),
        ];
        foreach ((AssemblerRegisterDR register, ulong value) in debug)
        {
            code.mov(rax, value);
            code.mov(register, rax);
        }

        (AssemblerRegisterCR Register, ulong Value)[] control =
        [
            (cr2, p.State[VmcbField.Cr2]), (cr8, p.State.TaskPriority), (cr4, p.State[VmcbField.Cr4Register]), (cr0, p.State[VmcbField.Cr0Register]),
        ];
        foreach ((AssemblerRegisterCR register, ulong value) in control)
        {
            code.mov(rax, value);
            code.mov(register, rax);
        }
    }

    private static void LoadSegment(Iced.Intel.Assembler code, Processor p, VmcbField selector, AssemblerRegisterSegment register)
    {
        code.mov(eax, (uint)p.State[selector]);
        code.mov(register, ax);
    }

    private static void LoadTable(Iced.Intel.Assembler code, Action<AssemblerMemoryOperand> load, ulong limit, ulong start)
    {
        code.sub(rsp, 16);
        code.mov(eax, (uint)limit);
        code.mov(__word_ptr[rsp], ax);
        code.mov(rax, start);
        code.mov(__qword_ptr[rsp + 2], rax);
        load(__[rsp]);
        code.add(rsp, 16);
    }

    private static void WriteMsr(Iced.Intel.Assembler code, uint index, ulong value)
    {
        code.mov(ecx, index);
        code.mov(eax, (uint)(value & uint.MaxValue));
        code.mov(edx, (uint)(value >> 32));
        code.wrmsr();
    }

    // What a processor has after reset, or would refuse.
    private static ulong StartingState(VmcbField field) => field switch
    {
        VmcbField.GPat => 0x0007_0406_0007_0406,
        VmcbField.TscRatio => 0x1_0000_0000,
        _ => 0,
    };

    private static void Tell(Iced.Intel.Assembler code)
    {
        code.mov(al, Started);
        code.@out(DebugPort, al);
    }

    private static void WriteDescriptors(Span<byte> table, uint at)
    {
        const int Entries = 16;
        const ulong Present64BitTask = 0x89;
        BinaryPrimitives.WriteUInt16LittleEndian(table, (ushort)(TaskSelector + 15));
        BinaryPrimitives.WriteUInt32LittleEndian(table[2..], at + Entries);
        BinaryPrimitives.WriteUInt64LittleEndian(table[(Entries + CodeSelector)..], Code64);
        BinaryPrimitives.WriteUInt64LittleEndian(table[(Entries + DataSelector)..], Data);
        BinaryPrimitives.WriteUInt64LittleEndian(table[(Entries + TaskSelector)..], Machine.TaskLimit | (Machine.Task << 16) | (Present64BitTask << 40));
    }

    private static byte[] Assembled(int bits, uint at, Action<Iced.Intel.Assembler> program)
    {
        var code = new Iced.Intel.Assembler(bits);
        program(code);
        using var bytes = new MemoryStream();
        code.Assemble(new StreamCodeWriter(bytes), at);
        return bytes.ToArray();
    }

    private static void Put(Span<byte> image, uint at, byte[] bytes) => bytes.CopyTo(image[(int)(at - LoadAddress)..]);
}
