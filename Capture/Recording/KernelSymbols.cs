using System.Globalization;

namespace Differ.Capture.Recording;

/// <summary>The functions of a kernel by name, as /proc/kallsyms lists them.</summary>
internal sealed class KernelSymbols
{
    // No function that is looked at is longer.
    private const ulong LongestFunction = 1 << 15;

    private readonly Dictionary<(string Module, string Symbol), (int Count, ulong Address)> _functions = [];
    private readonly Dictionary<(string Module, string Symbol), string> _copies = [];
    private readonly List<ulong> _starts = [];

    /// <summary>Reads a list.</summary>
    /// <param name="lines">Its lines: address, letter, name, and of a module its name in brackets.</param>
    /// <param name="wanted">The names that count.</param>
    public KernelSymbols(IEnumerable<string> lines, IReadOnlySet<string> wanted)
    {
        foreach (string line in lines)
        {
            string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 3 || words[1] is not ("t" or "T" or "w" or "W") || !ulong.TryParse(words[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong address))
            {
                continue;
            }

            string module = words.Length > 3 ? words[3].Trim('[', ']') : "", name = words[2];
            _starts.Add(address);
            int dot = name.IndexOf('.', StringComparison.Ordinal);
            if (wanted.Contains(name))
            {
                _functions[(module, name)] = (CountOf(module, name) + 1, address);
            }
            else if (dot > 0 && wanted.Contains(name[..dot]) && name[dot..].Split('.')[1] is "isra" or "constprop" or "part")
            {
                _copies[(module, name[..dot])] = name;
            }
        }

        _starts.Sort();
    }

    /// <summary>How many functions of a module have a name.</summary>
    public int CountOf(string module, string name) => _functions.GetValueOrDefault((module, name)).Count;

    /// <summary>A copy that the compiler made of a function for some of its callers; null where there is none.</summary>
    public string? CopyOf(string module, string name) => _copies.GetValueOrDefault((module, name));

    /// <summary>Where a function starts and ends; null where it is none, or the kernel hides addresses.</summary>
    public (ulong Start, ulong End)? ExtentOf(string module, string name)
    {
        if (_functions.GetValueOrDefault((module, name)) is not (1, > 0 and var start))
        {
            return null;
        }

        int next = _starts.BinarySearch(start + 1);
        next = next < 0 ? ~next : next;
        return (start, Math.Min(start + LongestFunction, next < _starts.Count ? _starts[next] : ulong.MaxValue));
    }
}
