using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Tests.Schemas;

public sealed class SchemaValidationTests
{
    [Theory]
    [InlineData("""{"type":"integer"}""", "\"ten\"", "spec.a: Invalid value: \"string\": spec.a in body must be of type integer: \"string\"")]
    [InlineData("""{"type":"integer"}""", "1.5", "spec.a: Invalid value: \"number\": spec.a in body must be of type integer: \"number\"")]
    [InlineData("""{"type":"integer"}""", "1.0", null)]
    [InlineData("""{"type":"number"}""", "1", null)]
    [InlineData("""{"type":"string"}""", "null", "spec.a: Invalid value: \"null\": spec.a in body must be of type string: \"null\"")]
    [InlineData("""{"type":"string","nullable":true}""", "null", null)]
    [InlineData("""{"type":"string","nullable":true,"enum":["x"]}""", "null", "spec.a: Unsupported value: null: supported values: \"x\"")]
    [InlineData("""{"type":"boolean"}""", "{}", "spec.a: Invalid value: \"object\": spec.a in body must be of type boolean: \"object\"")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "true", "spec.a: Invalid value: \"boolean\": spec.a in body must be of type array: \"boolean\"")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "[\"x\",1]", "spec.a[1]: Invalid value: \"integer\": spec.a[1] in body must be of type string: \"integer\"")]
    [InlineData("""{"x-kubernetes-int-or-string":true}""", "true", "spec.a: Invalid value: \"boolean\": spec.a in body must be of type integer,string: \"boolean\"")]
    [InlineData("""{"x-kubernetes-int-or-string":true}""", "\"25%\"", null)]
    [InlineData("""{"type":"string","enum":["a","b"]}""", "\"x\"", "spec.a: Unsupported value: \"x\": supported values: \"a\", \"b\"")]
    [InlineData("""{"type":"integer","enum":[1,2]}""", "1.0", null)]
    [InlineData("""{"type":"string","maxLength":2}""", "\"abc\"", "spec.a: Too long: may not be more than 2 bytes")]
    [InlineData("""{"type":"string","maxLength":2}""", "\"😀é\"", null)]
    [InlineData("""{"type":"string","minLength":2}""", "\"é\"", "spec.a: Invalid value: \"é\": spec.a in body should be at least 2 chars long")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$"}""", "\"A\"", "spec.a: Invalid value: \"A\": spec.a in body should match '^[a-z]+$'")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+$"}""", "\"a\\n\"", "spec.a: Invalid value: \"a\\n\": spec.a in body should match '^[a-z]+$'")]
    [InlineData("""{"type":"integer","minimum":1}""", "0", "spec.a: Invalid value: 0: spec.a in body should be greater than or equal to 1")]
    [InlineData("""{"type":"integer","minimum":1,"exclusiveMinimum":true}""", "1", "spec.a: Invalid value: 1: spec.a in body should be greater than 1")]
    [InlineData("""{"type":"integer","maximum":9007199254740993}""", "9007199254740994", "spec.a: Invalid value: 9007199254740994: spec.a in body should be less than or equal to 9007199254740993")]
    [InlineData("""{"type":"number","maximum":1.5,"exclusiveMaximum":true}""", "1.5", "spec.a: Invalid value: 1.5: spec.a in body should be less than 1.5")]
    [InlineData("""{"type":"integer","multipleOf":5}""", "7", "spec.a: Invalid value: 7: spec.a in body should be a multiple of 5")]
    [InlineData("""{"type":"number","multipleOf":0.1}""", "0.3", null)]
    [InlineData("""{"type":"integer","format":"int32"}""", "2147483648", "spec.a: Invalid value: 2147483648: spec.a in body must be of type int32: \"2147483648\"")]
    [InlineData("""{"type":"integer","format":"int64"}""", "9223372036854775807", null)]
    [InlineData("""{"type":"integer","format":"int64"}""", "9223372036854775808", "spec.a: Invalid value: 9223372036854775808: spec.a in body must be of type int64: \"9223372036854775808\"")]
    [InlineData("""{"type":"array","items":{"type":"string"},"minItems":1}""", "[]", "spec.a: Invalid value: 0: spec.a in body should have at least 1 items")]
    [InlineData("""{"type":"array","items":{"type":"string"},"maxItems":1}""", "[\"a\",\"b\"]", "spec.a: Too many: 2: must have at most 1 items")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"uniqueItems":true}""", "[1,1.0]", "spec.a: Invalid value: [1,1.0]: spec.a in body shouldn't contain duplicates")]
    [InlineData("""{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"}""", "[\"a\",\"b\",\"a\"]", "spec.a[2]: Duplicate value: \"a\"")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"x-kubernetes-list-type":"set"}""", "[1,2,3,4,5,6,7,8,9,10,1]", "spec.a[10]: Duplicate value: 1")]
    [InlineData("""{"type":"array","items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"v":{"type":"string"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"]}""", """[{"k":"x","v":"1"},{"k":"y"},{"k":"x","v":"2"}]""", "spec.a[2]: Duplicate value: {\"k\":\"x\"}")]
    [InlineData("""{"type":"object","minProperties":1}""", "{}", "spec.a: Invalid value: 0: spec.a in body should have at least 1 properties")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string"},"maxProperties":1}""", """{"x":"1","y":"2"}""", "spec.a: Invalid value: 2: spec.a in body should have at most 1 properties")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", """{"x":"1"}""", "spec.a.x: Invalid value: \"string\": spec.a.x in body must be of type integer: \"string\"")]
    [InlineData("""{"type":"object","properties":{"b":{"type":"string"}},"required":["b"]}""", "{}", "spec.a.b: Required value")]
    [InlineData("""{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}""", """{"kind":"K"}""", "spec.a.apiVersion: Required value: must not be empty")]
    [InlineData("""{"type":"integer","not":{"multipleOf":2}}""", "4", "spec.a: Invalid value: \"\": \"spec.a\" must not validate the schema (not)")]
    [InlineData("""{"type":"integer","oneOf":[{"minimum":1},{"maximum":5}]}""", "3", "spec.a: Invalid value: \"\": \"spec.a\" must validate one and only one schema (oneOf). Found 2 valid alternatives")]
    [InlineData("""{"type":"integer","oneOf":[{"minimum":1},{"maximum":5}]}""", "9", null)]
    [InlineData("""{"type":"integer","allOf":[{"minimum":1},{"maximum":5}]}""", "9", "spec.a: Invalid value: 9: spec.a in body should be less than or equal to 5")]
    public void A_value_is_judged_in_the_API_servers_words(string schema, string value, string? expected)
    {
        var compiled = Schema(schema);
        var resource = JsonNode.Parse($$$"""{"spec":{"a":{{{value}}}}}""")!;
        var errors = compiled.Validate(resource);
        Assert.Equal(expected is null ? [] : [expected], errors.Select(error => error.ToString()));

        // The same from CLR values, as a program that builds a document makes them.
        Assert.Equal(errors.Select(error => error.Field), compiled.Validate(Rebuild(resource)!).Select(error => error.Field));
    }

    [Theory]
    [InlineData("date-time", "2024-02-29T12:00:00.123456789Z", "2023-02-29T12:00:00Z")]
    [InlineData("date-time", "2024-01-01T00:00:00+02:00", "yesterday")]
    [InlineData("date", "2024-02-29", "2024-2-29")]
    [InlineData("ipv4", "10.0.0.1", "10.0.0.256")]
    [InlineData("ipv4", "1.2.3.4", "1.2.3")]
    [InlineData("ipv6", "2001:db8::1", "10.0.0.1")]
    [InlineData("ipv6", "::", "2001:db8::g")]
    [InlineData("cidr", "10.0.0.0/8", "10.0.0.0/33")]
    [InlineData("uri", "https://example.org/a?b", "not a uri")]
    [InlineData("uri", "/path", "path")]
    [InlineData("byte", "aGVsbG8=", "a")]
    [InlineData("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567")]
    [InlineData("email", "a@example.org", "Ann <a@example.org>")]
    [InlineData("hostname", "db.example.org", "-db")]
    [InlineData("mac", "00:1B:44:11:3A:B7", "00:1B:44:11:3A")]
    [InlineData("duration", "1h30m", "soon")]
    public void A_format_is_checked(string format, string good, string bad)
    {
        var schema = Schema($$"""{"type":"string","format":"{{format}}"}""");
        Assert.Empty(schema.Validate(Resource(good)));
        var error = Assert.Single(schema.Validate(Resource(bad)));
        Assert.Equal($"spec.a: Invalid value: \"{bad}\": spec.a in body must be of type {format}: \"{bad}\"", error.ToString());
    }

    [Fact]
    public void An_unknown_format_is_documentation() =>
        Assert.Empty(Schema("""{"type":"string","format":"arn"}""").Validate(Resource("anything")));

    [Fact]
    public void When_no_alternative_fits_the_closest_one_says_why()
    {
        var schema = Schema("""
            {"type":"object","properties":{"x":{"type":"string"},"y":{"type":"string"},"z":{"type":"string"}},
             "oneOf":[{"required":["x","z"]},{"required":["y"]}]}
            """);
        Assert.Equal(
            ["spec.a: Invalid value: \"\": \"spec.a\" must validate one and only one schema (oneOf). Found none valid", "spec.a.y: Required value"],
            schema.Validate(JsonNode.Parse("""{"spec":{"a":{}}}""")!).Select(error => error.ToString()));
    }

    [Fact]
    public void A_valid_resource_costs_no_memory()
    {
        var schema = Schema("""
            {"type":"object","required":["name"],"properties":{
              "name":{"type":"string","pattern":"^[a-z-]+$","maxLength":63,"minLength":1},
              "size":{"type":"integer","minimum":1,"maximum":100,"format":"int32"},
              "class":{"type":"string","enum":["s","m","l"]},
              "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
              "labels":{"type":"object","additionalProperties":{"type":"string"}}}}
            """);
        var resource = JsonNode.Parse("""{"spec":{"a":{"name":"orders-db","size":20,"class":"m","tags":["a","b"],"labels":{"x":"y"}}}}""")!;
        Assert.Empty(schema.Validate(resource));
        Assert.Empty(schema.Validate(resource));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            schema.Validate(resource);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Theory]
    [InlineData(@"^(?P<year>\d{4})$", "2024", "２０２４")]
    [InlineData(@"^[[:alpha:]_][[:alnum:]]*$", "_a1", "1a")]
    [InlineData(@"^\w+\s\w+$", "ab cd", "ab-cd")]
    [InlineData(@"^\Qa.b\E$", "a.b", "axb")]
    [InlineData(@"^\x{1F600}$", "😀", "a")]
    [InlineData(@"^\pL+$", "äb", "1")]
    [InlineData(@"^[]a]+$", "]a", "b")]
    [InlineData(@"^[^\]]+$", "ab", "a]")]
    [InlineData(@"^[a\d-]+$", "a-1", "b")]
    public void Patterns_are_those_of_Go(string pattern, string match, string other)
    {
        Assert.True(Re2Pattern.TryCompile(pattern, out var regex, out _));
        Assert.Matches(regex, match);
        Assert.DoesNotMatch(regex, other);
    }

    [Fact]
    public void A_pattern_that_would_explode_answers_at_once()
    {
        var schema = Schema("""{"type":"string","pattern":"^(a+)+$"}""");
        Assert.Single(schema.Validate(Resource(new string('a', 50_000) + "!")));
    }

    private static StructuralSchema Schema(string json)
    {
        var spec = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["a"] = JsonNode.Parse(json) } };
        return StructuralSchema.Parse(new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["spec"] = spec } }.ToJsonString());
    }

    private static JsonObject Resource(string value) => new() { ["spec"] = new JsonObject { ["a"] = value } };

    private static JsonNode? Rebuild(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Select(member => KeyValuePair.Create(member.Key, Rebuild(member.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Rebuild)]),
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.String => JsonValue.Create(value.GetValue<string>()),
        JsonValue value when JsonNumber.TryRead(value, out var number) && number.IsLong => number.Integer,
        null => null,
        _ => node.DeepClone(),
    };
}
