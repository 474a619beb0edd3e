using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>The connections to one server as its administrator: a bounded pool to one database, and single ones to others.</summary>
internal sealed class PostgresConnections : IAsyncDisposable, IDisposable
{
    private readonly NpgsqlConnectionStringBuilder settings;
    private readonly NpgsqlDataSource pool;

    public PostgresConnections(NpgsqlConnectionStringBuilder settings)
    {
        // The detail names what stands in the way, such as the objects that depend on a role; rows are never written here.
        settings.IncludeErrorDetail = true;
        this.settings = settings;
        pool = NpgsqlDataSource.Create(settings);
    }

    public Task<NpgsqlConnection> OpenAsync(CancellationToken ct) => pool.OpenConnectionAsync(ct).AsTask();

    /// <summary>Not pooled: one that stayed open would keep its database from being dropped or copied. The provider's bulkhead bounds how many there are.</summary>
    public Task<NpgsqlConnection> OpenAsync(string database, CancellationToken ct) => SingleAsync(s => s.Database = database, ct);

    /// <summary>True only when the server says that it is the wrong password: what else keeps a role out is told in other ways.</summary>
    public async Task<bool> RefusesAsync(string username, string password, CancellationToken ct)
    {
        try
        {
            await using var connection = await SingleAsync(s => (s.Username, s.Password) = (username, password), ct);
            return false;
        }
        catch (NpgsqlException e)
        {
            return e.SqlState == PostgresErrorCodes.InvalidPassword;
        }
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();

    public void Dispose() => pool.Dispose();

    private async Task<NpgsqlConnection> SingleAsync(Action<NpgsqlConnectionStringBuilder> change, CancellationToken ct)
    {
        var single = new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false };
        change(single);
        var connection = new NpgsqlConnection(single.ConnectionString);
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
