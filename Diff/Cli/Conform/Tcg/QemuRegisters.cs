using System.Globalization;
using System.Text.RegularExpressions;
using Differ.Capture.Kvm;
using Differ.Replay.Model;

namespace Differ.Cli.Conform;

/// <summary>Reads what QEMU's monitor prints of the registers.</summary>
internal static partial class QemuRegisters
{
    private const int CodeSegment = 1;

    /// <summary>The registers that are printed; those that are not are as in the model's processor, so that nothing is said of them.</summary>
    /// <param name="text">What <c>info registers</c> printed.</param>
    /// <param name="model">The model at the end.</param>
    public static KvmRegisters Read(string text, Processor model)
    {
        var all = new KvmRegisters();
        foreach (KvmPlace place in KvmPlaces.All)
        {
            place.Set?.Invoke(all, place.Model(model));
        }

        all.Nested.Flags |= model.Guest is null ? (ushort)0 : KvmNestedState.GuestMode;
        foreach (Match found in Value().Matches(text))
        {
            Take(ref all.Regs, ref all.Sregs, ref all.Debug, ref all.Events, found.Groups[1].Value, ulong.Parse(found.Groups[2].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        foreach (Match found in Segment().Matches(text))
        {
            TakeSegment(ref all.Sregs, [.. found.Groups.Values.Skip(CodeSegment).Select(static group => group.Value)]);
        }

        foreach (Match found in Table().Matches(text))
        {
            ref KvmTable table = ref found.Groups[1].Value == "GDT" ? ref all.Sregs.Gdt : ref all.Sregs.Idt;
            table.Base = Number(found.Groups[2].Value);
            table.Limit = (ushort)(Number(found.Groups[3].Value) & ushort.MaxValue);
        }

        return all;
    }

    private static void Take(ref KvmRegs general, ref KvmSregs control, ref KvmDebugRegs debug, ref KvmVcpuEvents events, string name, ulong value)
    {
        switch (name)
        {
            case "RAX": general.Rax = value; break;
            case "RBX": general.Rbx = value; break;
            case "RCX": general.Rcx = value; break;
            case "RDX": general.Rdx = value; break;
            case "RSI": general.Rsi = value; break;
            case "RDI": general.Rdi = value; break;
            case "RBP": general.Rbp = value; break;
            case "RSP": general.Rsp = value; break;
            case "R8": general.R8 = value; break;
            case "R9": general.R9 = value; break;
            case "R10": general.R10 = value; break;
            case "R11": general.R11 = value; break;
            case "R12": general.R12 = value; break;
            case "R13": general.R13 = value; break;
            case "R14": general.R14 = value; break;
            case "R15": general.R15 = value; break;
            case "RIP" or "EIP": general.Rip = value; break;
            case "RFL" or "EFL": general.Rflags = value; break;
            case "CR0": control.Cr0 = value; break;
            case "CR2": control.Cr2 = value; break;
            case "CR3": control.Cr3 = value; break;
            case "CR4": control.Cr4 = value; break;
            case "EFER": control.Efer = value; break;
            case "DR0": debug.Db0 = value; break;
            case "DR1": debug.Db1 = value; break;
            case "DR2": debug.Db2 = value; break;
            case "DR3": debug.Db3 = value; break;
            case "DR6": debug.Dr6 = value; break;
            case "DR7": debug.Dr7 = value; break;
            case "SMM": events.Smm = (byte)value; break;
            default: break;
        }
    }

    // TR and LDTR are the loader's and no scenario's; the descriptor's bits 8 to 23 are the attributes, with a gap of four.
    private static void TakeSegment(ref KvmSregs control, string[] words)
    {
        switch (words[0])
        {
            case "ES": Fill(ref control.Es, words); break;
            case "CS": Fill(ref control.Cs, words); break;
            case "SS": Fill(ref control.Ss, words); break;
            case "DS": Fill(ref control.Ds, words); break;
            case "FS": Fill(ref control.Fs, words); break;
            case "GS": Fill(ref control.Gs, words); break;
            default: break;
        }
    }

    private static void Fill(ref KvmSegment segment, string[] words)
    {
        ulong flags = Number(words[4]);
        segment.Selector = (ushort)Number(words[1]);
        segment.Base = Number(words[2]);
        segment.Limit = (uint)Number(words[3]);
        segment.Attributes = ((flags >> 8) & 0xff) | ((flags >> 12) & 0xf00);
    }

    private static ulong Number(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\b(R[A-Z0-9]{1,2}|RFL|EIP|EFL|CR[0234]|DR[012367]|EFER|SMM) *=([0-9a-f]+)")]
    private static partial Regex Value();

    [GeneratedRegex(@"^(ES|CS|SS|DS|FS|GS) *=([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", RegexOptions.Multiline)]
    private static partial Regex Segment();

    [GeneratedRegex(@"^(GDT|IDT)= *([0-9a-f]+) ([0-9a-f]+)", RegexOptions.Multiline)]
    private static partial Regex Table();
}
