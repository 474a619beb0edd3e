using System.Text.Json.Nodes;

namespace Flagstone.Catalog.Contracts;

/// <summary>What other modules ask the catalog. Answers are as stored; nothing is computed for a question.</summary>
public interface ICatalog
{
    /// <summary>A service by its entity's name; null when there is none.</summary>
    Task<ServiceFacts?> FindServiceAsync(EntityName service, CancellationToken ct);

    /// <summary>The service that owns a namespace, by the namespace's label; null when none does.</summary>
    Task<ServiceFacts?> FindServiceOfAsync(string ns, CancellationToken ct);

    /// <summary>A team by its entity's name; null when there is none.</summary>
    Task<TeamFacts?> FindTeamAsync(EntityName team, CancellationToken ct);

    /// <summary>The GitOps source that declares a resource, and puts back what is changed of it by hand; null for none.</summary>
    /// <param name="resource">As stored, with its managed fields.</param>
    Task<string?> FindSourceAsync(JsonObject resource, CancellationToken ct);
}

/// <summary>Where a service is in its life, as observed; Deprecated and Retired are declared.</summary>
public enum ServicePhase
{
    /// <summary>Its repositories are there; nothing of it is desired yet.</summary>
    Scaffolded,

    /// <summary>What it needs, such as its database, is being made.</summary>
    Provisioning,

    /// <summary>It is being started, or another commit of it is.</summary>
    Deploying,

    /// <summary>All that is desired is there and answers.</summary>
    Running,

    /// <summary>It ran, and something that it needs is not there now.</summary>
    Degraded,

    /// <summary>Declared so: it runs on, and nothing new should use it.</summary>
    Deprecated,

    /// <summary>Declared so, or on its way out.</summary>
    Retired,
}

/// <summary>A service as the catalog knows it.</summary>
/// <param name="Namespace">The namespace in which it runs.</param>
/// <param name="Owner">The owning team or user as the entity says it, for example <c>group:default/payments</c>.</param>
/// <param name="Lifecycle">As declared, for example <c>experimental</c> or <c>production</c>.</param>
/// <param name="Phase">Null until it was observed for the first time.</param>
/// <param name="Commit">The commit that is deployed, or null.</param>
public sealed record ServiceFacts(EntityName Name, string Namespace, string Owner, string Lifecycle, ServicePhase? Phase, string? Commit);

/// <summary>A team as the catalog knows it.</summary>
/// <param name="Members">References as the entity says them; empty when it names none.</param>
public sealed record TeamFacts(EntityName Name, string Title, IReadOnlyList<string> Members)
{
    /// <summary>Whether its members name a user, as <c>ada</c> or <c>user:default/ada</c>.</summary>
    public bool Has(string user) => Members.Any(m => EntityName.TryParse(m, out var member) && member == new EntityName("default", user));
}
