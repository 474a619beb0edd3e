using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Tests.Schemas;

public sealed class SchemaParsingTests
{
    [Theory]
    [InlineData("""{}""", "type: Required value: must not be empty at the root")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "type: Invalid value: \"array\": must be object at the root")]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", "properties[a].type: Required value: must not be empty for specified object fields")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","items":{}}}}""", "properties[a].items.type: Required value: must not be empty for specified array items")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array"}}}""", "properties[a].items: Required value: must be specified")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","items":[{"type":"string"}]}}}""", "properties[a].items: Forbidden: items must be a schema object and not an array")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"text"}}}""", "properties[a].type: Unsupported value: \"text\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"}}}""", "properties[a].type: Forbidden: type cannot be set to null, use nullable as an alternative")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","$ref":"#/x"}}}""", "properties[a].$ref: Forbidden: $ref is not supported")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object"}},"additionalProperties":{"type":"string"}}""", "additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","additionalProperties":false}}}""", "properties[a].additionalProperties: Forbidden: additionalProperties cannot be set to false")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"properties":{"b":{"minLength":1}}}]}""", "properties[b]: Required value: because it is defined in anyOf[0].properties[b]")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"oneOf":[{"properties":{"a":{"type":"string"}}}]}""", "oneOf[0].properties[a].type: Forbidden: must be empty to be structural")]
    [InlineData("""{"type":"object","not":{"nullable":true}}""", "not.nullable: Forbidden: must be empty to be structural")]
    [InlineData("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}""", "properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}""", "properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: ")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","minLength":"x"}}}""", "properties[a].minLength: Invalid value: \"x\": must be a number")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}""", "properties[a].default: Invalid value: \"string\": in body must be of type integer: \"string\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","default":{"b":1}}}}""", "properties[a].default: Invalid value: {\"b\":1}: must not have the unknown field \"b\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","items":{"type":"object"},"x-kubernetes-list-type":"map"}}}""", "properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{"k":{"type":"string"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"]}}}""", "properties[a].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","x-kubernetes-embedded-resource":true}}}""", "properties[a].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","x-kubernetes-int-or-string":true}}}""", "properties[a].type: Invalid value: \"string\": must be empty if x-kubernetes-int-or-string is true")]
    [InlineData("""[]""", "<nil>: Invalid value: []: must be a schema object")]
    public void A_schema_that_is_not_structural_is_refused(string json, string expected)
    {
        Assert.False(StructuralSchema.TryParse(JsonNode.Parse(json), out _, out var errors));
        Assert.StartsWith(expected, Assert.Single(errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Int_or_string_may_be_spelled_out() => StructuralSchema.Parse("""
        {"type":"object","properties":{
          "a":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
          "b":{"x-kubernetes-int-or-string":true,"allOf":[{"anyOf":[{"type":"integer"},{"type":"string"}]},{"pattern":"^a"}]}}}
        """);

    [Fact]
    public void A_schema_deeper_than_anyone_writes_is_refused()
    {
        JsonNode schema = new JsonObject { ["type"] = "string" };
        for (var i = 0; i < 200; i++)
        {
            schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["a"] = schema } };
        }

        Assert.False(StructuralSchema.TryParse(schema, out _, out var errors));
        Assert.Contains("nested at most 64 deep", Assert.Single(errors).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Cel_rules_are_kept_with_their_place()
    {
        var schema = StructuralSchema.Parse("""
            {"type":"object","x-kubernetes-validations":[{"rule":"self.a == oldSelf.a","message":"fixed"}],"properties":{
              "l":{"type":"array","items":{"type":"object","x-kubernetes-validations":[{"rule":"true","reason":"FieldValueForbidden"}]}}}}
            """);
        Assert.Equal(2, schema.Rules.Count);
        Assert.Empty(schema.Rules[0].Place);
        Assert.Equal("fixed", schema.Rules[0].Message);
        Assert.Equal(["l", SchemaRule.Any], schema.Rules[1].Place);
    }

    [Fact]
    public void The_schema_is_given_back_as_it_came()
    {
        const string Json = """{"type":"object","description":"d","properties":{"a":{"type":"string","example":"x"}}}""";
        Assert.Equal(Json, StructuralSchema.Parse(Json).ToOpenApi().ToJsonString());
    }
}
