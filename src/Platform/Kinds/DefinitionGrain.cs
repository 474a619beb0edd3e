using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Kinds;

[GrainInterfaceType("flagstone.definition")]
internal interface IDefinitionGrain : IReconcileGrain;

/// <summary>Says of a CustomResourceDefinition that its kind is served: what <c>kubectl wait --for=condition=Established</c> waits for.</summary>
[GrainType("flagstone.definition")]
internal sealed class DefinitionGrain(ResourceGateway gateway, KindRegistry kinds, TimeProvider clock) : Grain, IDefinitionGrain
{
    public const string Controller = "definition";

    public async Task<ReconcileResult> ReconcileAsync()
    {
        var key = new ResourceKey(CustomKinds.Kind, "", this.GetPrimaryKeyString());
        var kind = kinds.Find(CustomKinds.Kind)!;
        await gateway.SetStatusAsync(Controller, kind, key, document =>
        {
            var taken = CustomKinds.TryRead(document, out var defined, out _)
                && kinds.Find(defined!.Id) is { } known && known.DefinedBy != defined.DefinedBy;
            document.SetCondition(
                taken ? Condition.False("NamesAccepted", "Conflict", "Another definition holds these names") : Condition.True("NamesAccepted", "NoConflicts", "no conflicts found"),
                clock.GetUtcNow());
            document.SetCondition(
                taken ? Condition.False("Established", "NotAccepted", "not all names are accepted") : Condition.True("Established", "InitialNamesAccepted", "the initial names have been accepted"),
                clock.GetUtcNow());
            var status = document["status"]!.AsObject();
            status["acceptedNames"] = document["spec"]!["names"]!.DeepClone();
            // Resources that were stored in an earlier version stay as they are until somebody writes to them.
            var before = (status["storedVersions"] as JsonArray)?.Select(v => v!.ToString()) ?? [];
            status["storedVersions"] = new JsonArray(
                [.. before.Union(document["spec"]!["versions"]!.AsArray().Where(v => v!["storage"]!.GetValue<bool>()).Select(v => v.Text("name"))).Select(v => (JsonNode)v)]);
        }, CancellationToken.None);
        return ReconcileResult.Done;
    }
}
