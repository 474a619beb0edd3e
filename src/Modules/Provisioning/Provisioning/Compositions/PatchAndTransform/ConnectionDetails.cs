using System.Text.Json;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Provisioning.Compositions.PatchAndTransform;

/// <summary>What a composed resource gives to its composite's connection secret. What is not there yet is left out.</summary>
internal static class ConnectionDetails
{
    public static void Extract(JsonArray details, ObservedResource observed, Dictionary<string, string> into)
    {
        foreach (var detail in details.OfType<JsonObject>())
        {
            if (ValueOf(detail, observed) is { } value)
            {
                into[detail.Text("name")] = value;
            }
        }
    }

    private static string? ValueOf(JsonObject detail, ObservedResource observed) => detail.Text("type") switch
    {
        "FromConnectionSecretKey" => observed.Connection.GetValueOrDefault(detail.Text("fromConnectionSecretKey")),
        "FromValue" => detail["value"] is JsonValue v ? v.ToString() : null,
        "FromFieldPath" when Paved.TryGet(observed.Document, detail.Text("fromFieldPath"), out var found) =>
            found is JsonValue text && text.GetValueKind() == JsonValueKind.String ? text.GetValue<string>() : found?.ToJsonString() ?? "null",
        _ => null,
    };
}
