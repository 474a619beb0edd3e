using System.Text.Json.Nodes;
using CsCheck;
using Flagstone.Platform.Yaml;

namespace Flagstone.Platform.Tests.Yaml;

public sealed class YamlWriterTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.String[Gen.OneOf(Gen.Char["abc:#- \n\"'{}[],&*!|>%@`\t0.eE+~?"], Gen.Char[' ', '\uD7FF']), 0, 20],
        Gen.OneOf("", "true", "no", "null", "~", "1", "0x1", "1e3", ".5", "2024-01-01", "a: b", "- a", "a\nb", "a\n", "a\n\n", "\n", " a\nb", "a \n b", "😀\nx", "😀", "<<", "=", "5Gi", "1.2.3", "a\r\nb", "\u2028", "---", "...", new string('k', 2000)));

    private static readonly Gen<JsonNode?> Scalars = Gen.OneOf(
        Gen.Const((JsonNode?)null),
        Gen.Bool.Select(value => (JsonNode?)value),
        Gen.Long.Select(value => (JsonNode?)value),
        Gen.Double.Where(double.IsFinite).Select(value => (JsonNode?)value),
        Texts.Select(value => (JsonNode?)value));

    [Fact]
    public void What_is_written_reads_as_it_was() => Values(4).Sample(value =>
    {
        var yaml = YamlWriter.Write(value);
        Assert.True(YamlReader.TryReadValue(yaml, null, out var read, out var error), $"{error}\n{yaml}");
        Assert.True(JsonNode.DeepEquals(value, read), $"{value?.ToJsonString()}\n{read?.ToJsonString()}\n{yaml}");
    });

    [Fact]
    public void A_resource_looks_as_people_write_it()
    {
        var node = JsonNode.Parse("""
            {"apiVersion":"v1","kind":"X","metadata":{"name":"a-b","labels":{},"annotations":{"on":"yes","n":"5","size":"5Gi","version":"1.2.3"}},
             "spec":{"list":[{"a":1,"b":[true,null]},["x"],[]],"script":"echo a\necho b\n","text":"say: \"hi\"","url":"https://a.example/b?c=d#e","image":"r.example/a:v1"}}
            """);
        Assert.Equal(
            """
            apiVersion: v1
            kind: X
            metadata:
              name: a-b
              labels: {}
              annotations:
                "on": "yes"
                "n": "5"
                size: 5Gi
                version: 1.2.3
            spec:
              list:
              - a: 1
                b:
                - true
                - null
              - - x
              - []
              script: |
                echo a
                echo b
              text: "say: \"hi\""
              url: https://a.example/b?c=d#e
              image: r.example/a:v1

            """,
            YamlWriter.Write(node));
    }

    [Fact]
    public void Documents_are_divided()
    {
        var yaml = YamlWriter.WriteAll([new JsonObject { ["a"] = 1 }, new JsonObject { ["b"] = 2 }]);
        Assert.Equal("a: 1\n---\nb: 2\n", yaml);
    }

    private static Gen<JsonNode?> Values(int depth)
    {
        if (depth == 0)
        {
            return Scalars;
        }

        var child = Values(depth - 1);
        return Gen.OneOf(
            Scalars,
            child.Array[0, 4].Select(items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())])),
            Gen.Select(Texts, child).Array[0, 4].Select(members =>
                (JsonNode?)new JsonObject(members.DistinctBy(m => m.Item1).Select(m => KeyValuePair.Create(m.Item1, m.Item2?.DeepClone())))));
    }
}
