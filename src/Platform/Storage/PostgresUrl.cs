using Npgsql;

namespace Flagstone.Platform.Storage;

/// <summary>Reads <c>postgresql://USER@HOST:PORT/DATABASE</c>, with <c>?host=/socket/folder</c> for a Unix socket.</summary>
internal static class PostgresUrl
{
    public static string ToConnectionString(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgresql" or "postgres"))
        {
            throw new ArgumentException($"The database '{url}' is neither 'sqlite' nor a URL like postgresql://user@host:5432/flagstone.", nameof(url));
        }

        if (uri.UserInfo.Contains(':', StringComparison.Ordinal))
        {
            throw new ArgumentException("The database URL holds a password. Leave it out, and give it by PGPASSWORD or PGPASSFILE: a command line is seen by all.", nameof(url));
        }

        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.Port > 0 ? uri.Port : 5432,
            Database = uri.AbsolutePath.Trim('/') is { Length: > 0 } name ? name : "flagstone",
        };
        if (uri.UserInfo.Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(uri.UserInfo);
        }

        return builder.ToString();
    }
}
