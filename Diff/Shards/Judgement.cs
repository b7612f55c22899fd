using System.Security.Cryptography;
using System.Text;
using Differ.Diff.Results;
using Differ.Schemas.Files;
using Differ.Schemas.Vocabulary;
using Google.Protobuf;
using Proto = Differ.Schemas.Results.Proto;

namespace Differ.Diff.Shards;

/// <summary>By what captures were judged. Only results of one judgement add up.</summary>
/// <param name="RuleSet">Hash of the rules (<see cref="Shards.RuleSet.Hash"/>).</param>
/// <param name="Version">The version of Differ, for a person.</param>
/// <param name="Options">Hash of the policy and of what is known besides.</param>
/// <param name="Policy">The policy.</param>
public sealed record Judgement(string RuleSet, string Version, string Options, Policy Policy)
{
    /// <summary>A judgement.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="accepted">The entries of the baseline.</param>
    /// <param name="cpu">The description of the virtual CPU as it was given; empty for none.</param>
    public static Judgement Of(RuleSet rules, Policy policy, IEnumerable<AcceptedDeparture> accepted, string cpu)
    {
        string known = string.Join('\n', accepted.Select(static entry => $"{entry}").Append(cpu));
        byte[] options = SHA256.HashData([.. Encode(policy).ToByteArray(), .. Encoding.UTF8.GetBytes(known)]);
        return new Judgement(rules.Hash, rules.Version, Convert.ToHexStringLower(options), policy);
    }

    /// <summary>Its message.</summary>
    internal byte[] Encode() => new Proto.Judgement
    {
        Version = ResultFile.Version,
        RuleSet = RuleSet,
        Differ = Version,
        Options = Options,
        Policy = Encode(Policy),
    }.ToByteArray();

    /// <summary>A judgement from its message.</summary>
    /// <exception cref="RunFormatException">DIF0211: it is of a newer version.</exception>
    /// <exception cref="InvalidProtocolBufferException">It cannot be read.</exception>
    internal static Judgement Decode(byte[] bytes)
    {
        Proto.Judgement message = Proto.Judgement.Parser.ParseFrom(bytes);
        return message.Version > ResultFile.Version
            ? throw RunFormatException.NewerResult(message.Version)
            : new Judgement(message.RuleSet, message.Differ, message.Options, Decode(message.Policy ?? new Proto.Policy()));
    }

    private static Proto.Policy Encode(Policy policy)
    {
        var message = new Proto.Policy
        {
            FailOn = (uint)policy.FailOn,
            MaxLost = policy.MaxLost,
            Require = { policy.Require },
            Culprit = (uint)policy.Culprit,
            Ignored = { policy.Ignored.Select(one => new Proto.IgnoredRule { Rule = one.Rule, Reason = one.Reason }) },
            Speculative = policy.Speculative,
            Source = policy.Source,
            Docs = policy.Docs,
        };
        if (policy.MaxUndecided is { } most)
        {
            message.MaxUndecided = most;
        }

        return message;
    }

    private static Policy Decode(Proto.Policy message) => new()
    {
        FailOn = (FailOn)(message.FailOn & (uint)(FailOn.Diverges | FailOn.Likely | FailOn.Inconclusive | FailOn.Behaviour)),
        MaxLost = message.MaxLost,
        MaxUndecided = message.HasMaxUndecided ? message.MaxUndecided : null,
        Require = [.. message.Require.Select(static rule => PlainText.Of(rule))],
        Culprit = (CulpritChoice)Math.Min(message.Culprit, (uint)CulpritChoice.Processor),
        Ignored = [.. message.Ignored.Select(static one => new IgnoredRule(PlainText.Of(one.Rule), PlainText.Of(one.Reason)))],
        Speculative = message.Speculative,
        Source = PlainText.Of(message.Source),
        Docs = PlainText.Of(message.Docs),
    };
}
