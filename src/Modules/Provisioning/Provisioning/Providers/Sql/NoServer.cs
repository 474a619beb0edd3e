using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>
/// Team mode without a server of its own for the provider: a private one would lie in the data folder of one process, and the next process to
/// look would not find there what this one made, and make it twice.
/// </summary>
internal sealed class NoServer : ISqlServer
{
    public string Host => "";

    public int Port => 0;

    public Task<NpgsqlConnection> OpenAsync(CancellationToken ct) => throw new PostgresUnavailableException(
        "The provider 'sql' has no server: in team mode it uses none of its own, which the other processes would not see. "
        + $"Set {SqlOptions.UrlVariable}=postgresql://ADMINISTRATOR@HOST:PORT/postgres for every process, name a server by a ProviderConfig, or choose another composition.");

    public Task<NpgsqlConnection> OpenAsync(string database, CancellationToken ct) => OpenAsync(ct);

    public Task<bool> RefusesAsync(string username, string password, CancellationToken ct) => Task.FromResult(false);
}
