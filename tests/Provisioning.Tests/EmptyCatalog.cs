using System.Text.Json.Nodes;
using Flagstone.Catalog.Contracts;

namespace Flagstone.Provisioning.Tests;

/// <summary>The catalog of an installation in which nothing is declared: no services, teams or GitOps sources.</summary>
internal sealed class EmptyCatalog : ICatalog
{
    public Task<ServiceFacts?> FindServiceAsync(EntityName service, CancellationToken ct) => Task.FromResult<ServiceFacts?>(null);

    public Task<ServiceFacts?> FindServiceOfAsync(string ns, CancellationToken ct) => Task.FromResult<ServiceFacts?>(null);

    public Task<TeamFacts?> FindTeamAsync(EntityName team, CancellationToken ct) => Task.FromResult<TeamFacts?>(null);

    public Task<string?> FindSourceAsync(JsonObject resource, CancellationToken ct) => Task.FromResult<string?>(null);
}
