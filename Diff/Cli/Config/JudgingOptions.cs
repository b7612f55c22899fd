using System.CommandLine;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Baseline;
using Differ.Diff.Results;
using Differ.Replay.Manual.Tables;

namespace Differ.Cli.Config;

/// <summary>What a verb judges by.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Accepted">Accepted departures.</param>
/// <param name="Cpu">What is known of the virtual CPU; null for nothing.</param>
/// <param name="Files">The files that said so: nothing may be written over them.</param>
internal sealed record Judging(Policy Policy, Baseline Accepted, CpuDescription? Cpu, IReadOnlyList<string> Files)
{
    /// <summary>The description of the virtual CPU as it was given; empty for none.</summary>
    public string CpuText { get; init; } = "";
}

/// <summary>The options that say what recordings are judged by, the same for every verb that judges. Each goes before what the configuration file says.</summary>
internal sealed class JudgingOptions
{
    private readonly Option<string[]> _failOn = new("--fail-on")
    {
        Description = "What exits with 1 besides diverges: likely, inconclusive, behaviour (compare); none",
        HelpName = "VERDICT",
    };

    private readonly Option<string?> _maxLost = new("--max-lost")
    {
        Description = "With more of a vCPU's events lost it is inconclusive [10]",
        HelpName = "PERCENT",
    };

    private readonly Option<string?> _maxUndecided = new("--max-undecided")
    {
        Description = "With more exits undecided it is inconclusive [100]",
        HelpName = "PERCENT",
    };

    private readonly Option<string[]> _require = new("--require")
    {
        Description = "Inconclusive unless this rule was decided; repeatable",
        HelpName = "RULE",
    };

    private readonly Option<string?> _culprit = new("--culprit") { Description = "Whose divergences count: kvm, processor, any [any]", HelpName = "WHO" };

    private readonly Option<string?> _config = new("--config")
    {
        Description = $"Policy, baseline, cpu and ignored rules [{ConfigFile.Name} here, else in the folder that is checked]",
        HelpName = "FILE",
    };

    private readonly Option<bool> _speculative = Options.Speculative();
    private readonly Option<string?> _baseline = Options.Baseline();
    private readonly Option<string?> _cpu = Options.Cpu();
    private bool _compares;

    public JudgingOptions()
    {
        _failOn.CompletionSources.Add([.. PolicyWords.FailOnWords]);
        _require.CompletionSources.Add(static _ => Options.RuleIds);
        _culprit.CompletionSources.Add([.. PolicyWords.CulpritWords]);
    }

    /// <summary>Adds them to a verb.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="withCpu">Whether it takes a description of the virtual CPU.</param>
    /// <param name="compares">Whether it holds recordings against others, so that behaviour may change.</param>
    public void AddTo(Command command, bool withCpu = true, bool compares = false)
    {
        _compares = compares;
        Add(command, [_failOn, _maxLost, _maxUndecided, _require, _culprit, _baseline, .. withCpu ? [_cpu] : Array.Empty<Option>(), _speculative, _config]);
    }

    /// <summary>Adds those that make sense where the verb has a question of its own.</summary>
    /// <param name="command">The verb.</param>
    public void AddToQuestion(Command command) => Add(command, [_baseline, _cpu, _config]);

    /// <summary>What the words and the configuration file say.</summary>
    /// <param name="words">The words.</param>
    /// <param name="inputs">What is judged.</param>
    /// <exception cref="UsageException">Something makes no sense, or a file cannot be read.</exception>
    public Judging Read(ParseResult words, IReadOnlyList<string> inputs)
    {
        string? file = words.GetValue(_config) ?? ConfigFile.Find(inputs);
        Configuration config = file is null ? new Configuration(Policy.Default, null, null) : ConfigFile.Read(file);
        Policy policy = config.Policy;
        policy = policy with
        {
            FailOn = words.GetValue(_failOn) is { Length: > 0 } failOn ? Told("--fail-on", () => PolicyWords.FailOn(failOn)) : policy.FailOn,
            MaxLost = words.GetValue(_maxLost) is { } lost ? Told("--max-lost", () => PolicyWords.Share(lost)) : policy.MaxLost,
            MaxUndecided = words.GetValue(_maxUndecided) is { } undecided ? Told("--max-undecided", () => PolicyWords.Share(undecided)) : policy.MaxUndecided,
            Require = words.GetValue(_require) is { Length: > 0 } rules ? Told("--require", () => PolicyWords.Rules(rules)) : policy.Require,
            Culprit = words.GetValue(_culprit) is { } culprit ? Told("--culprit", () => PolicyWords.Culprit(culprit)) : policy.Culprit,
            Speculative = words.GetValue(_speculative) || policy.Speculative,
        };
        if (!_compares && words.GetValue(_failOn) is { Length: > 0 } && policy.FailOn.HasFlag(FailOn.Behaviour))
        {
            throw new UsageException("--fail-on behaviour is for differ compare: here nothing is held against another recording");
        }

        string? baseline = words.GetValue(_baseline) ?? config.Baseline, cpu = words.GetValue(_cpu) ?? config.Cpu;
        return new Judging(policy, BaselineReading.Read(baseline), Options.ReadCpu(cpu), [.. new[] { file, baseline, cpu }.OfType<string>()])
        {
            CpuText = cpu is null ? "" : DiskFile.ReadText(cpu),
        };
    }

    private static void Add(Command command, Option[] options)
    {
        foreach (Option option in options)
        {
            command.Options.Add(option);
        }
    }

    private static T Told<T>(string option, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (UsageException problem)
        {
            throw new UsageException($"{option}: {problem.Message}");
        }
    }
}
