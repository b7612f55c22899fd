using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay;

/// <summary>Which evidence a rule may lack: the rule itself is asked about exits of which little is known, so that no second table can grow old.</summary>
/// <remarks>What a rule lacks only behind a certain history is not found this way; a recording that has it names it.</remarks>
public static class RuleNeeds
{
    private const uint InterruptedInjection = 0x8000_0020, InterruptedException = 0x8000_0b0e;

    private static readonly RunHeader Blind = new() { Listed = new TracepointSet(ulong.MaxValue), NamesFailedChecks = true, ShowsReinjection = true };

    // L2 under an L1 that intercepts nothing, and under one that intercepts everything and masks interrupts.
    private static readonly (uint IntCtl, uint Intercepts)[] Controls = [(0, 0), (0x0100_0100, uint.MaxValue)];

    // What a record may hold that makes rules speak; the values are the plainest that KVM records.
    private static readonly KvmEvent[][] Contents =
    [
        [],
        [Of(KvmEventKind.NestedVmenter, 0, 0x1000, 0, 0, 0, 1, 0x2000)],
        [Of(KvmEventKind.NestedVmenter, 0, 0x1000, 0, 0x0700_0100, 0x8000_0020, 0, 0x2000)],
        [Of(KvmEventKind.NestedVmexitInject, 0x60, 0, 0, 0, 0)],
        [Of(KvmEventKind.NestedVmexitInject, 0x400, 0, 0, InterruptedException, 0)],
        [Of(KvmEventKind.InjectException, 14, 1, 0, 0)],
        [Of(KvmEventKind.InjectInterrupt, 0x20, 0, 0)],
        [Of(KvmEventKind.MsrAccess, 1, Efer.Index, 0, 0)],
        [Of(KvmEventKind.MsrAccess, 1, Efer.Index, 1 << Efer.SVME, 0)],
        [Of(KvmEventKind.MsrAccess, 1, VmCr.Index, 0, 0)],
        [Of(KvmEventKind.MsrAccess, 1, HsavePa.Index, 1, 0)],
        [Of(KvmEventKind.SmmTransition, 1, 0)],
        [Of(KvmEventKind.Invlpga, 0, 1, 0)],
        [Of(KvmEventKind.CrAccess, 1, 8, 0)],
        [Of(KvmEventKind.NestedVmenterFailed, 0, 1)],
    ];

    /// <summary>What a rule may lack, in the order of <see cref="EvidenceTable"/>; empty where it never lacks anything.</summary>
    /// <param name="id">The rule.</param>
    public static IReadOnlyList<Evidence> Of(string id)
    {
        Rule rule = RuleBook.All.First(row => row.Info.Id == id);
        var lacking = new SortedSet<Evidence> { rule.Needs.Missing };
        foreach (ulong code in SvmExitTable.Rows.SelectMany(row => Enumerable.Range(0, row.Count).Select(i => row.First + (ulong)i)))
        {
            foreach (uint interrupted in (ReadOnlySpan<uint>)[0, InterruptedInjection, InterruptedException])
            {
                foreach (KvmEvent[] content in Contents.Append([Of(KvmEventKind.NestedVmexitInject, code, 0, 0, 0, 0)]))
                {
                    Ask(rule, new SvmExitCode(code), GuestLevel.L1, new Vcpu(), interrupted, content, lacking);
                    Ask(rule, new SvmExitCode(code), GuestLevel.L2, new Vcpu(), interrupted, content, lacking);
                    foreach ((uint intCtl, uint intercepts) in Controls)
                    {
                        Ask(rule, new SvmExitCode(code), GuestLevel.L2, InL2(intCtl, intercepts), interrupted, content, lacking);
                    }
                }
            }
        }

        lacking.Remove(Evidence.None);
        return [.. lacking];
    }

    /// <summary>What the condition of a rule reads.</summary>
    /// <param name="id">The rule.</param>
    public static RuleReads ReadsOf(string id)
    {
        Rule rule = RuleBook.All.First(row => row.Info.Id == id);
        if (rule.Raises is { } raises)
        {
            InstructionState instruction = new Vcpu().Instruction.Afresh();
            raises.When(instruction);
            string[] operand = !instruction.ReadsOperand ? [] : raises.Msr != 0 ? ["EDX:EAX"] : ["rAX"];
            return new RuleReads([.. operand, .. NamesOf(instruction.Read)], "the virtual CPU");
        }

        var vmrun = new VmrunState(new Vmcb12(), new Profile());
        rule.Illegal?.Invoke(vmrun);
        return new RuleReads(NamesOf(vmrun.Read), "vmcb12");
    }

    private static string[] NamesOf(VmcbFields fields) => [.. VmcbLayout.All.Where(row => !(fields & VmcbFields.Of(row.Field)).IsEmpty).Select(static row => row.Name)];

    private static Vcpu InL2(uint intCtl, uint intercepts)
    {
        var vcpu = new Vcpu { InL2 = Truth.Yes };
        vcpu.Vmcb12.Load(
            NestedVmenter.Of(Of(KvmEventKind.NestedVmenter, 0, 0x1000, 0, intCtl, 0, 1, 0x2000)),
            NestedIntercepts.Of(Of(KvmEventKind.NestedIntercepts, intercepts & 0xffff, intercepts & 0xffff, intercepts, intercepts, intercepts, intercepts)));
        return vcpu;
    }

    private static void Ask(Rule rule, SvmExitCode code, GuestLevel level, Vcpu vcpu, uint interrupted, KvmEvent[] content, SortedSet<Evidence> lacking)
    {
        if (rule.Codes?.Invoke(code) == false)
        {
            return;
        }

        var exit = new HardwareExit(default, 0, code, 0x1000, 0, 0, Observed<uint>.Of(interrupted), Observed<uint>.Of(0));
        var entry = new GuestEntry(default, 0, Observed<ulong>.Of(0x1003), Observed<uint>.Unseen, Observed<uint>.Unseen, Truth.No);
        TracepointSet kinds = content.Aggregate(default(TracepointSet), static (set, kvmEvent) => set | TracepointSet.Of(kvmEvent.Kind));
        var record = new ExitRecord(default, 0, level, RecordFlags.None, in exit, in entry, kinds, content);
        var digest = new RecordDigest();
        digest.Read(record);
        var seen = new Observations(digest, new InstructionDecoder(), Blind.Listed);
        seen.Read(record);
        var texts = new TextTable();
        var builder = new ExpectationBuilder();
        rule.Judge(new Step(vcpu, level, hasExit: true, in exit, Observed<uint>.Unseen, seen, Blind, new FailedChecks(texts), builder));
        foreach (ref readonly Expectation said in builder.View(code.Value).Expectations)
        {
            lacking.Add(said.Missing);
        }
    }

    private static KvmEvent Of(KvmEventKind kind, params ReadOnlySpan<ulong> fields)
    {
        var values = new FieldValues();
        for (int i = 0; i < fields.Length; i++)
        {
            values.Set(i, fields[i]);
        }

        return new KvmEvent(kind, default, values);
    }
}
