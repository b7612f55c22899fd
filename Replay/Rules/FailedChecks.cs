using Differ.Schemas.Run;

namespace Differ.Replay.Rules;

/// <summary>The texts of failed VMRUN checks in the record at hand.</summary>
internal sealed class FailedChecks(TextTable table)
{
    private readonly List<string> _texts = [];

    /// <summary>Takes a record.</summary>
    public void Read(in ExitRecord record)
    {
        _texts.Clear();
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.NestedVmenterFailed && kvmEvent.Values.Has(NestedVmenterFailed.MessageSlot))
            {
                _texts.Add(table[NestedVmenterFailed.Of(kvmEvent).Message]);
            }
        }
    }

    /// <summary>Whether a failed check names all of these words. The text is the kernel's source, which changes: match loosely.</summary>
    public bool Names(params ReadOnlySpan<string> words)
    {
        foreach (string text in _texts)
        {
            bool all = true;
            foreach (string word in words)
            {
                all &= text.Contains(word, StringComparison.OrdinalIgnoreCase);
            }

            if (all)
            {
                return true;
            }
        }

        return false;
    }
}
