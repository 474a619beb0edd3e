using Npgsql;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>The server on which the provider makes databases, roles, grants and extensions.</summary>
internal interface ISqlServer
{
    /// <summary>Where services reach it.</summary>
    string Host { get; }

    int Port { get; }

    /// <summary>A connection as administrator.</summary>
    /// <exception cref="PostgresUnavailableException">It cannot be had now, and why.</exception>
    Task<NpgsqlConnection> OpenAsync(CancellationToken ct);

    /// <summary>A connection as administrator to a database that is there.</summary>
    /// <exception cref="PostgresUnavailableException">It cannot be had now, and why.</exception>
    Task<NpgsqlConnection> OpenAsync(string database, CancellationToken ct);

    /// <summary>True when the server does not take the password of a role.</summary>
    Task<bool> RefusesAsync(string username, string password, CancellationToken ct);
}
