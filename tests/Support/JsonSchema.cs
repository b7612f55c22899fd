using System.Text.Json;
using System.Text.RegularExpressions;

namespace Differ.Tests.Support;

/// <summary>
/// Holds JSON against a schema of draft 2020-12, for the keywords that docs/report.schema.json uses.
/// A keyword it does not know is an error, so a schema cannot ask for what nobody checks.
/// </summary>
internal sealed class JsonSchema
{
    private readonly JsonElement _root;

    /// <summary>A schema.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public JsonSchema(string text) => _root = JsonDocument.Parse(text).RootElement;

    /// <summary>The whole schema.</summary>
    public JsonElement Root => _root;

    /// <summary>What is wrong with a text, each with the place in it.</summary>
    /// <exception cref="NotSupportedException">The schema uses a keyword that is not checked here.</exception>
    public IReadOnlyList<string> Check(string text)
    {
        var faults = new List<string>();
        Check(JsonDocument.Parse(text).RootElement, _root, "$", faults);
        return faults;
    }

    private void Check(JsonElement value, JsonElement schema, string at, List<string> faults)
    {
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            string? fault = CheckKeyword(value, schema, keyword, at, faults);
            if (fault is not null)
            {
                faults.Add($"{at}: {fault}");
            }
        }
    }

    private string? CheckKeyword(JsonElement value, JsonElement schema, JsonProperty keyword, string at, List<string> faults)
    {
        JsonElement wanted = keyword.Value;
        switch (keyword.Name)
        {
            case "$schema" or "$id" or "title" or "description" or "$defs":
                return null;
            case "$ref":
                Check(value, Resolve(wanted.GetString()!), at, faults);
                return null;
            case "type":
                return Types(wanted).Any(type => IsOf(value, type)) ? null : $"{value.ValueKind} is not {wanted}";
            case "oneOf":
                return wanted.EnumerateArray().Count(one => Fits(value, one, at)) == 1 ? null : $"fits none, or several, of {wanted}";
            case "const":
                return JsonElement.DeepEquals(value, wanted) ? null : $"{value} is not {wanted}";
            case "enum":
                return wanted.EnumerateArray().Any(one => JsonElement.DeepEquals(value, one)) ? null : $"{value} is none of {wanted}";
            case "pattern":
                return value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, wanted.GetString()!, RegexOptions.ECMAScript)
                    ? null : $"{value} does not look like {wanted}";
            case "minimum":
                return value.ValueKind != JsonValueKind.Number || value.GetDecimal() >= wanted.GetDecimal() ? null : $"{value} is below {wanted}";
            case "required":
                string[] missing = value.ValueKind != JsonValueKind.Object ? []
                    : [.. wanted.EnumerateArray().Select(name => name.GetString()!).Where(name => !value.TryGetProperty(name, out _))];
                return missing.Length == 0 ? null : $"lacks {string.Join(", ", missing)}";
            case "properties":
                CheckProperties(value, wanted, at, faults);
                return null;
            case "additionalProperties":
                return CheckUnknown(value, schema, wanted);
            case "items":
                CheckItems(value, wanted, at, faults);
                return null;
            default:
                throw new NotSupportedException($"the schema uses {keyword.Name}, which is not checked");
        }
    }

    private bool Fits(JsonElement value, JsonElement schema, string at)
    {
        var faults = new List<string>();
        Check(value, schema, at, faults);
        return faults.Count == 0;
    }

    private void CheckProperties(JsonElement value, JsonElement properties, string at, List<string> faults)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (JsonProperty property in properties.EnumerateObject())
        {
            if (value.TryGetProperty(property.Name, out JsonElement inner))
            {
                Check(inner, property.Value, $"{at}.{property.Name}", faults);
            }
        }
    }

    private static string? CheckUnknown(JsonElement value, JsonElement schema, JsonElement allowed)
    {
        if (allowed.ValueKind != JsonValueKind.False)
        {
            throw new NotSupportedException("additionalProperties can only be false here");
        }

        string[] unknown = value.ValueKind != JsonValueKind.Object ? []
            : [.. value.EnumerateObject().Select(property => property.Name).Where(name => !schema.GetProperty("properties").TryGetProperty(name, out _))];
        return unknown.Length == 0 ? null : $"has {string.Join(", ", unknown)}, which nothing describes";
    }

    private void CheckItems(JsonElement value, JsonElement items, string at, List<string> faults)
    {
        int i = 0;
        foreach (JsonElement item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : default)
        {
            Check(item, items, $"{at}[{i++}]", faults);
        }
    }

    private JsonElement Resolve(string reference) =>
        reference.StartsWith("#/$defs/", StringComparison.Ordinal) ? _root.GetProperty("$defs").GetProperty(reference["#/$defs/".Length..])
        : throw new NotSupportedException($"the reference {reference} is not into $defs");

    private static IEnumerable<string> Types(JsonElement wanted) =>
        wanted.ValueKind == JsonValueKind.Array ? wanted.EnumerateArray().Select(type => type.GetString()!) : [wanted.GetString()!];

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal number) && number == decimal.Truncate(number),
        "number" => value.ValueKind == JsonValueKind.Number,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => throw new NotSupportedException($"the type {type} is not checked"),
    };
}
