using System.Buffers.Binary;
using System.Text;
using Differ.Replay.Model;
using Differ.Schemas.Vocabulary;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;
using Assembler = Iced.Intel.Assembler;
using Machine = Differ.Replay.Scenarios.Machine;

namespace Differ.Tests.Lab.Payloads;

/// <summary>A guest that runs guests: the machine of the scenarios with a program for L1, as an image that boots by Multiboot.</summary>
/// <remarks>
/// What L1 finds out it says on its serial port, a line for each question. Its handlers of #UD and #GP pass over an instruction of three
/// bytes, as those of SVM are, and leave 1 or 2 in EBX; any other exception ends the guest with the status <see cref="Stray"/>.
/// </remarks>
internal sealed class Payload
{
    /// <summary>Exit statuses that QEMU's isa-debug-exit makes of what L1 writes to it.</summary>
    public const int Done = 1, Stray = 3;

    private const ulong Load = 0x10_0000, Memory = 0x9_8000, Descriptors = 0x100, Texts = 0x4_9000, TaskDescriptor = 0x18, L2Spacing = 0x40;
    private const int HeaderSize = 32, StubSize = 0x200;
    private const uint SerialPort = 0x3f8, ExitPort = 0xf4, EferMsr = 0xc000_0080, HostSaveMsr = 0xc001_0117, EferLma = 0x400, EferSvme = 0x1000;

    private readonly Assembler _l1 = new(64);
    private readonly bool _svme;
    private ulong _texts = Texts;
    private ulong _l2 = Machine.L2Code;

    /// <summary>A payload whose L1 does nothing yet.</summary>
    /// <param name="name">What its files are called.</param>
    /// <param name="svme">Whether L1 sets EFER.SVME.</param>
    public Payload(string name, bool svme)
    {
        Name = name;
        _svme = svme;
        MakeDescriptors();
        byte[] leave = Assembled(a => { a.mov(al, Stray / 2); a.@out((byte)ExitPort, al); a.hlt(); }, 0);
        for (ulong vector = 0; vector < 32; vector++)
        {
            Write(Handler(vector), leave);
        }

        Write(Handler(6), Assembled(a => PassOver(a, 1), 0));
        Write(Handler(13), Assembled(a => PassOver(a, 2), 0));
        Vmcb guest = Machine.Guest;
        guest[VmcbField.TrAttributes] = 0x8b;
        guest[VmcbField.TrBase] = Machine.Task;
        guest[VmcbField.TrLimit] = 0x2068;
        Prologue();
    }

    /// <summary>What its files are called.</summary>
    public string Name { get; }

    /// <summary>The machine it starts on.</summary>
    public Machine Machine { get; } = new(new Features(), new Unobserved());

    /// <summary>L1 executes an instruction, and says what came of it: <c>NAME executed</c>, <c>NAME #UD</c> or <c>NAME #GP</c>.</summary>
    /// <param name="name">The instruction.</param>
    /// <param name="opcode">Its last byte; 0f 01 comes before.</param>
    public Payload Try(string name, byte opcode)
    {
        Label fault = _l1.CreateLabel(), general = _l1.CreateLabel(), done = _l1.CreateLabel();
        _l1.xor(ebx, ebx);
        _l1.xor(ecx, ecx);
        _l1.mov(rax, Machine.Vmcb12);
        _l1.db(0x0f, 0x01, opcode);
        _l1.cmp(ebx, 1);
        _l1.je(fault);
        _l1.ja(general);
        Say($"{name} executed\n");
        _l1.jmp(done);
        _l1.Label(ref fault);
        Say($"{name} #UD\n");
        _l1.jmp(done);
        _l1.Label(ref general);
        Say($"{name} #GP\n");
        _l1.Label(ref done);
        _l1.nop();
        return this;
    }

