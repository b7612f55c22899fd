using System.Reflection;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Differ.Mutants;

/// <summary>Compiles a project in memory, as it is and with one fault at a time. The tree is only read.</summary>
/// <remarks>
/// One compilation for each mutant, from trees and references that are read once: about a second. It reaches what no switch at run time could: constants, patterns,
/// tables that are made once. A constant that another assembly took over when it was compiled keeps its value there.
/// </remarks>
internal sealed class MutantBuild
{
    private const string Usings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;
        """;

    private static readonly string[] Referred = ["Differ.Schemas.dll", "Iced.dll"];

    private readonly CSharpCompilation _whole;
    private readonly Dictionary<string, SyntaxTree> _trees;

    /// <summary>Reads a project.</summary>
    /// <param name="root">The root of the tree.</param>
    /// <param name="project">Folder of the project below it.</param>
    /// <param name="built">Folder with the project's assembly and all that it refers to.</param>
    public MutantBuild(string root, string project, string built)
    {
        string name = $"Differ.{Path.GetFileName(project)}";
        string assembly = Path.Combine(built, name + ".dll");
        var parse = new CSharpParseOptions(LanguageVersion.Preview);
        string folder = Path.Combine(root, project);
        _trees = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: path, File: Path.GetRelativePath(root, path).Replace('\\', '/')))
            .Where(one => !one.File.Split('/').Any(static part => part is "bin" or "obj"))
            .OrderBy(one => one.File, StringComparer.Ordinal)
            .ToDictionary(one => one.File, one => CSharpSyntaxTree.ParseText(SourceText.From(File.ReadAllText(one.Path)), parse, one.File));
        IEnumerable<string> friends = Directory.EnumerateFiles(folder, "*.csproj").SelectMany(static path => XDocument.Load(path).Descendants("InternalsVisibleTo"))
            .Select(static one => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{one.Attribute("Include")!.Value}\")]");
        string attributes = $"[assembly: System.Reflection.AssemblyVersion(\"{AssemblyName.GetAssemblyName(assembly).Version}\")]\n{string.Join('\n', friends)}";
        string platform = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        IEnumerable<string> references = platform.Split(Path.PathSeparator).Where(path => Path.GetDirectoryName(path) == runtime)
            .Concat(Referred.Select(one => Path.Combine(built, one)).Where(File.Exists));
        _whole = CSharpCompilation.Create(
            name,
            [.. _trees.Values, CSharpSyntaxTree.ParseText(Usings, parse), CSharpSyntaxTree.ParseText(attributes, parse)],
            references.Select(static path => MetadataReference.CreateFromFile(path)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, checkOverflow: true,
                allowUnsafe: true, nullableContextOptions: NullableContextOptions.Disable, generalDiagnosticOption: ReportDiagnostic.Suppress, deterministic: true));
    }

    /// <summary>Name of the assembly.</summary>
    public string Name => _whole.AssemblyName!;

    /// <summary>All mutants of the files below some folders.</summary>
    public IReadOnlyList<Mutant> Mutants(IReadOnlyList<string> folders) =>
    [
        .. _trees.Where(one => folders.Any(folder => one.Key.StartsWith(folder + "/", StringComparison.Ordinal)))
            .SelectMany(one => MutantFinder.In(one.Key, _whole.GetSemanticModel(one.Value))),
    ];

    /// <summary>Writes the assembly.</summary>
    /// <param name="mutant">The fault in it; null for none.</param>
    /// <param name="path">The file.</param>
    /// <returns>The first error of the compiler; null where it compiles.</returns>
    public string? Write(Mutant? mutant, string path)
    {
        CSharpCompilation compilation = _whole;
        if (mutant is not null)
        {
            SyntaxTree tree = _trees[mutant.File];
            SourceText text = tree.GetText().WithChanges(new TextChange(mutant.Span, mutant.After));
            compilation = _whole.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(text, (CSharpParseOptions)tree.Options, tree.FilePath));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using FileStream file = File.Create(path);
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(file);
        return result.Success ? null : result.Diagnostics.FirstOrDefault(static one => one.Severity == DiagnosticSeverity.Error)?.ToString() ?? "does not compile";
    }
}
