using System.Text.Json.Nodes;
using Flagstone.Catalog.Scaffolder;

namespace Flagstone.Catalog.Tests.Scaffolder;

public sealed class ParameterRulesTests
{
    [Theory]
    [InlineData("""{"properties": {"n": {"type": "integer"}}}""", """{"n": 1}""", "")]
    [InlineData("""{"properties": {"n": {"type": "integer"}}}""", """{"n": "1"}""", "/n")]
    [InlineData("""{"properties": {"o": {"type": "object", "required": ["p"]}}}""", """{"o": {}}""", "/o")]
    [InlineData("""{"properties": {"a": {"items": {"maxLength": 2}}}}""", """{"a": ["ok", "long"]}""", "/a/1")]
    [InlineData("""{"properties": {"x": {"not": {"const": 1}}}}""", """{"x": 1}""", "/x")]
    [InlineData("""{"properties": {"x": {"not": {"const": 1}}, "y": {"const": 2}}}""", """{"x": 2, "y": 3}""", "/y")]
    [InlineData("""{"properties": {"x": {"anyOf": [{"type": "string"}, {"minimum": 5}]}, "y": {"const": 2}}}""", """{"x": 7, "y": 3}""", "/y")]
    [InlineData("""{"properties": {"x": {"oneOf": [{"type": "number"}, {"minimum": 5}]}}}""", """{"x": 7}""", "/x")]
    [InlineData("""{"if": {"properties": {"k": {"const": "a"}}}, "then": {"required": ["v"]}}""", """{"k": "b"}""", "")]
    [InlineData("""{"dependencies": {"k": {"required": ["v"]}}}""", """{"k": 1}""", "")]
    public void An_error_stands_at_the_field_that_has_it(string schema, string values, string fields)
    {
        ParameterStep[] pages = [new(null, null, JsonNode.Parse(schema)!.AsObject())];
        var errors = ParameterRules.Validate(pages, JsonNode.Parse(values)!.AsObject());
        Assert.Equal(fields, string.Join(' ', errors.Select(error => error.Field).Distinct()));
    }

    [Theory]
    [InlineData("""{"properties": {"environment": {}}}""", "/enviroment: There is no value of this name. The form has: environment.")]
    [InlineData("""{"properties": {"environment": {}}, "additionalProperties": true}""", "")]
    [InlineData("""{"patternProperties": {"^e": {}}}""", "")]
    [InlineData("""{"allOf": [{"properties": {"enviroment": {}}}]}""", "")]
    [InlineData("""{"dependencies": {"a": {"oneOf": [{"properties": {"enviroment": {}}}]}}}""", "")]
    public void A_value_that_the_form_does_not_have_is_refused_by_name(string schema, string error)
    {
        ParameterStep[] pages = [new(null, null, JsonNode.Parse(schema)!.AsObject())];
        var errors = ParameterRules.Validate(pages, new JsonObject { ["enviroment"] = "prod" });
        Assert.Equal(error, string.Join(' ', errors.Select(e => $"{e.Field}: {e.Message}")));
    }

    [Fact]
    public void A_value_of_another_form_is_told_the_form_in_words_and_by_example()
    {
        ParameterStep[] pages =
        [
            new(null, null, JsonNode.Parse("""
                {"properties": {"name": {"pattern": "^[a-z]+$", "not": {"pattern": "^kube"}, "description": "Lower case letters.", "ui:placeholder": "orders"}}}
                """)!.AsObject()),
        ];

        Assert.Equal(
            "It does not have the form ^[a-z]+$. Lower case letters. Example: orders.",
            Assert.Single(ParameterRules.Validate(pages, new JsonObject { ["name"] = "Bad" })).Message);
        Assert.Equal(
            "It is reserved: what has the form ^kube is not taken.",
            Assert.Single(ParameterRules.Validate(pages, new JsonObject { ["name"] = "kubernetes" })).Message);
    }

    [Fact]
    public void What_is_not_valid_always_has_an_error()
    {
        ParameterStep[] pages = [new(null, null, JsonNode.Parse("""{"dependencies": {"k": ["v"]}, "not": {"required": ["z"]}}""")!.AsObject())];
        Assert.NotEmpty(ParameterRules.Validate(pages, new JsonObject { ["k"] = 1 }));
        Assert.NotEmpty(ParameterRules.Validate(pages, new JsonObject { ["z"] = 1 }));
    }
}
