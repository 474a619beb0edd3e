using System.Text.Json.Nodes;
using Flagstone.Platform.Patching;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Schemas;

namespace Flagstone.Platform.Gateway;

/// <summary>Keeps <c>metadata.managedFields</c>, so that <c>kubectl apply --server-side</c> knows whose a field is.</summary>
internal static class FieldOwnership
{
    public static void Record(JsonObject next, JsonObject? before, KindDefinition kind, WriteOptions options, DateTimeOffset now)
    {
        if (!options.OwnershipRecorded)
        {
            ManagedFields.Update(before, next, ManagerOf(options, now), SchemaOf(kind));
        }
    }

    public static FieldManager ManagerOf(WriteOptions options, DateTimeOffset now) => new(options.FieldManager, now, options.Subresource);

    /// <summary>Kubernetes' own kinds are stored without a schema; their merge keys are known all the same.</summary>
    public static StructuralSchema? SchemaOf(KindDefinition kind) =>
        kind.Schema ?? (kind.BuiltIn ? Shapes.GetOrAdd(kind.Id, _ => MergeShape.Of(kind.Id.Group, kind.Kind).ToSchema()) : null);

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<KindId, StructuralSchema> Shapes = new();
}
