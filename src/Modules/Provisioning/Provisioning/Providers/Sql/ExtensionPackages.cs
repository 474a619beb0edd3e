namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>What to install for an extension that a server does not have. Pure.</summary>
internal static class ExtensionPackages
{
    /// <summary>Debian's packages (and apt.postgresql.org's) whose names are not those of their extensions, without <c>postgresql-MAJOR-</c>.</summary>
    private static readonly Dictionary<string, string> Named = new(StringComparer.Ordinal)
    {
        ["vector"] = "pgvector", ["postgis"] = "postgis-3", ["postgis_raster"] = "postgis-3", ["postgis_topology"] = "postgis-3", ["pgrouting"] = "pgrouting",
        ["pg_cron"] = "cron", ["pg_partman"] = "partman", ["pg_repack"] = "repack", ["hypopg"] = "hypopg", ["pgaudit"] = "pgaudit", ["hll"] = "hll",
    };

    public static string Missing(string extension, string server, int major) =>
        $"The server {server} does not have the extension '{extension}'. Install the package that brings it on that server's machine: "
        + $"with Debian postgresql-{major}-{Named.GetValueOrDefault(extension, extension.Replace('_', '-'))}. "
        + "A managed server has those that its provider offers: see pg_available_extensions";
}
