namespace Differ.Tests.Support;

public sealed class JsonSchemaTests
{
    [Theory]
    [InlineData("""{"type":"object"}""", "{}", "[]")]
    [InlineData("""{"type":"array"}""", "[]", "{}")]
    [InlineData("""{"type":"string"}""", "\"\"", "1")]
    [InlineData("""{"type":"integer"}""", "18446744073709551615", "1.5")]
    [InlineData("""{"type":["string","null"]}""", "null", "1")]
    [InlineData("""{"const":1}""", "1", "2")]
    [InlineData("""{"enum":["a","b"]}""", "\"b\"", "\"c\"")]
    [InlineData("""{"pattern":"^0x[0-9a-f]+$"}""", "\"0x1f\"", "\"1f\"")]
    [InlineData("""{"minimum":1}""", "1", "0")]
    [InlineData("""{"required":["a"]}""", """{"a":1}""", """{"b":1}""")]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", """{"a":"","b":1}""", """{"a":1}""")]
    [InlineData("""{"properties":{"a":{}},"additionalProperties":false}""", """{"a":1}""", """{"a":1,"b":1}""")]
    [InlineData("""{"items":{"type":"null"}}""", "[null,null]", "[null,0]")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"type":"null"}}}""", "null", "0")]
    public void A_keyword_takes_the_one_and_refuses_the_other(string schema, string good, string bad)
    {
        Assert.Empty(new JsonSchema(schema).Check(good));
        Assert.Single(new JsonSchema(schema).Check(bad));
    }

    [Theory]
    [InlineData("""{"maximum":1}""")]
    [InlineData("""{"type":"float"}""")]
    [InlineData("""{"additionalProperties":{}}""")]
    [InlineData("""{"$ref":"other.json"}""")]
    public void A_schema_that_asks_for_more_is_refused(string schema) => Assert.Throws<NotSupportedException>(() => new JsonSchema(schema).Check("1"));

    [Fact]
    public void A_fault_is_named_with_its_place() => Assert.Equal(
        ["$.a[1].b: Number is not string"],
        new JsonSchema("""{"properties":{"a":{"items":{"properties":{"b":{"type":"string"}}}}}}""").Check("""{"a":[{"b":""},{"b":1}]}"""));
}