    /// <summary>L1 runs L2 up to its next #VMEXIT, and says <c>NAME as it must</c> or <c>NAME otherwise</c>.</summary>
    /// <param name="name">What is asked.</param>
    /// <param name="l2">L2's program.</param>
    /// <param name="exit">The EXITCODE that L1 must see.</param>
    /// <param name="vector">The vector in whose handler L2 must have stopped; null where it must not be in one.</param>
    /// <param name="vmcb12">What L1 writes into vmcb12 before; it stays until it is written again.</param>
    public Payload Enter(string name, Action<Assembler> l2, SvmExitCode exit, byte? vector, params (VmcbField Field, ulong Value)[] vmcb12)
    {
        Write(_l2, Assembled(l2, _l2));
        Label otherwise = _l1.CreateLabel(), done = _l1.CreateLabel();
        _l1.mov(rax, Machine.Vmcb12);
        foreach ((VmcbField field, ulong value) in (IEnumerable<(VmcbField, ulong)>)
            [(VmcbField.Rip, _l2), (VmcbField.Rsp, Machine.L2Stack), (VmcbField.EventInj, 0), .. vmcb12])
        {
            Put(field, value);
        }

        _l1.db(0x0f, 0x01, 0xd8);
        _l1.db(0x0f, 0x01, 0xdc);
        _l1.mov(rax, Machine.Vmcb12);
        _l1.cmp(__dword_ptr[rax + Offset(VmcbField.ExitCode)], unchecked((int)exit.Value));
        _l1.jne(otherwise);
        if (vector is { } stopped)
        {
            _l1.cmp(__qword_ptr[rax + Offset(VmcbField.Rip)], (int)(Machine.L2Gates + 0x1000 + (16UL * stopped)));
            _l1.jne(otherwise);
        }

        Say($"{name} as it must\n");
        _l1.jmp(done);
        _l1.Label(ref otherwise);
        Say($"{name} otherwise\n");
        _l1.Label(ref done);
        _l1.nop();
        _l2 += L2Spacing;
        return this;
    }

    /// <summary>
    /// L1 executes CPUID many times, and says <c>CPUID HEX</c>, the ticks of its time-stamp counter that all took, and <c>least HEX</c>, those of
    /// the quickest: that of a CPUID with nothing between.
    /// </summary>
    /// <param name="times">How often.</param>
    public Payload Count(uint times)
    {
        Label again = _l1.CreateLabel(), slower = _l1.CreateLabel();
        Ticks(r8);
        _l1.mov(r9d, times);
        _l1.mov(r11, ulong.MaxValue);
        _l1.Label(ref again);
        Ticks(r10);
        _l1.xor(eax, eax);
        _l1.cpuid();
        Ticks(r12);
        _l1.sub(r12, r10);
        _l1.cmp(r12, r11);
        _l1.jae(slower);
        _l1.mov(r11, r12);
        _l1.Label(ref slower);
        _l1.dec(r9d);
        _l1.jne(again);
        Ticks(r12);
        _l1.sub(r12, r8);
        Say("CPUID ", r12);
        Say("least ", r11);
        return this;
    }

    /// <summary>The image: a Multiboot header with addresses, what takes a processor from there to 64-bit mode, and the memory of the machine.</summary>
    public byte[] Image()
    {
        _l1.mov(al, Done / 2);
        _l1.@out((byte)ExitPort, al);
        _l1.hlt();
        Write(Machine.L1Code, Assembled(_l1, Machine.L1Code));
        byte[] image = new byte[HeaderSize + StubSize + (int)Memory];
        const uint Magic = 0x1bad_b002, WithAddresses = 0x1_0000;
        uint end = (uint)Load + (uint)image.Length;
        uint[] header = [Magic, WithAddresses, unchecked(0 - (Magic + WithAddresses)), (uint)Load, (uint)Load, end, end, (uint)Load + HeaderSize];
        for (int i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(4 * i), header[i]);
        }

