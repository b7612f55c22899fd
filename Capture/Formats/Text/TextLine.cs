namespace Differ.Capture.Formats.Text;

/// <summary>One line of a trace, taken apart; whatever stands before the thread's name is passed over.</summary>
/// <remarks>
/// <code>
///   &gt; CPU 0/KVM-1234    (   1200) [003] d..1.   612.630301: kvm_exit: vcpu 0 reason ...      ftrace, tgid and flags optional
///      CPU 0/KVM-1234    [003]   612.630301123: kvm_exit:             vcpu 0 reason ...         trace-cmd report
///      CPU 0/KVM  1200/1234  [003]   612.630301:               kvm:kvm_exit: vcpu 0 reason ...  perf script
///      CPU 0/KV-1234     3d..1.   612.630301: kvm_exit: ...                                     trace-cmd report -l
///      CPU 0/KV-1234     3d..1. 612630301us+: kvm_exit: ...                                     ftrace_dump_on_oops, latency-format
/// </code>
/// The one fixed point is the CPU in brackets with a time behind it: names of threads hold blanks, digits and slashes.
/// Without brackets it is the CPU with its flags. Source: Linux kernel/trace/trace_output.c, tools/perf/builtin-script.c,
/// trace-cmd tracecmd/trace-read.c.
/// </remarks>
internal ref struct TextLine
{
    // How far into a line without brackets a time is looked for.
    private const int LongestStart = 256;
    private const int LongestComm = 15, LongestLatencyComm = 8;
    private const int LongestTime = 19, LongestFraction = 9;

    private static ReadOnlySpan<byte> DelayMarks => " !+#*@$"u8;

    private static ReadOnlySpan<uint> Nanoseconds =>
        [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

    /// <summary>The thread's name.</summary>
    public ReadOnlySpan<byte> Comm { get; private set; }

    public int Thread { get; private set; }

    /// <summary>The name of a file before the thread's name, with a colon behind it: whose line this is, where several are printed together. Else empty.</summary>
    /// <example>host.dat, of " host.dat: CPU 0/KVM-1234 [003] 612.630301: kvm_exit: ..."</example>
    public ReadOnlySpan<byte> Source { get; private set; }

    /// <summary>The host CPU.</summary>
    public int Cpu { get; private set; }

    /// <summary>Whether the line has a CPU and a time, so that it is an entry of a trace even where it is no event, as those of the function tracer.</summary>
    public bool IsEntry { get; private set; }

    /// <summary>Time in nanoseconds, or in ticks.</summary>
    public ulong Time { get; private set; }

    /// <summary>Digits behind the point of the time; 0 for ticks.</summary>
    public int Fraction { get; private set; }

    /// <summary>
    /// The digits of the time and the point in it; empty where the time is made of them in another way, and in a line without a CPU in
    /// brackets, which is what it is only because no part of it looks like one with brackets.
    /// </summary>
    public ReadOnlySpan<byte> Digits { get; private set; }

    /// <summary>Group of the event; empty where the text does not name it.</summary>
    public ReadOnlySpan<byte> System { get; private set; }

    /// <summary>The event.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Its text, without blanks around it.</summary>
    public ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>What the last of so many digits behind the point of a time stands for, in nanoseconds.</summary>
    public static ulong UnitOf(int digits) => Nanoseconds[digits];

    /// <summary>Takes a line apart.</summary>
    /// <param name="line">The line.</param>
    /// <returns>False when it is no event; the CPU is set where a bracket names one.</returns>
    public bool Read(ReadOnlySpan<byte> line)
    {
        Cpu = 0;
        IsEntry = false;
        for (int from = 0; line[from..].IndexOf((byte)'[') is >= 0 and int bracket; from += bracket + 1)
        {
            int open = from + bracket;
            int at = open + 1;
            while (at < line.Length && IsDigit(line[at]))
            {
                at++;
            }

            if (at == open + 1 || at - open > 7 || at >= line.Length || line[at] != ']')
            {
                continue;
            }

            _ = TextNumber.Decimal(line[(open + 1)..at], out ulong cpu);
            Cpu = (int)cpu;
            if (ReadTime(line[(at + 1)..], flags: true) && ReadThread(line[..open]))
            {
                return true;
            }
        }

        return ReadLatency(line);
    }

    /// <summary>Takes an event of kvm apart that was copied without thread and CPU: of its line only the name and what follows, or the time before them, is there.</summary>
    /// <returns>False when the line is no such event. A body that no event has makes it prose: <see cref="TextForm.Explains"/>.</returns>
    /// <example>"  kvm_exit: vcpu 0 reason npf ...", "  612.630301: kvm_exit: ..."</example>
    public bool ReadBare(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> bare = TextOddities.Unquoted(line);
        Cpu = 0;
        Thread = 0;
        Comm = default;
        Source = default;
        bool timed = ReadTimeAt(bare, 0);
        Digits = default;
        if (!timed)
        {
            Time = 0;
            Fraction = 0;
            if (!ReadEvent(bare))
            {
                return false;
            }
        }

        return Name.StartsWith("kvm_"u8) && (System.Length == 0 || System.SequenceEqual("kvm"u8));
    }

    /// <summary>Takes an event apart that is broken over two lines before its name.</summary>
    /// <param name="head">The first line, which is no event alone.</param>
    /// <param name="next">The second, which is none either.</param>
    /// <param name="together">Takes both, where they may be one event; what was read lies there.</param>
    /// <returns>False when they are no event together.</returns>
    public bool ReadBroken(ReadOnlySpan<byte> head, ReadOnlySpan<byte> next, Span<byte> together)
    {
        next = TextOddities.Unquoted(next);
        int length = head.Length + 1 + next.Length;
        if (length > together.Length || !TextOddities.MayBeHead(head))
        {
            return false;
        }

        head.CopyTo(together);
        together[head.Length] = (byte)' ';
        next.CopyTo(together[(head.Length + 1)..]);
        return Read(together[..length]);
    }

    // "comm-1234     3d..1.   612.630301: kvm_exit: ...": the CPU, and its flags if any, stand before the time without brackets.
    private bool ReadLatency(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> start = line[..Math.Min(line.Length, LongestStart)];
        for (int from = 0; start[from..].IndexOf(": "u8) is >= 0 and int colon; from += colon + 2)
        {
            ReadOnlySpan<byte> head = line[..(from + colon)].TrimEnd(DelayMarks);
            int blank = head.LastIndexOf((byte)' ');
            if (blank < 1 || !ReadTime(line[blank..], flags: false))
            {
                continue;
            }

            ReadOnlySpan<byte> before = head[..blank].TrimEnd((byte)' ');
            ReadOnlySpan<byte> flags = before[(before.LastIndexOf((byte)' ') + 1)..];
            int digits = 0;
            while (digits < flags.Length && IsDigit(flags[digits]))
            {
                digits++;
            }

            // perf script -F without the CPU: the thread stands where the CPU does, and the group of the event says who printed it.
            if (digits > 0 && digits == flags.Length && System.Length > 0 && ReadThread(before))
            {
                Cpu = 0;
                Digits = default;
                return true;
            }

            // Flags after the CPU; the letters and points of preempt depth make them at least three.
            if (digits is > 0 and < 6 && flags.Length - digits is >= 3 and <= 8 && ReadThread(before[..^flags.Length]))
            {
                _ = TextNumber.Decimal(flags[..digits], out ulong cpu);
                Cpu = (int)cpu;
                Comm = Comm[Math.Max(0, Comm.Length - LongestLatencyComm)..];
                int prefix = Math.Max(Comm.LastIndexOf(": "u8), Comm.LastIndexOf("] "u8));
                Comm = Comm[(prefix < 0 ? 0 : prefix + 2)..].TrimStart((byte)' ');
                Digits = default;
                return true;
            }
        }

        return false;
    }

    private bool ReadTime(ReadOnlySpan<byte> rest, bool flags)
    {
        int at = TextLetters.SkipBlanks(rest, 0);
        if (ReadTimeAt(rest, at))
        {
            return true;
        }

        // A token that does not end in a colon is the flags; those of a time end in one.
        int end = flags ? TokenEnd(rest, at) : rest.Length;
        return end < rest.Length && rest[end] == ' ' && ReadTimeAt(rest, TextLetters.SkipBlanks(rest, end));
    }

    private bool ReadTimeAt(ReadOnlySpan<byte> rest, int at)
    {
        int start = at;
        int digits = TextNumber.Decimal(rest[at..], out ulong seconds);
        if (digits is <= 0 or > LongestTime)
        {
            return false;
        }

        at += digits;
        Fraction = 0;
        ulong fraction = 0;
        if (at < rest.Length && rest[at] == '.')
        {
            Fraction = TextNumber.Decimal(rest[++at..], out fraction);
            if (Fraction is < 0 or > LongestFraction)
            {
                return false;
            }

            at += Fraction;
        }

        Digits = rest[start..at];
        if (rest[at..].StartsWith("us"u8))
        {
            Digits = default;

            // Microseconds, then a mark of how long they were.
            at += 2;
            at += at < rest.Length && DelayMarks.Contains(rest[at]) ? 1 : 0;
            fraction = seconds % 1_000_000;
            seconds /= 1_000_000;
            Fraction = 6;
        }

        if (at >= rest.Length || rest[at] != ':' || (Fraction > 0 && seconds > ulong.MaxValue / 2_000_000_000))
        {
            return false;
        }

        Time = Fraction > 0 ? (seconds * 1_000_000_000) + (fraction * UnitOf(Fraction)) : seconds;
        IsEntry = true;
        return ReadEvent(rest[(at + 1)..]);
    }

    private bool ReadEvent(ReadOnlySpan<byte> rest)
    {
        int start = SkipColumn(rest, TextLetters.SkipBlanks(rest, 0));
        int at = NameEnd(rest, start);
        if (at == start || at >= rest.Length || rest[at] != ':')
        {
            return false;
        }

        System = default;
        Name = rest[start..at];
        if (at + 1 < rest.Length && TextLetters.IsName(rest[at + 1]))
        {
            int name = ++at;
            at = NameEnd(rest, at);
            if (at < rest.Length && rest[at] == ':')
            {
                System = Name;
                Name = rest[name..at];
            }
            else
            {
                at = name - 1;
            }
        }

        Body = TextLetters.Trim(rest[(at + 1)..]);
        return true;
    }

    private bool ReadThread(ReadOnlySpan<byte> before)
    {
        before = before.TrimEnd((byte)' ');
        if (before.Length > 0 && before[^1] == ')' && before.LastIndexOf((byte)'(') is >= 0 and int group)
        {
            // The process, with record-tgid: "(   1200)" or "(-------)".
            before = before[..group].TrimEnd((byte)' ');
        }

        int at = before.Length;
        while (at > 0 && IsDigit(before[at - 1]))
        {
            at--;
        }

        ReadOnlySpan<byte> digits = before[at..];
        if (digits.Length is 0 or > 9 || at == 0)
        {
            return false;
        }

        _ = TextNumber.Decimal(digits, out ulong thread);
        Thread = (int)thread;
        ReadOnlySpan<byte> comm = before[..at];
        if (comm[^1] == '/')
        {
            // perf: process and thread.
            comm = comm[..^1];
            while (comm.Length > 0 && IsDigit(comm[^1]))
            {
                comm = comm[..^1];
            }
        }
        else if (comm[^1] is not ((byte)'-' or (byte)' ' or (byte)':'))
        {
            return false;
        }
        else if (comm[^1] == '-')
        {
            comm = comm[..^1];
        }

        comm = TextOddities.Unquoted(comm);
        int source = comm.IndexOf(": "u8);
        Source = source > 0 && IsFile(comm[..source]) ? comm[..source] : default;
        comm = comm[(Source.Length == 0 ? 0 : source + 1)..];
        Comm = comm[Math.Max(0, comm.Length - LongestComm)..].TrimStart("> |\t"u8);
        return true;
    }

    // trace-cmd report and grep print the name of the file as it was given to them.
    private static bool IsFile(ReadOnlySpan<byte> name) => !name.Contains((byte)' ') && name.ContainsAny((byte)'.', (byte)'/');

    // Before the name: "(+725)", the time since the event before (trace-cmd report --ts-diff), or perf's period (perf script -F +period).
    private static int SkipColumn(ReadOnlySpan<byte> text, int at)
    {
        int end = at;
        bool signed = text[at..].StartsWith("(+"u8);
        for (end += signed ? 2 : 0; end < text.Length && IsDigit(text[end]); end++)
        {
            // Only digits are passed over.
        }

        end += signed && end < text.Length && text[end] == ')' ? 1 : 0;
        return end > at && end < text.Length && text[end] is (byte)' ' or (byte)'\t' ? TextLetters.SkipBlanks(text, end) : at;
    }

    private static int TokenEnd(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && text[at] is not ((byte)' ' or (byte)':'))
        {
            at++;
        }

        return at;
    }

    private static bool IsDigit(byte letter) => unchecked((uint)(letter - '0')) <= 9;

    private static int NameEnd(ReadOnlySpan<byte> text, int at)
    {
        while (at < text.Length && TextLetters.IsName(text[at]))
        {
            at++;
        }

        return at;
    }
}
