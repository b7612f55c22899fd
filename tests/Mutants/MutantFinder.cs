using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Differ.Mutants;

/// <summary>Finds the places of a file where a small fault makes a wrong rule, and the faults.</summary>
/// <remarks>Attributes, documentation, what is thrown, and the columns of a rule's row that only describe it (severity, rank, KVM's functions) are passed over.</remarks>
internal sealed class MutantFinder : CSharpSyntaxWalker
{
    private static readonly HashSet<string> Descriptive = ["Severity", "Confidence", "Visibility", "RuleScope", "KvmFunctions"];

    private static readonly Dictionary<SyntaxKind, string> Swapped = new()
    {
        [SyntaxKind.LogicalAndExpression] = "||",
        [SyntaxKind.LogicalOrExpression] = "&&",
        [SyntaxKind.BitwiseAndExpression] = "|",
        [SyntaxKind.BitwiseOrExpression] = "&",
        [SyntaxKind.LessThanExpression] = "<=",
        [SyntaxKind.LessThanOrEqualExpression] = "<",
        [SyntaxKind.GreaterThanExpression] = ">=",
        [SyntaxKind.GreaterThanOrEqualExpression] = ">",
        [SyntaxKind.EqualsExpression] = "!=",
        [SyntaxKind.NotEqualsExpression] = "==",
        [SyntaxKind.AddExpression] = "-",
        [SyntaxKind.SubtractExpression] = "+",
    };

    private readonly string _file;
    private readonly SemanticModel _model;
    private readonly List<Mutant> _found = [];

    private MutantFinder(string file, SemanticModel model)
    {
        _file = file;
        _model = model;
    }

    /// <summary>All mutants of a file, in the order of the text.</summary>
    /// <param name="file">Path below the root.</param>
    /// <param name="model">The file as the compiler understands it.</param>
    public static IReadOnlyList<Mutant> In(string file, SemanticModel model)
    {
        var finder = new MutantFinder(file, model);
        finder.Visit(model.SyntaxTree.GetRoot());
        return [.. finder._found.DistinctBy(one => (one.Span, one.After)).OrderBy(one => one.Span.Start)
            .GroupBy(one => (one.LineText, one.Kind, one.Before, one.After)).SelectMany(like => like.Select((one, at) => one with { Occurrence = at }))
            .OrderBy(one => one.Span.Start).ThenBy(one => one.After, StringComparer.Ordinal)];
    }

    public override void VisitAttributeList(AttributeListSyntax node)
    {
    }

    public override void VisitThrowStatement(ThrowStatementSyntax node)
    {
    }

    public override void VisitThrowExpression(ThrowExpressionSyntax node)
    {
    }

    public override void VisitInterpolatedStringExpression(InterpolatedStringExpressionSyntax node)
    {
    }

    public override void VisitAssignmentExpression(AssignmentExpressionSyntax node)
    {
        if (node.Left is not IdentifierNameSyntax { Identifier.Text: "Rank" or "Kvm" })
        {
            base.VisitAssignmentExpression(node);
        }
    }

    public override void VisitIfStatement(IfStatementSyntax node)
    {
        Add("negated-condition", node.Condition, $"!({node.Condition})");
        base.VisitIfStatement(node);
    }

