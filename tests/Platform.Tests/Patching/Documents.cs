using System.Text.Json.Nodes;
using CsCheck;

namespace Flagstone.Platform.Tests.Patching;

/// <summary>Random objects without nulls over few names, so that two of them overlap.</summary>
internal static class Documents
{
    public static Gen<JsonObject> Any { get; } = Objects(3);

    private static Gen<JsonObject> Objects(int depth)
    {
        var scalar = Gen.Int[0, 2].Select(value => (JsonNode)value);
        var list = Gen.Int[0, 2].Array[0, 3].Select(items => (JsonNode)new JsonArray([.. items.Select(item => (JsonNode)item)]));
        var value = depth == 0 ? Gen.OneOf(scalar, list) : Gen.OneOf(scalar, list, Objects(depth - 1).Select(map => (JsonNode)map));
        return Gen.Select(Gen.OneOf("a", "b", "c"), value).Array[0, 3].Select(members =>
            new JsonObject(members.DistinctBy(m => m.Item1).Select(m => KeyValuePair.Create(m.Item1, (JsonNode?)m.Item2.DeepClone()))));
    }
}
