using Flagstone.Testing;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>Three processes over one PostgreSQL.</summary>
internal sealed class RunningTeam(PrivatePostgres postgres, IReadOnlyList<RunningHost> hosts) : IAsyncDisposable
{
    private const int Size = 3;

    public IReadOnlyList<RunningHost> Hosts => hosts;

    /// <summary>Opens each of them.</summary>
    public string Token => hosts[0].Token;

    public static async Task<RunningTeam> StartAsync(CancellationToken ct)
    {
        var postgres = await PrivatePostgres.StartAsync(ct);
        var database = await postgres.CreateDatabaseAsync(ct);
        var first = await RunningHost.StartAsync(ct, database);
        return new RunningTeam(postgres, [first, .. await Task.WhenAll(Enumerable.Range(1, Size - 1).Select(_ => first.StartReplicaAsync(database, ct)))]);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(hosts.Select(h => h.DisposeAsync().AsTask()));
        await postgres.DisposeAsync();
    }
}
