using System.Text.Json.Nodes;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Tests.Schemas;

/// <summary>A random structural schema with a random value that conforms to it, the same for the same seed.</summary>
internal sealed class RandomSchema(int seed)
{
    private const int MaxDepth = 4;

    private readonly Random random = new(seed);

    /// <summary>Whether the value has fields that the schema does not name.</summary>
    public bool AddUnknown { get; init; }

    public (StructuralSchema Schema, JsonObject Value) Make()
    {
        var (schema, value) = Object(0);
        return (StructuralSchema.Parse(schema.ToJsonString()), (JsonObject)JsonNode.Parse(value().ToJsonString())!);
    }

    private (JsonObject Schema, Func<JsonNode> Value) Any(int depth) => random.Next(depth >= MaxDepth ? 4 : 8) switch
    {
        0 => (new() { ["type"] = "boolean" }, () => random.Next(2) == 0),
        1 => (new() { ["type"] = "integer", ["minimum"] = -5, ["maximum"] = 100, ["multipleOf"] = 5 }, () => random.Next(-1, 21) * 5),
        2 => (new() { ["type"] = "string", ["enum"] = new JsonArray("a", "b"), ["pattern"] = "^[ab]$" }, () => random.Next(2) == 0 ? "a" : "b"),
        3 => (new() { ["x-kubernetes-int-or-string"] = true }, () => random.Next(2) == 0 ? "25%" : 3),
        4 => List(depth),
        5 => MapList(depth),
        6 => Map(depth),
        _ => Object(depth + 1),
    };

    private (JsonObject Schema, Func<JsonNode> Value) List(int depth)
    {
        var (items, value) = Any(depth + 1);
        return (new() { ["type"] = "array", ["items"] = items, ["maxItems"] = 3 }, () => new JsonArray([.. Repeat(3, value)]));
    }

    private (JsonObject Schema, Func<JsonNode> Value) MapList(int depth)
    {
        var (schema, value) = Any(depth + 1);
        var items = new JsonObject
        {
            ["type"] = "object",
            ["required"] = new JsonArray("key"),
            ["properties"] = new JsonObject { ["key"] = new JsonObject { ["type"] = "string" }, ["value"] = schema },
        };
        var list = new JsonObject
        {
            ["type"] = "array",
            ["items"] = items,
            ["x-kubernetes-list-type"] = "map",
            ["x-kubernetes-list-map-keys"] = new JsonArray("key"),
        };
        return (list, () => new JsonArray([.. Repeat(12, value).Select((item, i) => new JsonObject { ["key"] = $"k{i}", ["value"] = item })]));
    }

    private (JsonObject Schema, Func<JsonNode> Value) Map(int depth)
    {
        var (schema, value) = Any(depth + 1);
        return (
            new() { ["type"] = "object", ["additionalProperties"] = schema },
            () => new JsonObject(Repeat(3, value).Select((item, i) => KeyValuePair.Create<string, JsonNode?>($"x{i}", item))));
    }

    private (JsonObject Schema, Func<JsonNode> Value) Object(int depth)
    {
        var (properties, required) = (new JsonObject(), new JsonArray());
        var values = new List<(string Name, bool IsRequired, Func<JsonNode> Value)>();
        foreach (var i in Enumerable.Range(0, random.Next(1, 5)))
        {
            var (schema, value) = Any(depth);
            var isRequired = random.Next(3) == 0;
            if (isRequired)
            {
                required.Add($"p{i}");
            }
            else if (!AddUnknown && random.Next(3) == 0)
            {
                schema["default"] = value();
            }

            properties[$"p{i}"] = schema;
            values.Add(($"p{i}", isRequired, value));
        }

        return (new() { ["type"] = "object", ["properties"] = properties, ["required"] = required }, () =>
        {
            var map = new JsonObject();
            foreach (var (name, isRequired, value) in values)
            {
                if (isRequired || random.Next(2) == 0)
                {
                    map[name] = value();
                }
            }

            if (AddUnknown && random.Next(2) == 0)
            {
                map["unknown"] = new JsonObject { ["x"] = 1 };
            }

            return map;
        });
    }

    private List<JsonNode> Repeat(int max, Func<JsonNode> value) => [.. Enumerable.Range(0, random.Next(max + 1)).Select(_ => value())];
}
