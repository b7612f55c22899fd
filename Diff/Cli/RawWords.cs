using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary>The words of the command as the shell gave them: the runtime loses bytes that are no UTF-8, and a file may be named with them.</summary>
internal static class RawWords
{
    private const string Words = "/proc/self/cmdline";
    private const char Lost = '\ufffd';

    /// <summary>The words, with every byte, as <see cref="Utf8Text"/> has them.</summary>
    /// <param name="words">What the runtime made of them.</param>
    public static string[] Of(string[] words)
    {
        if (!OperatingSystem.IsLinux() || !words.Any(word => word.Contains(Lost, StringComparison.Ordinal)))
        {
            return words;
        }

        string[] all = [.. Split(File.ReadAllBytes(Words))];
        return all.Length < words.Length ? words : [.. words.Zip(all.TakeLast(words.Length), (word, raw) => word.Contains(Lost, StringComparison.Ordinal) ? raw : word)];
    }

    // Each ends with a zero.
    private static IEnumerable<string> Split(byte[] line)
    {
        for (int start = 0; start < line.Length;)
        {
            int end = Array.IndexOf(line, (byte)0, start);
            end = end < 0 ? line.Length : end;
            yield return Utf8Text.Decode(line.AsSpan(start, end - start));
            start = end + 1;
        }
    }
}
