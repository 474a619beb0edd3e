using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;

namespace Flagstone.Provisioning.Contracts;

/// <summary>A claim's state. Nothing of its connection secret but the name.</summary>
/// <param name="Kind">The claim's kind, for example <c>PostgreSQLInstance</c>.</param>
/// <param name="Synced">True when the last reconcile did all it had to; null while none has run.</param>
/// <param name="Ready">True when it can be used.</param>
/// <param name="Message">Why it is not ready or not synced; empty when it is.</param>
/// <param name="Composition">The composition that makes it; empty while none is chosen.</param>
/// <param name="ConnectionSecret">The Secret in the claim's namespace; empty when it asks for none.</param>
/// <param name="Composite">The composite's name, its own where it is one; empty while there is none.</param>
/// <param name="Simulated">True when a resource that it is made of is simulated.</param>
public sealed record ClaimState(
    string ApiVersion, string Kind, string Namespace, string Name, bool? Synced, bool Ready, string Message, string Composition,
    string ConnectionSecret, string Composite, bool Simulated);

/// <summary>What other modules may ask of claims, and of composites that lie in a namespace: what is said of claims holds for both.</summary>
public interface IProvisioning
{
    /// <summary>The claims of a namespace, by kind and name; empty when it has none.</summary>
    Task<IReadOnlyList<ClaimState>> ClaimsAsync(string ns, CancellationToken ct);

    /// <summary>
    /// What applying a claim would change. Nothing is stored, and no provider is asked: of the outside world it knows what the last reconcile
    /// observed.
    /// </summary>
    /// <param name="caller">In whose name the claim would be applied: their rights count.</param>
    /// <param name="claim">The claim as a manifest. Where one of the name is there, its spec is replaced, but for what the platform wrote into it.</param>
    Task<PlanOutcome> PlanAsync(Caller caller, JsonObject claim, CancellationToken ct);
}
