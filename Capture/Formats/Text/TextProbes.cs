using System.Buffers;
using System.Globalization;
using System.Text;

namespace Differ.Capture.Formats.Text;

/// <summary>Kprobe events as they are printed. The recorder chose their fields, so how a line goes is learned from the line.</summary>
/// <remarks>
/// <code>
///   entry: (kvm_wait_lapic_expire+0x4/0x90 [kvm]) vcpu=0 vmcb=0xff11000014dab000 c000={0x0,0x0,0x1}     tracefs
///   entry: (ffffffffc0b2d7e4) vcpu=0 vmcb=0xff11000014dab000 c000={0x0,0x0,0x0}                         trace-cmd report, perf script
/// </code>
/// libtraceevent prints arrays whose length it does not know as zeros: what it prints proves nothing. Source: Linux kernel/trace/trace_kprobe.c.
/// </remarks>
internal static class TextProbes
{
    // Linux kernel/trace/trace_probe.h: MAX_TRACE_ARGS, MAX_ARRAY_LEN.
    private const int MostFields = 128, MostWords = 64;

    private static readonly SearchValues<byte> Address = SearchValues.Create("0123456789abcdefx"u8), NameLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz_0123456789"u8),
        NumberLetters = SearchValues.Create("-0123456789"u8);

    private static ReadOnlySpan<byte> Start => ") vcpu="u8;

    /// <summary>Whether the kernel printed a text, which it does with the place by name.</summary>
    public static bool IsOfKernel(ReadOnlySpan<byte> text) => text.StartsWith("("u8) && text.IndexOf(Start) is > 0 and int end && text[..end].IndexOf("+0x"u8) > 0;

    /// <summary>Whether a program printed a text from a recording, which it does with the place as a number.</summary>
    public static bool IsOfLibrary(ReadOnlySpan<byte> text) =>
        text.StartsWith("("u8) && text.IndexOf(Start) is > 1 and int end && text[1..end].IndexOfAnyExcept(Address) < 0;

    /// <summary>The form of a text; null where it is of no probe, or cut.</summary>
    public static TextForm? FormOf(string probe, ReadOnlySpan<byte> text)
    {
        if (!IsOfKernel(text))
        {
            return null;
        }

        var pattern = new StringBuilder("({:skip}");
        string before = ")";
        int fields = 0;
        for (int at = text.IndexOf(Start) + 1; at < text.Length; fields++)
        {
            ReadOnlySpan<byte> rest = text[at..];
            int sign = rest.IndexOf((byte)'=');
            if (rest[0] != ' ' || sign < 2 || fields == MostFields || rest[1..sign].IndexOfAnyExcept(NameLetters) >= 0
                || HowOf(rest[(sign + 1)..], out int length) is not { } how)
            {
                return null;
            }

            string name = Encoding.ASCII.GetString(rest[1..sign]);
            pattern.Append(before).Append(' ').Append(name).Append("={").Append(name).Append(':').Append(how).Append('}');
            before = "";
            at += sign + 1 + length;
        }

        return TextForm.OfProbe(probe, pattern.ToString());
    }

    // How a value is written, and its length; null where it is no number.
    private static string? HowOf(ReadOnlySpan<byte> rest, out int length)
    {
        length = rest.IndexOf((byte)' ');
        length = length < 0 ? rest.Length : length;
        ReadOnlySpan<byte> value = rest[..length];
        if (value.StartsWith("{"u8))
        {
            int words = value.Count((byte)',') + 1;
            return value.EndsWith("}"u8) && words <= MostWords ? TextStep.WordsPrefix + words.ToString(CultureInfo.InvariantCulture) : null;
        }

        return TextNumber.IsMarked(value) ? "x" : value.Length > 0 && value.IndexOfAnyExcept(NumberLetters) < 0 ? "i" : null;
    }
}