    public override void VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        Add("negated-condition", node.Condition, $"!({node.Condition})");
        base.VisitConditionalExpression(node);
    }

    public override void VisitWhenClause(WhenClauseSyntax node)
    {
        Add("negated-condition", node.Condition, $"!({node.Condition})");
        base.VisitWhenClause(node);
    }

    public override void VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        if (Swapped.TryGetValue(node.Kind(), out string? other) && !IsText(node))
        {
            Add(node.Kind() is SyntaxKind.AddExpression or SyntaxKind.SubtractExpression ? "plus-minus"
                : node.Kind().ToString().StartsWith("Bitwise", StringComparison.Ordinal) || node.Kind().ToString().StartsWith("Logical", StringComparison.Ordinal) ? "and-or"
                : "relation", node, $"({node.Left}) {other} ({node.Right})");
            if (node.OperatorToken.Text is "&&" or "||" or "&" or "|")
            {
                Add("dropped-operand", node, $"({node.Left})");
                Add("dropped-operand", node, $"({node.Right})");
            }
        }

        base.VisitBinaryExpression(node);
    }

    public override void VisitBinaryPattern(BinaryPatternSyntax node)
    {
        Add("dropped-operand", node, node.Left.ToString());
        Add("dropped-operand", node, node.Right.ToString());
        base.VisitBinaryPattern(node);
    }

    public override void VisitUnaryPattern(UnaryPatternSyntax node)
    {
        Add("dropped-not", node, node.Pattern.ToString());
        base.VisitUnaryPattern(node);
    }

    public override void VisitRelationalPattern(RelationalPatternSyntax node)
    {
        string text = node.OperatorToken.Text;
        Add("relation", node, (text.EndsWith('=') ? text[..1] : text + "=") + " " + node.Expression);
        base.VisitRelationalPattern(node);
    }

    public override void VisitPrefixUnaryExpression(PrefixUnaryExpressionSyntax node)
    {
        if (node.IsKind(SyntaxKind.LogicalNotExpression))
        {
            Add("dropped-not", node, node.Operand.ToString());
        }

        base.VisitPrefixUnaryExpression(node);
    }

    public override void VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        string text = node.Token.Text.Replace("_", "", StringComparison.Ordinal);
        string suffix = text[text.AsSpan().TrimEnd("uUlL").Length..];
        if (node.IsKind(SyntaxKind.TrueLiteralExpression) || node.IsKind(SyntaxKind.FalseLiteralExpression))
        {
            Add("truth", node, node.IsKind(SyntaxKind.TrueLiteralExpression) ? "false" : "true");
        }
        else if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && ulong.TryParse(text.AsSpan(2, text.Length - 2 - suffix.Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong mask) && mask != 0)
        {
            ulong low = mask & (~mask + 1), high = 1UL << (63 - System.Numerics.BitOperations.LeadingZeroCount(mask));
            Add("flipped-bit", node, $"0x{mask ^ low:x}{suffix}");
            Add("flipped-bit", node, $"0x{mask ^ high:x}{suffix}");
        }
        else if (node.IsKind(SyntaxKind.NumericLiteralExpression) && int.TryParse(text.AsSpan(0, text.Length - suffix.Length), CultureInfo.InvariantCulture, out int number))
        {
            Add("off-by-one", node, (number + 1).ToString(CultureInfo.InvariantCulture) + suffix);
        }
    }

    public override void VisitMemberAccessExpression(MemberAccessExpressionSyntax node)
    {
        string name = node.Name.Identifier.Text, left = node.Expression.ToString();
        if (Descriptive.Contains(left))
        {
            return;
        }

        if (name is "IsYes" or "IsNo")
        {
            Add("truth", node, $"(!{left}.{(name == "IsYes" ? "IsNo" : "IsYes")})");
        }
        else if (left == "Truth" && name is "Yes" or "No" or "Unknown")
        {
            Add("truth", node, name == "Yes" ? "Truth.No" : "Truth.Yes");
        }
        else if (left == "Standing" && name is "Decided" or "Assumed")
        {
            Add("decided-assumed", node, name == "Decided" ? "Standing.Assumed" : "Standing.Decided");
        }
        else if (Neighbour(_model.GetSymbolInfo(node).Symbol) is { } neighbour)
        {
            Add("neighbour", node, $"{left}.{neighbour}");
        }
        else if (Twin(node, name) is { } twin)
        {
            Add("swapped-field", node, $"{left}.{twin}");
        }

        base.VisitMemberAccessExpression(node);
    }

    public override void VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        Add("dropped-statement", node, ";");
        base.VisitExpressionStatement(node);
    }

    public override void VisitContinueStatement(ContinueStatementSyntax node) => Add("dropped-statement", node, ";");

    public override void VisitReturnStatement(ReturnStatementSyntax node)
    {
        if (node.Expression is null)
        {
            Add("dropped-statement", node, ";");
        }

        base.VisitReturnStatement(node);
    }

    // The next named constant of the same type in the same table; before the last, the one before it.
    private static string? Neighbour(ISymbol? symbol)
    {
        if (symbol is not (IFieldSymbol { IsStatic: true } or IPropertySymbol { IsStatic: true }) || TypeOf(symbol) is not { } type
            || symbol.ContainingType is not { SpecialType: SpecialType.None } table || symbol.DeclaredAccessibility == Accessibility.Private)
        {
            return null;
        }

        string[] names = [.. table.GetMembers().Where(one => one.Kind == symbol.Kind && one.IsStatic && one.DeclaredAccessibility != Accessibility.Private
            && SymbolEqualityComparer.Default.Equals(TypeOf(one), type)).Select(static one => one.Name)];
        int at = Array.IndexOf(names, symbol.Name);
        return names.Length < 2 || at < 0 ? null : names[at + 1 < names.Length ? at + 1 : at - 1];
    }

    // A field that differs in its number: EXITINFO1 and EXITINFO2.
    private string? Twin(MemberAccessExpressionSyntax node, string name)
    {
        string? twin = name.EndsWith('1') ? name[..^1] + "2" : name.EndsWith('2') ? name[..^1] + "1" : null;
        return twin is not null && _model.GetSymbolInfo(node).Symbol is { IsStatic: false } symbol && symbol.ContainingType.GetMembers(twin).Length > 0 ? twin : null;
    }

    private static ITypeSymbol? TypeOf(ISymbol symbol) => symbol switch
    {
        IFieldSymbol field => field.Type,
        IPropertySymbol property => property.Type,
        _ => null,
    };

    private bool IsText(ExpressionSyntax node) => _model.GetTypeInfo(node).Type?.SpecialType == SpecialType.System_String;

    private void Add(string kind, SyntaxNode node, string after)
    {
        if (node.Ancestors().OfType<ConstructorInitializerSyntax>().Any())
        {
            return;
        }

        Microsoft.CodeAnalysis.Text.TextLine line = node.SyntaxTree.GetText().Lines.GetLineFromPosition(node.SpanStart);
        _found.Add(new Mutant(_file, kind, node.Span, node.ToString(), after, line.LineNumber + 1, line.ToString().Trim()));
    }
}
