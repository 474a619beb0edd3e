using Flagstone.Platform;
using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>A server that is there already, and that all processes share.</summary>
internal sealed class GivenPostgres : ISqlServer, IAsyncDisposable, IDisposable
{
    /// <summary>The server of the settings is where most is made; of the others there may be many.</summary>
    private const int MaxConnections = 8;
    private const int MaxConnectionsOfConfig = 4;
    private const int SecondsToConnect = 5;

    private readonly PostgresConnections connections;
    private readonly string wayOut;

    /// <param name="url">Of the settings; its password is not in it.</param>
    public GivenPostgres(string url)
        : this(
            new NpgsqlConnectionStringBuilder(PlatformModule.ConnectionString(url)) { MaxPoolSize = MaxConnections },
            $"Start it, or correct {SqlOptions.UrlVariable} or the password in PGPASSFILE.")
    {
    }

    private GivenPostgres(NpgsqlConnectionStringBuilder settings, string wayOut)
    {
        (settings.Timeout, settings.ApplicationName) = (SecondsToConnect, "flagstone-sql");
        (Host, Port, this.wayOut) = (settings.Host!, settings.Port, wayOut);
        connections = new PostgresConnections(settings);
    }

    public string Host { get; }

    public int Port { get; }

    public static GivenPostgres Of(SqlLogin login, string config) => new(
        new NpgsqlConnectionStringBuilder
        {
            Host = login.Host, Port = login.Port, Username = login.Username, Password = login.Password, Database = login.Database, SslMode = login.SslMode,
            MaxPoolSize = MaxConnectionsOfConfig,
        },
        $"Start it, or correct the ProviderConfig '{config}' or its secret.");

    public Task<NpgsqlConnection> OpenAsync(CancellationToken ct) => OpenAsync(c => c.OpenAsync(ct));

    public Task<NpgsqlConnection> OpenAsync(string database, CancellationToken ct) => OpenAsync(c => c.OpenAsync(database, ct));

    public Task<bool> RefusesAsync(string username, string password, CancellationToken ct) => connections.RefusesAsync(username, password, ct);

    public ValueTask DisposeAsync() => connections.DisposeAsync();

    public void Dispose() => connections.Dispose();

    private async Task<NpgsqlConnection> OpenAsync(Func<PostgresConnections, Task<NpgsqlConnection>> open)
    {
        try
        {
            return await open(connections);
        }
        catch (NpgsqlException e)
        {
            throw new PostgresUnavailableException($"The PostgreSQL server {Host}:{Port} of the provider 'sql' does not let us in: {e.Message} {wayOut}");
        }
        catch (ObjectDisposedException)
        {
            throw new PostgresUnavailableException($"The credentials for the PostgreSQL server {Host}:{Port} were renewed at this moment; it is tried again by itself.");
        }
    }
}
