using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>The server on which the provider makes databases, roles and grants.</summary>
internal interface ISqlServer
{
    /// <summary>Where services reach it.</summary>
    string Host { get; }

    int Port { get; }

    /// <summary>A connection as administrator.</summary>
    /// <exception cref="PostgresUnavailableException">It cannot be had now, and why.</exception>
    Task<NpgsqlConnection> OpenAsync(CancellationToken ct);
}
