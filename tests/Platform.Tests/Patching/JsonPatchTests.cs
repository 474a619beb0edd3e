using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Platform.Patching;

namespace Flagstone.Platform.Tests.Patching;

public sealed class JsonPatchTests
{
    // RFC 7386, appendix A.
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", """{}""")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"a":"foo"}""", "null", "null")]
    [InlineData("""{"a":"foo"}""", "\"bar\"", "\"bar\"")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""[1,2]""", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("""{}""", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void A_merge_patch_does_what_the_standard_says(string document, string patch, string expected) =>
        Assert.Equal(expected, JsonMergePatch.Apply(JsonNode.Parse(document), JsonNode.Parse(patch))?.ToJsonString() ?? "null");

    [Fact]
    public void The_merge_patch_of_a_difference_gives_the_target() =>
        Gen.Select(Documents.Any, Documents.Any).Sample((source, target) =>
            JsonNode.DeepEquals(target, JsonMergePatch.Apply(source, JsonMergePatch.Diff(source, target))));

    [Theory]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b","value":2}]""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":[1,3]}""", """[{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/a/-","value":4}]""", """{"a":[1,2,3,4]}""")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"","value":[1]}]""", """[1]""")]
    [InlineData("""{"a":1,"b":2}""", """[{"op":"remove","path":"/a"}]""", """{"b":2}""")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"remove","path":"/a/0"}]""", """{"a":[2]}""")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"replace","path":"/a/1","value":null}]""", """{"a":[1,null]}""")]
    [InlineData("""{"a":{"b":1},"c":{}}""", """[{"op":"move","from":"/a/b","path":"/c/d"}]""", """{"a":{},"c":{"d":1}}""")]
    [InlineData("""{"a":{"b":1}}""", """[{"op":"copy","from":"/a","path":"/c"},{"op":"replace","path":"/c/b","value":2}]""", """{"a":{"b":1},"c":{"b":2}}""")]
    [InlineData("""{"a/b":{"~1":1}}""", """[{"op":"test","path":"/a~1b/~01","value":1.0}]""", """{"a/b":{"~1":1}}""")]
    [InlineData("""{"a":1}""", """[{"op":"move","from":"/a","path":"/a"}]""", """{"a":1}""")]
    [InlineData("""{"":1}""", """[{"op":"replace","path":"/","value":2}]""", """{"":2}""")]
    public void A_JSON_patch_does_what_the_standard_says(string document, string patch, string expected)
    {
        var node = JsonNode.Parse(document);
        var outcome = Assert.IsType<JsonPatched>(Parse(patch).Apply(node));
        Assert.Equal(expected, outcome.Document!.ToJsonString());
        Assert.Equal(document, node!.ToJsonString());
    }

    [Theory]
    [InlineData("""[{"op":"remove","path":"/x"}]""", "remove of '/x' does not apply: there is no such value.")]
    [InlineData("""[{"op":"replace","path":"/a/2","value":1}]""", "replace of '/a/2' does not apply: there is no such value.")]
    [InlineData("""[{"op":"add","path":"/a/3","value":1}]""", "add of '/a/3' does not apply: '3' is no index in a list of 2.")]
    [InlineData("""[{"op":"add","path":"/a/01","value":1}]""", "add of '/a/01' does not apply: '01' is no index in a list of 2.")]
    [InlineData("""[{"op":"add","path":"/x/y","value":1}]""", "add of '/x/y' does not apply: its parent does not exist.")]
    [InlineData("""[{"op":"move","from":"/a","path":"/a/0"}]""", "move of '/a/0' does not apply: a value cannot be moved into itself.")]
    [InlineData("""[{"op":"copy","from":"/x","path":"/y"}]""", "copy of '/y' does not apply: there is nothing at '/x'.")]
    [InlineData("""[{"op":"remove","path":""}]""", "remove of '' does not apply: the document itself cannot be removed.")]
    public void An_operation_that_does_not_apply_says_why(string patch, string message) =>
        Assert.Equal(new JsonPatchRefused(0, message), Parse(patch).Apply(JsonNode.Parse("""{"a":[1,2]}""")));

    [Fact]
    public void A_failed_test_is_told_apart() => Assert.Equal(
        new JsonPatchTestFailed(1, "test of '/a' failed: wanted 2, found 1."),
        Parse("""[{"op":"add","path":"/b","value":2},{"op":"test","path":"/a","value":2}]""").Apply(JsonNode.Parse("""{"a":1}""")));

    [Theory]
    [InlineData("""{}""", "A JSON patch is a list of operations.")]
    [InlineData("""[1]""", "Operation 0 is not an object.")]
    [InlineData("""[{"op":"set","path":"/a"}]""", "Operation 0 has the op 'set'. Use one of: add, remove, replace, move, copy, test.")]
    [InlineData("""[{"op":"remove","path":"a"}]""", "Operation 0 has the path 'a'. A path is empty or begins with '/'.")]
    [InlineData("""[{"op":"remove","path":"/a~2"}]""", "Operation 0 has the path '/a~2'. A path is empty or begins with '/'.")]
    [InlineData("""[{"op":"add","path":"/a"}]""", "Operation 0 has no 'value', which add needs; a null is written out.")]
    [InlineData("""[{"op":"copy","path":"/a"}]""", "Operation 0 has no valid 'from', which copy takes the value from.")]
    public void A_malformed_patch_is_refused(string patch, string message)
    {
        Assert.False(JsonPatch.TryParse(JsonNode.Parse(patch), out _, out var error));
        Assert.Equal(message, error);
    }

    [Fact]
    public void Operations_and_copies_are_bounded()
    {
        var many = new JsonArray([.. Enumerable.Range(0, 10_001).Select(_ => JsonNode.Parse("""{"op":"remove","path":"/a"}"""))]);
        Assert.False(JsonPatch.TryParse(many, out _, out var error));
        Assert.Contains("at most 10000", error, StringComparison.Ordinal);

        var bomb = string.Join(',', Enumerable.Range(0, 200).Select(i => $$"""{"op":"copy","from":"/a","path":"/b{{i}}"}"""));
        var wide = new JsonObject { ["a"] = new JsonArray([.. Enumerable.Range(0, 1000).Select(i => (JsonNode)i)]) };
        var outcome = Assert.IsType<JsonPatchRefused>(Parse($"[{bomb}]").Apply(wide));
        Assert.Contains("copies more than 100000 values", outcome.Message, StringComparison.Ordinal);

        var tower = string.Join(',', Enumerable.Repeat("""{"op":"copy","from":"","path":"/a"}""", 100));
        outcome = Assert.IsType<JsonPatchRefused>(Parse($"[{tower}]").Apply(JsonNode.Parse("""{"a":1}""")));
        Assert.Contains("nested more than 64 deep", outcome.Message, StringComparison.Ordinal);
    }

    private static JsonPatch Parse(string patch)
    {
        Assert.True(JsonPatch.TryParse(JsonNode.Parse(patch), out var parsed, out var error), error);
        return parsed;
    }
}
