using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Differ.Diff.Writing;

/// <summary>JSON as all reports write it: indented, with plain line ends, one value.</summary>
internal static class JsonText
{
    /// <summary>Writes one object.</summary>
    public static void Write(TextWriter output, Action<Utf8JsonWriter> content) => WriteValue(output, json =>
    {
        json.WriteStartObject();
        content(json);
        json.WriteEndObject();
    });

    /// <summary>Names the schema that an object which is open keeps, and its version, as its first members.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="name">The schema is docs/NAME.schema.json.</param>
    /// <param name="version">Its version.</param>
    public static void WriteSchema(Utf8JsonWriter json, string name, int version)
    {
        json.WriteString("$schema", SchemaId(name, version));
        json.WriteNumber("schemaVersion", version);
    }

    /// <summary>The <c>$id</c> of a schema.</summary>
    public static string SchemaId(string name, int version) => string.Create(CultureInfo.InvariantCulture, $"urn:differ:schema:{name}:{version}");

    public static void WriteArray(TextWriter output, Action<Utf8JsonWriter> content) => WriteValue(output, json =>
    {
        json.WriteStartArray();
        content(json);
        json.WriteEndArray();
    });

    private static void WriteValue(TextWriter output, Action<Utf8JsonWriter> content)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            content(json);
        }

        output.Write(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
        output.Write('\n');
    }
}
