namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>Settings of the provider <c>sql</c>; keys <c>Flagstone:Provisioning:Sql:...</c>.</summary>
internal sealed record SqlOptions
{
    public const string Section = "Flagstone:Provisioning:Sql";

    /// <summary>How the environment names <see cref="Url"/>.</summary>
    public const string UrlVariable = "Flagstone__Provisioning__Sql__Url";

    /// <summary>
    /// <c>postgresql://ADMINISTRATOR@HOST:PORT/DATABASE</c> of the server on which databases are made, its password by PGPASSWORD or
    /// PGPASSFILE; empty for a private server in embedded mode, and for none in team mode.
    /// </summary>
    public string Url { get; init; } = "";
}
