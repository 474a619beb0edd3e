namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>Where the machine keeps PostgreSQL's server programs.</summary>
internal static class PostgresBinaries
{
    private const string Debian = "/usr/lib/postgresql";

    private static readonly string[] Elsewhere = ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin"];

    public static async Task<string> FindAsync(CancellationToken ct)
    {
        var versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian) : [];
        var newest = versions
            .OrderByDescending(v => double.TryParse(Path.GetFileName(v), System.Globalization.CultureInfo.InvariantCulture, out var n) ? n : 0)
            .Select(v => Path.Combine(v, "bin"))
            .Concat(Elsewhere)
            .FirstOrDefault(HasServer);
        return newest ?? (await AskAsync(ct) is { } asked && HasServer(asked)
            ? asked
            : throw new PostgresUnavailableException(
                "This machine has no PostgreSQL server. Install Debian's package postgresql ('apt-get install postgresql'); it is tried again by itself."));
    }

    private static bool HasServer(string folder) => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres"));

    private static async Task<string?> AskAsync(CancellationToken ct)
    {
        try
        {
            var (exit, output) = await Processes.RunAsync(["pg_config", "--bindir"], "/", TimeSpan.FromSeconds(5), ct);
            return exit == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
