using System.Buffers.Binary;
using Differ.Diff.Conform;
using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Replay.Scenarios.Images;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Conform;

/// <summary>Holds QEMU's translator against the reference: another implementation of SVM as a processor, without KVM.</summary>
/// <param name="qemu">QEMU, its words split at blanks.</param>
internal sealed class TcgConformance(string qemu)
{
    /// <summary>What this processor is called in reports.</summary>
    public const string Name = "TCG";

    // Between 640 KB and 1 MB the machine has its firmware.
    private const int FirmwareStart = 0xa_0000, FirmwareSize = 0x6_0000;

    /// <summary>Runs scenarios, several at once.</summary>
    /// <param name="scenarios">The scenarios.</param>
    /// <param name="jobs">How many at once.</param>
    /// <param name="progress">Is told of each that is done; null for nobody.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="QemuException">QEMU cannot be used.</exception>
    public async Task<IReadOnlyList<ScenarioResult>> Run(IReadOnlyList<PlacedScenario> scenarios, int jobs, Action? progress, CancellationToken cancel)
    {
        Features processor = await Ask(cancel);
        var results = new ScenarioResult[scenarios.Count];
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, jobs).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < scenarios.Count; progress?.Invoke())
            {
                results[i] = await Judge(scenarios[i], processor, cancel);
            }
        }));
        return results;
    }

    // What the translator can do, by the leaves that features stand in.
    private async Task<Features> Ask(CancellationToken cancel)
    {
        (uint Function, uint Index)[] leaves = [.. CpuFeature.All.Select(static feature => feature.Function).Append(0x8000_0008).Distinct().Order().Select(static function => (function, 0u))];
        using var machine = new QemuMachine(qemu, ScenarioImage.OfCpuid(leaves));
        if (await machine.Run(cancel) != KvmEnding.Halts)
        {
            throw new QemuException("QEMU does not start the image of a scenario");
        }

        byte[] memory = await machine.Memory(ScenarioImage.ScenarioMemory, cancel);
        return Features.Of(leaves.Select((leaf, i) =>
        {
            ReadOnlySpan<byte> answer = memory.AsSpan((int)ScenarioImage.Answers + (16 * i));
            return new CpuidAccess(
                leaf.Function, Observed<uint>.Of(leaf.Index), BinaryPrimitives.ReadUInt32LittleEndian(answer), BinaryPrimitives.ReadUInt32LittleEndian(answer[4..]),
                BinaryPrimitives.ReadUInt32LittleEndian(answer[8..]), BinaryPrimitives.ReadUInt32LittleEndian(answer[12..]));
        }));
    }

    private async Task<ScenarioResult> Judge(PlacedScenario asked, Features host, CancellationToken cancel)
    {
        Scenario here = asked.Scenario with
        {
            Features = asked.Scenario.Features.Fixed(host),
            Setup = [.. asked.Scenario.Setup, static machine => machine.Processor.State[VmcbField.TrSelector] = ScenarioImage.TaskSelector],
        };
        ScenarioRun reference = ScenarioRun.WhileTimePasses(here);
        if (reference.Undefined.Everything is { } open)
        {
            return asked.Result(ScenarioVerdict.Undefined, open, []);
        }

        // A processor cannot be told to lack what it has.
        if (asked.Scenario.Features.TakenFrom(host) is { Count: > 0 } extra)
        {
            return asked.Result(ScenarioVerdict.CannotSetUp, $"the processor has {string.Join(", ", extra)}", []);
        }

        (byte[]? image, string why) = ScenarioImage.Of(here);
        if (image is null)
        {
            return asked.Result(ScenarioVerdict.CannotSetUp, why, []);
        }

        using var machine = new QemuMachine(qemu, image);
        KvmEnding ending = await machine.Run(cancel);
        if (!machine.HasStarted)
        {
            return asked.Result(ScenarioVerdict.CannotSetUp, "the processor refuses a register that L1 starts with", []);
        }

        KvmRegisters? registers = ending == KvmEnding.ShutsDown ? null : QemuRegisters.Read(await machine.Registers(cancel), reference.Machine.Processor);
        byte[] memory = await machine.Memory(ScenarioImage.ScenarioMemory, cancel);
        memory.AsSpan(FirmwareStart, FirmwareSize).Clear();
        var result = new KvmResult(ending, "", registers, new Dictionary<ulong, Memory<byte>> { [0] = memory });
        IReadOnlyList<StateDifference> differences = [.. new EndStates(reference.Machine, result).Differences()];
        return differences.Count > 0 ? asked.Result(ScenarioVerdict.Departs, "", differences)
            : reference.Surprises.Count > 0 ? asked.Result(ScenarioVerdict.NotApplicable, $"the processor lacks {string.Join(", ", asked.Scenario.Features.LackedBy(host))}", [])
            : asked.Result(ScenarioVerdict.Agrees, "", []);
    }
}