        Stub().CopyTo(image, HeaderSize);
        Machine.Processor.Memory.Read(0, image.AsSpan(HeaderSize + StubSize));
        return image;
    }

    private static int Offset(VmcbField field) => VmcbLayout.Of(field).Position;

    private static ulong Handler(ulong vector) => Machine.L1Gates + 0x1000 + (16 * vector);

    private static void PassOver(Assembler a, int mark)
    {
        if (mark == 2)
        {
            a.add(rsp, 8); // the error code
        }

        a.add(__qword_ptr[rsp], 3);
        a.mov(bl, (sbyte)mark);
        a.iretq();
    }

    private static byte[] Assembled(Action<Assembler> program, ulong at, int bits = 64)
    {
        var assembler = new Assembler(bits);
        program(assembler);
        return Assembled(assembler, at);
    }

    private static byte[] Assembled(Assembler assembler, ulong at)
    {
        var bytes = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(bytes), at);
        return bytes.ToArray();
    }

    private byte[] Stub() => Assembled(
        a =>
        {
            a.cli();
            a.cld();
            a.mov(esi, (uint)Load + HeaderSize + StubSize);
            a.xor(edi, edi);
            a.mov(ecx, (uint)Memory / 4);
            a.rep.movsd();
            a.mov(eax, (uint)Machine.Processor.State[VmcbField.Cr4Register]);
            a.mov(cr4, eax);
            a.mov(eax, (uint)Machine.Processor.State[VmcbField.Cr3Register]);
            a.mov(cr3, eax);
            WriteMsr(a, EferMsr, (uint)Machine.Processor.State[VmcbField.EferRegister] & ~EferLma & (_svme ? uint.MaxValue : ~EferSvme));
            a.mov(eax, (uint)Machine.Processor.State[VmcbField.Cr0Register]);
            a.mov(cr0, eax);
            a.lgdt(__[(uint)Descriptors]);
            a.db(0xea, 0x00, 0x00, 0x01, 0x00, 0x08, 0x00); // to L1Code in the segment of 64-bit code
        },
        Load + HeaderSize,
        32);

    private static void WriteMsr(Assembler a, uint msr, uint value)
    {
        a.mov(ecx, msr);
        a.mov(eax, value);
        a.xor(edx, edx);
        a.wrmsr();
    }

    private void Prologue()
    {
        _l1.mov(eax, 0x10);
        _l1.mov(ds, eax);
        _l1.mov(es, eax);
        _l1.mov(ss, eax);
        _l1.mov(rsp, Machine.L1Stack);
        _l1.lidt(__[Descriptors + 0x10]);
        _l1.mov(eax, (uint)TaskDescriptor);
        _l1.ltr(ax);
        if (_svme)
        {
            WriteMsr(_l1, HostSaveMsr, (uint)Machine.HostSave);
        }
    }

    private void MakeDescriptors()
    {
        const ulong Code = 0x00af_9b00_0000_ffff, Data = 0x00cf_9300_0000_ffff, Task = 0x0000_8900_7000_2068;
        foreach ((ulong at, ulong value) in new[] { (8UL, Code), (0x10UL, Data), (TaskDescriptor, Task), (Descriptors, 0xffUL), (Descriptors + 0x10, 0xfffUL | (Machine.L1Gates << 16)) })
        {
            Machine.Processor.Memory.Write(at, value, 8);
        }
    }

    private void Put(VmcbField field, ulong value)
    {
        _l1.mov(rcx, value);
        AssemblerMemoryOperand place = __[rax + Offset(field)];
        switch (VmcbLayout.Of(field).Size)
        {
            case 8: _l1.mov(place, rcx); break;
            case 4: _l1.mov(place, ecx); break;
            case 2: _l1.mov(place, cx); break;
            default: _l1.mov(place, cl); break;
        }
    }

    private void Say(string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        Write(_texts, bytes);
        _l1.mov(rsi, _texts);
        _l1.mov(ecx, bytes.Length);
        _l1.mov(edx, SerialPort);
        _l1.rep.outsb();
        _texts += (ulong)bytes.Length;
    }

    // A line of a text and a number in 16 digits.
    private void Say(string text, AssemblerRegister64 number)
    {
        Label digit = _l1.CreateLabel(), letter = _l1.CreateLabel();
        _l1.mov(r8, number);
        Say(text);
        _l1.mov(r9d, 16);
        _l1.mov(edx, SerialPort);
        _l1.Label(ref digit);
        _l1.rol(r8, 4);
        _l1.mov(eax, r8d);
        _l1.and(eax, 15);
        _l1.add(al, (sbyte)'0');
        _l1.cmp(al, (sbyte)'9');
        _l1.jbe(letter);
        _l1.add(al, 'a' - '9' - 1);
        _l1.Label(ref letter);
        _l1.@out(dx, al);
        _l1.dec(r9d);
        _l1.jne(digit);
        Say("\n");
    }

    private void Ticks(AssemblerRegister64 to)
    {
        _l1.rdtsc();
        _l1.shl(rdx, 32);
        _l1.lea(to, __[rax + rdx]);
    }

    private void Write(ulong at, byte[] bytes) => Machine.Processor.Memory.Write(at, bytes);

    private sealed class Unobserved : IProcessorObserver
    {
        public void Executes(Processor processor, in Instruction instruction)
        {
        }

        public void Runs(Processor processor, in Vmcb vmcb)
        {
        }

        public void Entered(Processor processor, Guest guest)
        {
        }

        public void Leaves(Processor processor, Guest guest, Effect exit)
        {
        }

        public void Left(Processor processor, in Vmcb vmcb)
        {
        }

        public void Delivers(Processor processor, EventInfo what, uint? error)
        {
        }

        public void ShutsDown(Processor processor)
        {
        }
    }
}
