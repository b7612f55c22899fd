using Differ.Capture.Btf;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Recording;

/// <summary>What the running kernel, or files brought from another, say of it.</summary>
/// <param name="root">The folder that / stands for.</param>
/// <param name="tracefs">Where tracefs is; null for where it usually is.</param>
public sealed class HostKernel(string root = "/", string? tracefs = null)
{
    private static readonly string[] ProcessorWords = ["vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "address sizes"];
    private static readonly string[] TracefsPlaces = ["sys/kernel/tracing", "sys/kernel/debug/tracing"];

    private readonly Dictionary<string, BtfTypes?> _types = [];
    private KernelSymbols? _symbols;
    private HashSet<(string Module, string Symbol)>? _traceable;
    private HashSet<string>? _blacklist;

    /// <summary>Where tracefs is; empty where it is not mounted.</summary>
    public string Tracefs { get; } = tracefs ?? TracefsPlaces
        .Select(path => Path.Combine(root, path)).FirstOrDefault(path => Directory.Exists(Path.Combine(path, "events"))) ?? "";

    /// <summary>The files that lie beside outputs until recordings end.</summary>
    public PartialFiles Partials { get; } = new(Path.Combine(root, "run/differ-record"));

    /// <summary>Where the folder of types is that was brought from another host; null for the running kernel's.</summary>
    public string? BtfFolder { get; init; }

    /// <summary>Why nothing can be recorded here and what to do; null where it can.</summary>
    public string? Obstacle =>
        !Has("sys/module/kvm_amd") ? Has("sys/module/kvm_intel")
            ? "this is an Intel host (kvm_intel is loaded): Differ judges KVM on AMD" : "kvm_amd is not loaded: modprobe kvm_amd (and switch SVM on in the firmware)"
        : Read("sys/kernel/security/lockdown").Contains("[confidentiality]", StringComparison.Ordinal)
            ? "the kernel is locked down (confidentiality), which forbids tracing: boot with lockdown=integrity, or without it"
        : Tracefs.Length == 0 || !Directory.Exists(Path.Combine(Tracefs, "events"))
            ? "tracefs is not there: mount -t tracefs tracefs /sys/kernel/tracing (as root), or name it with --tracefs"
        : !Directory.Exists(Path.Combine(Tracefs, "events", "kvm")) ? "tracefs has no events of kvm: modprobe kvm_amd" : null;

    /// <summary>Why no probe can be set here; null where they can.</summary>
    public string? ObstacleToProbes =>
        BtfFolder is null && !File.Exists(Path.Combine(Tracefs, "kprobe_events")) ? "the kernel has no kprobe events (CONFIG_KPROBE_EVENTS)"
        : TypesOf("kvm_amd") is null ? BtfFolder is null
            ? "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF, CONFIG_DEBUG_INFO_BTF_MODULES): /sys/kernel/btf lacks vmlinux or kvm_amd"
            : $"{BtfFolder} has no BTF: copy /sys/kernel/btf/vmlinux, kvm and kvm_amd there"
        : null;

    /// <summary>What a maintainer asks for: kernel, processor, parameters of the modules; one a line.</summary>
    public IReadOnlyList<string> Facts
    {
        get
        {
            return
            [
                $"kernel {Read("proc/sys/kernel/osrelease").Trim()} {Read("proc/sys/kernel/version").Trim()}",
                .. Read("proc/cpuinfo").Split('\n').TakeWhile(line => line.Length > 0).Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
                    .Where(pair => pair.Length == 2 && ProcessorWords.Contains(pair[0])).Select(pair => $"cpu {pair[0]}={pair[1]}"),
                .. Parameters("kvm"), .. Parameters("kvm_amd"),
            ];
        }
    }

    /// <summary>Release of the kernel.</summary>
    public string Release => Read("proc/sys/kernel/osrelease").Trim();

    /// <summary>Name of the host.</summary>
    public string HostName => Read("proc/sys/kernel/hostname").Trim();

    /// <summary>The probes that fit.</summary>
    /// <exception cref="IOException">A file of BTF is damaged; the text names it.</exception>
    public ProbePlan Plan(EventLevel level)
    {
        if (BtfFolder is not null)
        {
            return ProbePlan.Of(level, TypesOf, static _ => null, IsModule);
        }

        using KernelText? text = level == EventLevel.Stock ? null : KernelText.Open(Path.Combine(root, "proc/kcore"));
        return ProbePlan.Of(level, TypesOf, place => ObstacleOf(place.Module, place.Symbol) ?? Inlined(place, text), IsModule);
    }

    private bool IsModule(string name) => BtfFolder is null ? !Has("sys/module/" + name) || Has($"sys/module/{name}/initstate") : FileOf(name) is not null;

    private string? FileOf(string name) => (BtfFolder is null
        ? new[] { Path.Combine(root, "sys/kernel/btf", name) } : [Path.Combine(BtfFolder, name), Path.Combine(BtfFolder, "btf." + name)]).FirstOrDefault(File.Exists);

    // What is built into the kernel has its types there.
    private BtfTypes? TypesOf(string module)
    {
        if (!_types.TryGetValue(module, out BtfTypes? types))
        {
            BtfTypes? kernel = module == "vmlinux" ? null : TypesOf("vmlinux");
            types = FileOf(module) is { } file && (module == "vmlinux" || kernel is not null) ? ReadTypes(file, kernel)
                : IsModule(module) ? null : kernel;
            _types[module] = types;
        }

        return types;
    }

    private static BtfTypes ReadTypes(string file, BtfTypes? kernel)
    {
        try
        {
            return BtfTypes.Read(File.ReadAllBytes(file), kernel);
        }
        catch (CaptureFormatException fault)
        {
            throw new IOException($"{file}: {fault.Message}", fault);
        }
    }

    private string? ObstacleOf(string module, string symbol)
    {
        (string, string) key = (IsModule(module) ? module : "", symbol);
        _traceable ??= [.. Lines(Path.Combine(Tracefs, "available_filter_functions")).Select(line => line.Split(' ', '\t')).Select(words => (words.Length > 1 ? words[1].Trim('[', ']') : "", words[0]))];
        _blacklist ??= [.. Lines(Path.Combine(root, "sys/kernel/debug/kprobes/blacklist")).Select(line => line.Split('\t', ' ')).Where(words => words.Length > 1).Select(words => words[^1])];
        return Symbols.CountOf(key.Item1, key.Item2) switch
        {
            0 => "is no symbol of this kernel",
            > 1 => "is the name of several functions",
            _ => _blacklist.Contains(symbol) ? "may not be probed (noinstr)" : _traceable.Count > 0 && !_traceable.Contains(key) ? "cannot be traced by ftrace" : null,
        };
    }

    // What the compiler put into its callers is a symbol too and never hit. The code of the callers tells; where it cannot be read, a copy that
    // was made for some of them.
    private string? Inlined(ProbePlace place, KernelText? text)
    {
        string module = IsModule(place.Module) ? place.Module : "";
        (ulong Start, ulong End)[] callers = [.. place.Callers.Select(caller => Symbols.ExtentOf(IsModule("kvm_amd") ? "kvm_amd" : "", caller) ?? Symbols.ExtentOf(IsModule("kvm") ? "kvm" : "", caller)).OfType<(ulong, ulong)>()];
        bool?[] calls = text is not null && Symbols.ExtentOf(module, place.Symbol) is { } extent ? [.. callers.Select(caller => text.Reaches(caller.Start, caller.End, extent.Start))] : [];
        return calls.Contains(true) ? null
            : calls.Contains(false) ? $"is not called by {string.Join(" or ", place.Callers)}: the compiler put it there"
            : Symbols.CopyOf(module, place.Symbol) is { } copy ? $"has the copy {copy}, which its callers may call in its place" : null;
    }

    private KernelSymbols Symbols => _symbols ??= new KernelSymbols(
        Lines(Path.Combine(root, "proc/kallsyms")), ProbeTemplates.All.SelectMany(template => template.Places).SelectMany(place => place.Callers.Append(place.Symbol)).ToHashSet());

    private IEnumerable<string> Parameters(string module)
    {
        string folder = Path.Combine(root, "sys/module", module, "parameters");
        return Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(file => $"{module} {Path.GetFileName(file)}={ReadFile(file).Trim()}") : [];
    }

    private bool Has(string path) => Directory.Exists(Path.Combine(root, path)) || File.Exists(Path.Combine(root, path));

    private string Read(string path) => ReadFile(Path.Combine(root, path));

    private static string ReadFile(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path) : "";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static IEnumerable<string> Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadLines(path) : [];
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }
}
