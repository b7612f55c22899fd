using Differ.Capture;
using Differ.Schemas.Files;
using Differ.Tests.Support;

namespace Differ.Alterations;

/// <summary>What alterations ask of recorded events.</summary>
internal static class EventParts
{
    /// <summary>Where events of nested guests, and those that stage an event, are.</summary>
    public static int[] NestedPlaces(this RecordedEvents whole) =>
    [
        .. Enumerable.Range(0, whole.Events.Count).Where(at => whole.Events[at].Type.Layout.Name is var name
            && (name.StartsWith("kvm_nested_", StringComparison.Ordinal) || name.StartsWith("kvm_inj_", StringComparison.Ordinal))),
    ];

    /// <summary>Writes the recording into a run file.</summary>
    public static void Save(this RecordedEvents whole, string path)
    {
        using CaptureSession session = whole.Open();
        using FileStream file = File.Create(path);
        using var writer = new RunWriter(file, session.Header, session.Texts);
        writer.Finish(session.ReadExits(writer));
    }
}
