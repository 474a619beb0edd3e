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

    /// <summary>More servers than one installation provisions on; beyond it the one that was not used for longest is connected to anew.</summary>
    private const int MaxServers = 64;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Opened> opened = new(StringComparer.Ordinal);

    /// <exception cref="PostgresUnavailableException">The ProviderConfig or its secret is not there, or says nothing that can be used.</exception>
    public async Task<ISqlServer> OpenAsync(ManagedResource resource, CancellationToken ct)
    {
        var named = resource.Document.At("spec", "providerConfigRef").Text("name");
        var name = named.Length > 0 ? named : Default;
        if ((await store.FindAsync(SqlProviderConfigs.Kind.Key("", name), ct))?.ToDocument()["spec"] is not JsonObject spec)
        {
            return name == Default ? own : throw new PostgresUnavailableException(
                $"There is no ProviderConfig '{name}' of {SqlKinds.Group}. Apply it, or take spec.providerConfigRef away for the platform's own server");
        }

        var reference = spec.At("credentials", "connectionSecretRef");
        var (login, problem) = SqlLogin.Read(spec, await secrets.ReadAsync(reference.Text("namespace"), reference.Text("name"), ct));
        return login is null ? throw new PostgresUnavailableException($"ProviderConfig '{name}' of {SqlKinds.Group}: {problem}") : ServerOf(name, login);
    }

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
