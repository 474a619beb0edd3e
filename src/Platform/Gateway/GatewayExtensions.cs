using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;

namespace Flagstone.Platform.Gateway;

/// <summary>What controllers do over and over.</summary>
public static class GatewayExtensions
{
    /// <summary>Changes <c>status</c> in place as a controller. Nothing is written when nothing changes; a resource that is gone is no error.</summary>
    public static async Task SetStatusAsync(
        this ResourceGateway gateway, string controller, KindDefinition kind, ResourceKey key, Action<JsonObject> change, CancellationToken ct) =>
        await gateway.MutateAsync(controller, kind, key, change, new WriteOptions { Subresource = "status" }, ct);

    /// <summary>Changes a resource in place as a controller. A resource that is gone is no error, any other refusal is.</summary>
    public static async Task<StoredResource?> MutateAsync(
        this ResourceGateway gateway, string controller, KindDefinition kind, ResourceKey key, Action<JsonObject> change, WriteOptions options, CancellationToken ct)
    {
        var outcome = await gateway.UpdateAsync(Caller.System(controller), kind, key, (current, _) =>
        {
            change(current);
            return new((current, (Problem?)null));
        }, options with { Origin = "reconcile", FieldManager = $"flagstone-{controller}" }, ct);
        return outcome switch
        {
            Written written => written.Resource,
            Refused { Problem.Status: 404 } => null,
            Refused refused => throw new InvalidOperationException(refused.Problem.Detail),
            _ => throw new System.Diagnostics.UnreachableException(outcome.GetType().Name),
        };
    }

    /// <summary>Deletes as a controller; a resource that is gone already is no error.</summary>
    public static async Task RemoveAsync(
        this ResourceGateway gateway, string controller, KindDefinition kind, ResourceKey key, DeleteOptions delete, CancellationToken ct)
    {
        var outcome = await gateway.DeleteAsync(Caller.System(controller), kind, key, delete, new WriteOptions { Origin = "reconcile", Verb = "delete" }, ct);
        if (outcome is Refused { Problem: { Status: not (404 or 409) } problem })
        {
            throw new InvalidOperationException(problem.Detail);
        }
    }
}
