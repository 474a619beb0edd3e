using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flagstone.Platform.Storage;

/// <summary>Labels as one text: a JSON object with its members in order, so that equal labels are equal texts.</summary>
internal static class LabelText
{
    /// <summary>The text, or null when there are no labels.</summary>
    public static string? From(JsonObject? labels)
    {
        if (labels is null || labels.Count == 0)
        {
            return null;
        }

        var ordered = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in labels)
        {
            ordered[name] = value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
        }

        return JsonSerializer.Serialize(ordered);
    }

    public static IReadOnlyDictionary<string, string> Parse(string? text) =>
        text is null ? Empty : JsonSerializer.Deserialize<Dictionary<string, string>>(text)!;

    private static readonly Dictionary<string, string> Empty = [];
}
