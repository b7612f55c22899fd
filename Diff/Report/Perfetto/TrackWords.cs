using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Perfetto;

/// <summary>The words of the vCPUs' tracks: categories, names of slices, names and values of arguments.</summary>
/// <param name="texts">The texts of the trace.</param>
internal sealed class TrackWords(TraceTexts texts)
{
    private const int CodeText = 0, InfoText = 1, EventText = 2;

    public TraceTexts Texts { get; } = texts;

    /// <summary>What L0 did.</summary>
    public ActArguments Acts { get; } = new(texts);

    /// <summary>What departs.</summary>
    public FindingTracks Findings { get; } = new(texts);

    /// <summary>The category of slices in which L0 handles an exit.</summary>
    public TraceText Handling { get; } = texts.Of("handling");

    /// <summary>The category of slices that the VMM has.</summary>
    public TraceText Vmm { get; } = texts.Of("vmm");

    /// <summary>The category of instants where events may be missing.</summary>
    public TraceText Loss { get; } = texts.Of("loss");

    /// <summary>The slice of an exit that was not recorded.</summary>
    public TraceText NoExit { get; } = texts.Of("no #VMEXIT recorded");

    public TraceText VmmSlice { get; } = texts.Of("VMM");

    /// <summary>The instant where events may be missing.</summary>
    public TraceText EventsLost { get; } = texts.Of("events lost");

    /// <summary>Position in the stream, as <c>differ show --exit</c> takes it.</summary>
    public TraceText Exit { get; } = texts.Of("exit");

    /// <summary>EXITCODE.</summary>
    public TraceText ExitCode { get; } = texts.Of("EXITCODE");

    /// <summary>RIP of the guest.</summary>
    public TraceText Rip { get; } = texts.Of("RIP");

    /// <summary>EXITINFO1 in words.</summary>
    public TraceText ExitInfo { get; } = texts.Of("EXITINFO");

    /// <summary>EXITINFO1.</summary>
    public TraceText ExitInfo1 { get; } = texts.Of("EXITINFO1");

    /// <summary>EXITINFO2.</summary>
    public TraceText ExitInfo2 { get; } = texts.Of("EXITINFO2");

    /// <summary>EXITINTINFO in words.</summary>
    public TraceText ExitIntInfo { get; } = texts.Of("EXITINTINFO");

    public TraceText HostCpu { get; } = texts.Of("host CPU");

    /// <summary>RIP of the guest at the entry.</summary>
    public TraceText EntryRip { get; } = texts.Of("entry RIP");

    /// <summary>EVENTINJ in words.</summary>
    public TraceText EventInj { get; } = texts.Of("EVENTINJ");

    /// <summary>The entry was not recorded.</summary>
    public TraceText NoEntry { get; } = texts.Of("no entry recorded");

    /// <summary>Why KVM_RUN returned.</summary>
    public TraceText VmmReason { get; } = texts.Of("KVM_EXIT reason");

    /// <summary>What is said of an exit.</summary>
    public TraceText Verdict { get; } = texts.Of("verdict");

    /// <summary>A verdict.</summary>
    public TraceText Undecided { get; } = texts.Of("undecided");

    /// <summary>A verdict.</summary>
    public TraceText Known { get; } = texts.Of("documented divergence of KVM");

    /// <summary>The verdict on an exit that diverges from an ignored rule only.</summary>
    public TraceText Ignored { get; } = texts.Of("diverges from an ignored rule");

    /// <summary>The manual's name of an exit code.</summary>
    public TraceText NameOf(SvmExitCode code)
    {
        var key = new TextKey(CodeText, code.Value);
        return Texts.TryFind(key, out TraceText name) ? name : Texts.Add(key, code.Name);
    }

    /// <summary>What EXITINFO1 says of an exit.</summary>
    /// <param name="code">The exit code.</param>
    /// <param name="relevant">Its relevant bits, see <see cref="ExitInfoWords.Relevant"/>.</param>
    public TraceText InfoOf(SvmExitCode code, ulong relevant)
    {
        var key = new TextKey(InfoText, code.Value, relevant);
        return Texts.TryFind(key, out TraceText words) ? words : Texts.Add(key, ExitInfoWords.Of(code, relevant));
    }

    /// <summary>An event in EXITINTINFO or EVENTINJ.</summary>
    public TraceText EventOf(EventInfo info)
    {
        var key = new TextKey(EventText, info.Raw);
        return Texts.TryFind(key, out TraceText words) ? words : Texts.Add(key, info.ToString());
    }
}
