using System.Globalization;
using Differ.Schemas.Run;

namespace Differ.Diff.Report.Perfetto;

/// <summary>Writes what L0 did as arguments of a slice. One that comes again within an exit has its number behind the name.</summary>
/// <param name="texts">The texts of the trace.</param>
internal sealed class ActArguments(TraceTexts texts)
{
    private const int MostOfOne = 8;

    // Sorts of texts, apart from those of others: names by row and number, words by row and value, bytes.
    private const int Names = 100, BytesOf = 200, WordsOf = 300;

    private readonly int[] _counts = new int[ActTable.All.Count];
    private readonly TraceText _further = texts.Of("further acts");

    public void Write(in ExitRecord record, PacketSequence sequence)
    {
        ulong further = 0;
        Array.Clear(_counts);
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            foreach (int row in ActTable.ByKind[(int)kvmEvent.Kind])
            {
                if (!kvmEvent.Values.Has(ActTable.All[row].Slot))
                {
                    continue;
                }

                if (++_counts[row] > MostOfOne)
                {
                    further++;
                    continue;
                }

                Write(kvmEvent, row, sequence);
            }
        }

        if (further > 0)
        {
            sequence.Count(_further, further);
        }
    }

    private void Write(in KvmEvent kvmEvent, int row, PacketSequence sequence)
    {
        ActRow act = ActTable.All[row];
        ulong value = kvmEvent.Values[act.Slot];
        switch (act.Form)
        {
            case ActForm.Hex:
            case ActForm.HexIfAny when value != 0:
                sequence.Hex(NameOf(row), value);
                break;
            case ActForm.Count:
                sequence.Count(NameOf(row), value);
                break;
            case ActForm.Yes when value != 0:
                sequence.Yes(NameOf(row));
                break;
            case ActForm.Words:
                sequence.Words(NameOf(row), WordsFor(row, value));
                break;
            case ActForm.Bytes:
                sequence.Words(NameOf(row), BytesFor(EmulatedInstruction.Of(kvmEvent)));
                break;
        }
    }

    private TraceText NameOf(int row)
    {
        int number = _counts[row];
        var key = new TextKey(Names, (ulong)row, (ulong)number);
        return texts.TryFind(key, out TraceText name) ? name
            : texts.Add(key, number == 1 ? ActTable.All[row].Name : string.Create(CultureInfo.InvariantCulture, $"{ActTable.All[row].Name} {number}"));
    }

    private TraceText WordsFor(int row, ulong value)
    {
        var key = new TextKey(WordsOf + row, value);
        return texts.TryFind(key, out TraceText words) ? words : texts.Add(key, ActTable.All[row].Words!(value));
    }

    private TraceText BytesFor(in EmulatedInstruction instruction)
    {
        // The length is in the byte that an instruction of at most fifteen leaves free.
        var key = new TextKey(BytesOf, instruction.BytesLow, (instruction.BytesHigh & 0x00ff_ffff_ffff_ffff) | ((ulong)instruction.Length << 56));
        return texts.TryFind(key, out TraceText bytes) ? bytes : texts.Add(key, ExitPrinter.Bytes(instruction));
    }
}
