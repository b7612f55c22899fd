using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Support;

/// <summary>An instruction on a processor known to the bit, or to the bit but for one register: it is carried out, or an exception comes first.</summary>
/// <param name="Instruction">The instruction, by the exit code of its intercept.</param>
/// <param name="Msr">What WRMSR writes; 0 for other instructions.</param>
/// <param name="Features">Whether the processor has all features or none.</param>
/// <param name="InSmm">Whether it is in System Management Mode.</param>
/// <param name="Operand">What the instruction is given.</param>
/// <param name="Registers">The registers that are not zero.</param>
internal sealed record InstructionCase(SvmExitCode Instruction, uint Msr, bool Features, bool InSmm, ulong Operand, IReadOnlyDictionary<VmcbField, ulong> Registers)
    : IInstructionRegisters
{
    /// <summary>Width of physical addresses.</summary>
    public const int PhysicalBits = 48;

    private static readonly VmcbField[] Named =
        [VmcbField.EferRegister, VmcbField.Cr0Register, VmcbField.RflagsRegister, VmcbField.Cpl, VmcbField.VmCrRegister, VmcbField.VmHsavePa];

    /// <summary>A register that nobody knows; null for none.</summary>
    public VmcbField? Hidden { get; init; }

    /// <inheritdoc/>
    public Profile Profile
    {
        get
        {
            var profile = Profile.Of(Truth.Of(Features));
            profile.PhysicalAddressBits = PhysicalBits;
            return profile;
        }
    }

    /// <inheritdoc/>
    public Truth InProtectedMode => this[VmcbField.Cr0Register][Cr0.PE] & !this[VmcbField.RflagsRegister][Rflags.VM];

    /// <inheritdoc/>
    Truth IInstructionRegisters.InSmm => Truth.Of(InSmm);

    /// <inheritdoc/>
    public VmcbFields Concluded => default;

    /// <inheritdoc/>
    public Bits64 this[VmcbField register] => register == Hidden ? default : Bits64.Of(Registers.GetValueOrDefault(register));

    /// <summary>What conditions see.</summary>
    public InstructionState State => new InstructionState(this).Afresh(Bits64.Of(Operand));

    /// <summary>The exception that comes first; null where the instruction is carried out.</summary>
    public byte? First => InstructionExceptions.First(Instruction, behindIntercept: false, State, Msr) ?? InstructionExceptions.First(Instruction, behindIntercept: true, State, Msr);

    /// <summary>The rules that say that the instruction raises something.</summary>
    public IEnumerable<Rule> Raised() => InstructionExceptions.Rows.Where(row => row.Raises is { } raised && raised.Of.Contains(Instruction) && raised.Msr == Msr && raised.When(State).IsYes);

    /// <summary>The instructions of a rule on processors that carry them out. TSC_RATIO, and the bits of EFER that long mode has set, are features.</summary>
    public static IEnumerable<InstructionCase> Legal(Rule rule) =>
        from instruction in rule.Raises!.Of
        from features in (bool[])[true, false]
        where features || rule.Raises.Msr is not (TscRatioMsr.Index or Efer.Index)
        select new InstructionCase(instruction, rule.Raises.Msr, features, InSmm: false, LegalOperand(rule.Raises.Msr), new Dictionary<VmcbField, ulong>
        {
            [VmcbField.EferRegister] = 1UL << Efer.SVME,
            [VmcbField.Cr0Register] = 1UL << Cr0.PE,
            [VmcbField.VmHsavePa] = 1UL << 13,
        });

    /// <summary>The smallest changes of legal states, for each instruction of a rule, in which it alone raises its exception.</summary>
    public static IReadOnlyList<InstructionCase> Alone(Rule rule) =>
    [
        .. Legal(rule).GroupBy(static one => one.Instruction).Select(same =>
            same.SelectMany(Changes).Concat(same.SelectMany(Changes).SelectMany(Changes)).FirstOrDefault(one => one.Raised().SequenceEqual([rule]))
                ?? throw new InvalidOperationException($"{rule.Info.Id}: no small change makes it alone decide of {same.Key.Name}")),
    ];

    /// <summary>The bits of which each alone decides that a rule raises its exception, such as <c>EFER 12</c>.</summary>
    public IEnumerable<string> DecidingBits(Rule rule) => Where(other => !rule.Raises!.When(other.State).IsYes);

    /// <summary>The bits of which each, changed, makes a rule alone raise its exception.</summary>
    public IEnumerable<string> RaisingBits(Rule rule) => Where(other => other.Raised().SequenceEqual([rule]));

    /// <summary>The same with one register hidden, for each.</summary>
    public IEnumerable<InstructionCase> KnowingLess() => Named.Select(register => this with { Hidden = register });

    /// <summary>The whole in words.</summary>
    public override string ToString() =>
        $"{Instruction.Name}{(Msr == 0 ? "" : $" 0x{Msr:x}")} of 0x{Operand:x}, {(Features ? "all" : "no")} features{(InSmm ? ", in System Management Mode" : "")}, "
        + string.Join(", ", Registers.Where(static one => one.Value != 0).OrderBy(static one => one.Key).Select(static one => $"{VmcbLayout.Of(one.Key).Name}=0x{one.Value:x}"));

    private static IEnumerable<InstructionCase> Changes(InstructionCase near) =>
    [
        .. from register in Named from bit in Bits() select near.Flipped(register, bit),
        .. from bit in Bits() select near with { Operand = near.Operand ^ (1UL << bit) },
        near with { InSmm = true },
    ];

    private static ulong LegalOperand(uint msr) => msr switch
    {
        0 => 0x5000,
        Efer.Index => (1UL << Efer.LMA) | (1UL << Efer.LME),
        _ => 0,
    };

    private static IEnumerable<int> Bits() => Enumerable.Range(0, 64);

    // What holds of the same with one bit changed.
    private IEnumerable<string> Where(Func<InstructionCase, bool> holds)
    {
        foreach (VmcbField register in Named)
        {
            int[] bits = [.. Bits().Where(bit => holds(Flipped(register, bit)))];
            if (bits.Length > 0)
            {
                yield return $"{VmcbLayout.Of(register).Name} {VmrunCase.Runs(bits)}";
            }
        }

        int[] ofOperand = [.. Bits().Where(bit => holds(this with { Operand = Operand ^ (1UL << bit) }))];
        if (ofOperand.Length > 0)
        {
            yield return $"operand {VmrunCase.Runs(ofOperand)}";
        }

        if (holds(this with { InSmm = !InSmm }))
        {
            yield return "System Management Mode";
        }

        if (holds(this with { Features = !Features }))
        {
            yield return "features";
        }
    }

    private InstructionCase Flipped(VmcbField register, int bit) =>
        this with { Registers = new Dictionary<VmcbField, ulong>(Registers) { [register] = Registers.GetValueOrDefault(register) ^ (1UL << bit) } };
}
