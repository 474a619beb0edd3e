using System.Data;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>
/// Databases, roles, grants and extensions, on the server that the installation has for them or on one that a ProviderConfig names. Their names
/// are ours, so Observe tells what a lost answer was.
/// </summary>
internal sealed class SqlDriver(SqlServers servers, SqlTargets targets, TimeProvider clock) : IProviderDriver
{
    private readonly Dictionary<string, ISqlKind> kinds = new(StringComparer.Ordinal)
    {
        ["Database"] = new Databases(), ["Role"] = new Roles(clock), ["Grant"] = new Grants(), ["Extension"] = new Extensions(),
    };

    /// <summary>What is near is looked at often.</summary>
    public TimeSpan PollEvery => TimeSpan.FromMinutes(1);

    public IReadOnlyList<KindDefinition> Kinds => SqlKinds.All;

    public IReadOnlyDictionary<string, string> Generate(ManagedResource resource) => resource.Kind.Kind == "Role" ? Roles.Prepare(resource) : new Dictionary<string, string>();

    public Task<string> PlaceAsync(JsonObject document, CancellationToken ct) => servers.PlaceAsync(document, ct);

    public async Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct)
    {
        try
        {
            var (resolved, missing) = await targets.ResolveAsync(resource, ct);
            if (missing is not null)
            {
                // It says so when it is to be made; there is nothing to drop that could be named.
                return new Absent();
            }

            var server = await servers.OpenAsync(resource, ct);
            await using var connection = await server.OpenAsync(ct);
            // All that is seen is of one moment: half of a change would be told as a drift of its own.
            await using var reading = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            return await kinds[resource.Kind.Kind].FindAsync(new SqlTarget(server, connection, resolved), ct) is { } found ? Seen(found) : new Absent();
        }
        catch (PostgresUnavailableException e)
        {
            return new Unobservable(e.Message) { OfResource = e.OfResource };
        }
        catch (NpgsqlException e)
        {
            return new Unobservable(e.Message);
        }
    }

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) => RunAsync(resource, (kind, target) => kind.CreateAsync(target, ct), ct);

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => RunAsync(
        resource, async (kind, target) => await kind.FindAsync(target, ct) is { } found ? await kind.MendAsync(target, found, ct) : Done.Plain, ct);

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct) => RunAsync(resource, (kind, target) => kind.DropAsync(target, ct), ct);

    private static Present Seen(SqlState found) => new(found.Difference, null, found.AtProvider, found.Connection)
    {
        Unfixable = found.Unfixable,
        Failing = found.Failing,
        Drift = [.. found.Changes.Select(c => c.Drift)],
    };

    private async Task<DriverOutcome> RunAsync(ManagedResource resource, Func<ISqlKind, SqlTarget, Task<DriverOutcome>> act, CancellationToken ct)
    {
        try
        {
            var (resolved, missing) = await targets.ResolveAsync(resource, ct);
            if (missing is not null)
            {
                return missing;
            }

            var server = await servers.OpenAsync(resource, ct);
            await using var connection = await server.OpenAsync(ct);
            return await act(kinds[resource.Kind.Kind], new SqlTarget(server, connection, resolved));
        }
        catch (PostgresException e)
        {
            return SqlRefusals.Judge(e);
        }
        catch (PostgresUnavailableException e)
        {
            return new Failed(e.Message);
        }
        catch (NpgsqlException e)
        {
            return new Unknown(e.Message);
        }
    }
}
