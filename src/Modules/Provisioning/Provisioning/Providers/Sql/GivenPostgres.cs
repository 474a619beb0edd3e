using Flagstone.Platform;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>A server that is there already and that all processes share: the settings name its administrator's URL.</summary>
internal sealed class GivenPostgres : ISqlServer, IAsyncDisposable
{
    private const int MaxConnections = 8;
    private readonly NpgsqlDataSource source;

    public GivenPostgres(string url)
    {
        var settings = new NpgsqlConnectionStringBuilder(PlatformModule.ConnectionString(url)) { MaxPoolSize = MaxConnections, Timeout = 5, ApplicationName = "flagstone-sql" };
        (Host, Port) = (settings.Host!, settings.Port);
        source = NpgsqlDataSource.Create(settings);
    }

    public string Host { get; }

    public int Port { get; }

    public async Task<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        try
        {
            return await source.OpenConnectionAsync(ct);
        }
        catch (NpgsqlException e)
        {
            throw new PostgresUnavailableException(
                $"The PostgreSQL server {Host}:{Port} of the provider 'sql' does not let us in: {e.Message} Start it, or correct {SqlOptions.UrlVariable} or the password in PGPASSFILE.");
        }
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
