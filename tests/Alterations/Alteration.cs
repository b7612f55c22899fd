using Differ.Tests.Support;

namespace Differ.Alterations;

/// <summary>An altered recording.</summary>
/// <param name="Parameters">What was done, for a person.</param>
/// <param name="Judge">What Differ says of it.</param>
/// <param name="Save">Writes it into a file that <c>differ</c> reads.</param>
/// <param name="Wholes">What Differ says of the whole recordings it is made of.</param>
/// <param name="KeepsTimes">Whether an exit that is left has the time that it has in the whole recording.</param>
internal sealed record Variant(string Parameters, Func<Judgement> Judge, Action<string> Save, IReadOnlyList<Judgement> Wholes, bool KeepsTimes);

/// <summary>One thing that recorders and people do to a recording.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsTold">
/// Whether the recording tells of it, or shows it: then nothing may be found that the whole recording does not have. Where nothing
/// tells, findings are counted as a rate.
/// </param>
internal abstract record Alteration(string Name, bool IsTold)
{
    /// <summary>Alters a recording.</summary>
    /// <returns>Null where it cannot be done to this one.</returns>
    public abstract Variant? Of(Subject subject, Random random);
}

/// <summary>An alteration of events, as a recorder makes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsTold">Whether the recording tells of it.</param>
/// <param name="Alter">Alters events; null where that cannot be done.</param>
internal sealed record EventAlteration(string Name, bool IsTold, Func<RecordedEvents, Random, (RecordedEvents Events, string Parameters)?> Alter) : Alteration(Name, IsTold)
{
    /// <summary>Whether times stay as they are.</summary>
    public bool KeepsTimes { get; init; } = true;

    /// <inheritdoc/>
    public override Variant? Of(Subject subject, Random random) => subject.Events is { Events.Count: > 0 } events && Alter(events, random) is { } altered
        ? new Variant(altered.Parameters, () => Judgement.Of(altered.Events.Open), path => altered.Events.Save(path), [subject.Whole], KeepsTimes)
        : null;
}

/// <summary>An alteration of a text, as a person makes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsTold">Whether the text tells of it.</param>
/// <param name="Alter">Alters the lines of a text, given another text of the same printer; null where that cannot be done.</param>
internal sealed record TextAlteration(
    string Name, bool IsTold, Func<IReadOnlyList<Line>, IReadOnlyList<Line>, Random, (IEnumerable<string> Lines, string Parameters)?> Alter) : Alteration(Name, IsTold)
{
    /// <summary>Whether a part of it is of the other text.</summary>
    public bool TakesOther { get; init; }

    /// <inheritdoc/>
    public override Variant? Of(Subject subject, Random random)
    {
        if (subject.Text is not { } text || Alter(text.Lines, text.Other, random) is not { } altered)
        {
            return null;
        }

        byte[] bytes = Line.Join(altered.Lines);
        return new Variant(
            $"{text.Printer}: {altered.Parameters}", () => Judgement.Of(() => TextSubject.Open(bytes)), path => File.WriteAllBytes(path, bytes),
            TakesOther ? [subject.Whole, .. text.Known, text.OfOther] : [subject.Whole, .. text.Known], KeepsTimes: false);
    }
}

/// <summary>Every alteration. A new one is a row in its topic's file.</summary>
internal static class Alterations
{
    /// <summary>Those that a recording tells of, or shows.</summary>
    public static IReadOnlyList<Alteration> Told { get; } = [.. LossAlterations.Told, .. OrderAlterations.Told, .. TextAlterations.Told, .. PasteAlterations.Told];

    /// <summary>Those that nothing marks.</summary>
    public static IReadOnlyList<Alteration> Unmarked { get; } = [.. LossAlterations.Unmarked, .. OrderAlterations.Unmarked];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Alteration> All { get; } = [.. Told, .. Unmarked];
}
