using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Tests.Schemas;

/// <summary>The CEL rules of schemas, as Kubernetes documents them ("Validation rules" of custom resources).</summary>
public sealed class SchemaRuleTests
{
    private const string Immutable = """{ "rule": "self == oldSelf", "message": "the region cannot change" }""";

    [Theory]
    [InlineData("{\"region\":\"a\"}", null, "")]
    [InlineData("{\"region\":\"a\"}", "{\"region\":\"a\"}", "")]
    [InlineData("{\"region\":\"b\"}", "{\"region\":\"a\"}", "spec.region: Invalid value: \"string\": the region cannot change")]
    [InlineData("{\"region\":\"b\"}", "{}", "")]
    public void A_rule_over_what_was_is_about_changes_alone(string next, string? before, string error) =>
        Assert.Equal(error, Check($$"""{ "region": { "type": "string", "x-kubernetes-validations": [{{Immutable}}] } }""", "", next, before));

    [Theory]
    [InlineData("self.min <= self.max", "{\"min\":1,\"max\":2}", true)]
    [InlineData("self.min <= self.max", "{\"min\":3,\"max\":2}", false)]
    [InlineData("!has(self.max) || self.max > 1", "{\"min\":3}", true)]
    [InlineData("has(self.by) || has(self.reason)", "{\"min\":3}", false)]
    [InlineData("self.ratio > 1 && self.ratio < 2.5", "{\"ratio\":2}", true)]
    [InlineData("self.ratio / 4.0 == 0.5", "{\"ratio\":2}", true)]
    [InlineData("self.name == self.name.lowerAscii()", "{\"name\":\"Orders\"}", false)]
    [InlineData("self.name.matches('^[a-z]+$') && self.name.size() <= 6", "{\"name\":\"orders\"}", true)]
    [InlineData("self.names.all(n, n.startsWith('x-')) && self.names.exists_one(n, n == 'x-a')", "{\"names\":[\"x-a\",\"x-b\"]}", true)]
    [InlineData("self.names.isSorted() && self.names.join(',') == 'a,b'", "{\"names\":[\"a\",\"b\"]}", true)]
    [InlineData("self.labels.all(k, k.size() < 3) && self.labels['a'] == 'b'", "{\"labels\":{\"a\":\"b\"}}", true)]
    [InlineData("self.__namespace__ == 'a' && self.x__dash__y == 'b'", "{\"namespace\":\"a\",\"x-y\":\"b\"}", true)]
    public void A_rule_holds_or_does_not(string rule, string spec, bool holds) => Assert.Equal(
        holds ? "" : $"spec: Invalid value: \"object\": failed rule: {rule}",
        Check("""
            {
              "min": { "type": "integer" }, "max": { "type": "integer" }, "ratio": { "type": "number" }, "name": { "type": "string" }, "by": { "type": "string" },
              "reason": { "type": "string" }, "names": { "type": "array", "items": { "type": "string" } }, "namespace": { "type": "string" },
              "x-y": { "type": "string" }, "labels": { "type": "object", "additionalProperties": { "type": "string" } }
            }
            """, $$"""{ "rule": "{{rule}}" }""", spec, null));

    [Theory]
    [InlineData("{\"min\":1}", null, "")]
    [InlineData("{\"min\":1}", "{\"min\":2}", "spec: Invalid value: \"object\": failed rule: self.min >= oldSelf.min")]
    public void A_rule_over_a_field_of_what_was_is_about_changes_too(string next, string? before, string error) =>
        Assert.Equal(error, Check("""{ "min": { "type": "integer" } }""", """{ "rule": "self.min >= oldSelf.min" }""", next, before));

    [Fact]
    public void A_rule_may_make_its_message_name_its_reason_and_blame_a_field_below() => Assert.Equal(
        "spec.size.max: Forbidden: 5 is more than 3",
        Check(
            """{ "size": { "type": "object", "properties": { "max": { "type": "integer" } } } }""",
            """{ "rule": "self.size.max <= 3", "messageExpression": "string(self.size.max) + ' is more than 3'", "message": "no", "reason": "FieldValueForbidden", "fieldPath": ".size.max" }""",
            """{ "size": { "max": 5 } }""", null));

    [Fact]
    public void Items_of_a_keyed_list_are_compared_with_those_of_the_same_key() => Assert.Equal(
        "spec.disks[0].size: Invalid value: \"integer\": a disk only grows",
        Check(
            """
            { "disks": { "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": { "type": "object", "required": ["name"], "properties": {
              "name": { "type": "string" }, "size": { "type": "integer", "x-kubernetes-validations": [{ "rule": "self >= oldSelf", "message": "a disk only grows" }] } } } } }
            """, "", """{ "disks": [{ "name": "b", "size": 1 }, { "name": "a", "size": 9 }, { "name": "new", "size": 1 }] }""", """{ "disks": [{ "name": "a", "size": 5 }, { "name": "b", "size": 2 }] }"""));

    [Fact]
    public void What_does_not_change_is_not_judged_again() => Assert.Equal(
        "", Check("""{ "name": { "type": "string", "x-kubernetes-validations": [{ "rule": "self != 'old'" }] }, "other": { "type": "string" } }""", "", """{ "name": "old", "other": "b" }""", """{ "name": "old", "other": "a" }"""));

    [Theory]
    [InlineData("quantity(self.name).isGreaterThan(quantity('1Gi'))")]
    [InlineData("self.name")]
    public void A_rule_that_cannot_be_evaluated_refuses_and_says_so(string rule) => Assert.StartsWith(
        $"spec: Invalid value: \"object\": the rule \"{rule}\" cannot be evaluated: ",
        Check("""{ "name": { "type": "string" } }""", $$"""{ "rule": "{{rule}}" }""", """{ "name": "2Gi" }""", null), StringComparison.Ordinal);

    [Theory]
    [InlineData("self.name +")]
    [InlineData("(self.name")]
    public void A_rule_that_cannot_be_read_is_no_schema(string rule)
    {
        Assert.False(StructuralSchema.TryParse(JsonNode.Parse($$"""{ "type": "object", "x-kubernetes-validations": [{ "rule": "{{rule}}" }] }"""), out _, out var errors));

        Assert.Contains($"Invalid value: \"{rule}\": compilation failed: ", errors[0].ToString(), StringComparison.Ordinal);
    }

    private static string Check(string properties, string rule, string next, string? before)
    {
        var schema = StructuralSchema.Parse($$"""
            { "type": "object", "properties": { "spec": { "type": "object", "properties": {{properties}}, "x-kubernetes-validations": [{{rule}}] } } }
            """);
        return string.Join("; ", schema.CheckRules(Document(next), before is null ? null : Document(before)));
    }

    private static JsonObject Document(string spec) => new() { ["spec"] = JsonNode.Parse(spec) };
}
