using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>
/// Opens the server that a resource's <c>providerConfigRef</c> names. Without a ProviderConfig of the name <c>default</c>, what names none is
/// made on the installation's own.
/// </summary>
internal sealed class SqlServers(ResourceStore store, ConnectionSecrets secrets, ISqlServer own, TimeProvider clock) : IDisposable
{
    private const string Default = "default";

    /// <summary>The place of what is on the installation's own server.</summary>
    private const string Own = "flagstone";

    /// <summary>More servers than one installation provisions on; beyond it the one that was not used for longest is connected to anew.</summary>
    private const int MaxServers = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Opened> opened = new(StringComparer.Ordinal);

    /// <exception cref="PostgresUnavailableException">The ProviderConfig or its secret is not there, says nothing that can be used, or means another server by now.</exception>
    public async Task<ISqlServer> OpenAsync(ManagedResource resource, CancellationToken ct)
    {
        var (name, login) = await FindAsync(resource.Document, ct);
        var place = PlaceOf(name, login);
        if (resource.Place.Length > 0 && resource.Place != place)
        {
            throw Refused(
                $"It was made at {resource.Place}, and now '{name}' is at {login?.Host}:{login?.Port}: it stays where it is, and nothing is made again. "
                + $"If the same server has moved, set the annotation {Names.PlaceAnnotation} to '{place}'; else correct the secret of the ProviderConfig");
        }

        return login is null ? own : ServerOf(name, login);
    }

    /// <summary>As it is written down; empty while it cannot be told.</summary>
    public async Task<string> PlaceAsync(JsonObject document, CancellationToken ct)
    {
        try
        {
            var (name, login) = await FindAsync(document, ct);
            return PlaceOf(name, login);
        }
        catch (PostgresUnavailableException)
        {
            return "";
        }
    }

    /// <summary>The ProviderConfig and what it says, or no login for the own server. What names none and is there stays where it is, whatever becomes of <c>default</c>.</summary>
    private async Task<(string Name, SqlLogin? Login)> FindAsync(JsonObject document, CancellationToken ct)
    {
        var (named, kept) = (ManagedResource.ConfigOf(document), document.Annotation(Names.PlaceAnnotation));
        if (named.Length == 0 && kept == Own)
        {
            return (Own, null);
        }

        var name = named.Length > 0 ? named : Default;
        if ((await store.FindAsync(SqlProviderConfigs.Kind.Key("", name), ct))?.ToDocument()["spec"] is not JsonObject spec)
        {
            return named.Length == 0 && kept.Length == 0 ? (Own, null) : throw Refused(
                $"There is no ProviderConfig '{name}' of {SqlKinds.Group}. Apply it{(kept.Length == 0 ? ", or take spec.providerConfigRef away for the platform's own server" : " again: what is there was made by it")}");
        }

        var reference = spec.At("credentials", "connectionSecretRef");
        var (login, problem) = SqlLogin.Read(spec, await secrets.ReadAsync(reference.Text("namespace"), reference.Text("name"), ct));
        return login is null ? throw Refused($"ProviderConfig '{name}' of {SqlKinds.Group}: {problem}") : (name, login);
    }

    private static string PlaceOf(string name, SqlLogin? login) => login is null ? Own : string.Create(CultureInfo.InvariantCulture, $"{name} at {login.Host}:{login.Port}");

    private static PostgresUnavailableException Refused(string message) => new(message) { OfResource = true };

    public void Dispose()
    {
        foreach (var entry in opened.Values)
        {
            entry.Server.Dispose();
        }
    }

    /// <summary>One pool for each ProviderConfig; other credentials make another. Connections in use are closed when they come back.</summary>
    private GivenPostgres ServerOf(string config, SqlLogin login)
    {
        lock (gate)
        {
            if (opened.TryGetValue(config, out var known) && known.Login == login)
            {
                opened[config] = known with { Used = clock.GetTimestamp() };
                return known.Server;
            }

            known?.Server.Dispose();
            opened.Remove(config);
            if (opened.Count >= MaxServers)
            {
                var (oldest, entry) = opened.MinBy(o => o.Value.Used);
                entry.Server.Dispose();
                opened.Remove(oldest);
            }

            var server = GivenPostgres.Of(login, config);
            opened[config] = new Opened(login, server, clock.GetTimestamp());
            return server;
        }
    }

    private sealed record Opened(SqlLogin Login, GivenPostgres Server, long Used);
}
