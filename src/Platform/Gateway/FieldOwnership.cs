using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Gateway;

/// <summary>Keeps <c>metadata.managedFields</c> for ordinary writes.</summary>
internal static class FieldOwnership
{
    public static void Record(JsonObject next, JsonObject? before, KindDefinition kind, WriteOptions options, DateTimeOffset now)
    {
    }
}
