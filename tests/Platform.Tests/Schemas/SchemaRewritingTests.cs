using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Tests.Schemas;

public sealed class SchemaRewritingTests
{
    [Theory]
    [InlineData("""{"type":"string","default":"x"}""", """{}""", """{"a":"x"}""")]
    [InlineData("""{"type":"string","default":"x"}""", """{"a":null}""", """{"a":"x"}""")]
    [InlineData("""{"type":"string","default":"x","nullable":true}""", """{"a":null}""", """{"a":null}""")]
    [InlineData("""{"type":"string"}""", """{"a":null}""", """{}""")]
    [InlineData("""{"type":"object","default":{},"properties":{"b":{"type":"integer","default":1}}}""", """{}""", """{"a":{"b":1}}""")]
    [InlineData("""{"type":"object","properties":{"b":{"type":"integer","default":1}}}""", """{}""", """{}""")]
    [InlineData("""{"type":"array","items":{"type":"object","properties":{"b":{"type":"integer","default":1}}}}""", """{"a":[{},{"b":2}]}""", """{"a":[{"b":1},{"b":2}]}""")]
    [InlineData("""{"type":"array","items":{"type":"integer","default":7}}""", """{"a":[null]}""", """{"a":[7]}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer","default":7}}""", """{"a":{"x":null,"y":1}}""", """{"a":{"x":7,"y":1}}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"object","properties":{"b":{"type":"integer","default":1}}}}""", """{"a":{"x":{}}}""", """{"a":{"x":{"b":1}}}""")]
    public void Defaults_fill_what_is_absent(string schema, string value, string expected)
    {
        var compiled = StructuralSchema.Parse($$$"""{"type":"object","properties":{"a":{{{schema}}}}}""");
        var node = JsonNode.Parse(value)!;
        compiled.ApplyDefaults(node);
        Assert.Equal(expected, node.ToJsonString());
    }

    [Theory]
    [InlineData("""{"type":"string"}""", """{"a":"x","b":1}""", """{"a":"x"}""", "b")]
    [InlineData("""{"type":"string"}""", """{"apiVersion":"v1","kind":"K","metadata":{"labels":{}},"a":"x"}""", """{"apiVersion":"v1","kind":"K","metadata":{"labels":{}},"a":"x"}""", "")]
    [InlineData("""{"type":"object","properties":{"b":{"type":"string"}}}""", """{"a":{"b":"x","kind":"K","c":1}}""", """{"a":{"b":"x"}}""", "a.c,a.kind")]
    [InlineData("""{"type":"array","items":{"type":"object","properties":{"b":{"type":"string"}}}}""", """{"a":[{"b":"x"},{"c":1}]}""", """{"a":[{"b":"x"},{}]}""", "a[1].c")]
    [InlineData("""{"type":"object","x-kubernetes-preserve-unknown-fields":true}""", """{"a":{"x":{"y":1}}}""", """{"a":{"x":{"y":1}}}""", "")]
    [InlineData("""{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"b":{"type":"object"}}}""", """{"a":{"x":1,"b":{"c":1}}}""", """{"a":{"x":1,"b":{}}}""", "a.b.c")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"object","properties":{"b":{"type":"string"}}}}""", """{"a":{"x":{"b":"1","c":2}}}""", """{"a":{"x":{"b":"1"}}}""", "a.x.c")]
    [InlineData("""{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object"}}}""", """{"a":{"apiVersion":"v1","kind":"K","metadata":{"name":"n"},"spec":{"z":1},"y":2}}""", """{"a":{"apiVersion":"v1","kind":"K","metadata":{"name":"n"},"spec":{}}}""", "a.spec.z,a.y")]
    public void Unknown_fields_are_pruned_and_named(string schema, string value, string expected, string paths)
    {
        var compiled = StructuralSchema.Parse($$$"""{"type":"object","properties":{"a":{{{schema}}}}}""");
        var node = JsonNode.Parse(value)!.AsObject();
        var pruned = compiled.Prune(node);
        Assert.Equal(expected, node.ToJsonString());
        Assert.Equal(paths, string.Join(',', pruned));
    }

    [Fact]
    public void Defaulting_twice_is_defaulting_once() => Gen.Int.Sample(seed =>
    {
        var (schema, value) = new RandomSchema(seed).Make();
        schema.ApplyDefaults(value);
        var once = value.ToJsonString();
        schema.ApplyDefaults(value);
        Assert.Equal(once, value.ToJsonString());
    });

    [Fact]
    public void Pruning_twice_is_pruning_once() => Gen.Int.Sample(seed =>
    {
        var (schema, value) = new RandomSchema(seed) { AddUnknown = true }.Make();
        schema.Prune(value);
        Assert.Empty(schema.Prune(value));
    });

    [Fact]
    public void A_conforming_value_loses_nothing_and_is_valid() => Gen.Int.Sample(seed =>
    {
        var (schema, value) = new RandomSchema(seed).Make();
        Assert.Empty(schema.Prune(value));
        Assert.Empty(schema.Validate(value));
        schema.ApplyDefaults(value);
        Assert.Empty(schema.Prune(value));
        Assert.Empty(schema.Validate(value));
    });

    [Fact]
    public void A_conforming_value_with_unknown_fields_is_valid_once_pruned() => Gen.Int.Sample(seed =>
    {
        var (schema, value) = new RandomSchema(seed) { AddUnknown = true }.Make();
        schema.Prune(value);
        Assert.Empty(schema.Validate(value));
    });
}
