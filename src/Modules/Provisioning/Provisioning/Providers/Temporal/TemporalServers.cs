using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;
using Flagstone.Workflows.Contracts;

namespace Flagstone.Provisioning.Providers.Temporal;

/// <summary>Finds the server that a resource's <c>providerConfigRef</c> names. Without a ProviderConfig of the name <c>default</c>, what names none is made here.</summary>
internal sealed class TemporalServers(ResourceStore store, ConnectionSecrets secrets, ITemporalNamespaces namespaces)
{
    private const string Default = "default";

    /// <summary>The place of what is made here.</summary>
    public const string Own = "flagstone";

    /// <summary>The place of what is made at the server that the settings name, with its address behind.</summary>
    private const string OfSettings = "the settings' server at ";

    /// <returns>The server, null for this installation; or what is wrong, for people.</returns>
    public async Task<(TemporalServer? Server, string Problem)> FindAsync(ManagedResource resource, CancellationToken ct)
    {
        var (server, place, problem) = await FindAsync(resource.Document, ct);
        return problem.Length > 0 || resource.Place.Length == 0 || resource.Place == place ? (server, problem) : (null,
            $"It was made at {resource.Place}, and now it would be at {place}: it stays where it is, and nothing is made again. "
            + $"If the same server has moved, set the annotation {Names.PlaceAnnotation} to '{place}'; else correct the ProviderConfig");
    }

    /// <summary>As it is written down; empty while it cannot be told.</summary>
    public async Task<string> PlaceAsync(JsonObject document, CancellationToken ct) => (await FindAsync(document, ct)).Place;

    private async Task<(TemporalServer? Server, string Place, string Problem)> FindAsync(JsonObject document, CancellationToken ct)
    {
        var (named, kept) = (ManagedResource.ConfigOf(document), document.Annotation(Names.PlaceAnnotation));
        var here = namespaces.Elsewhere is { } elsewhere ? (Server: elsewhere, Place: OfSettings + elsewhere.Address, Problem: "") : (null, Own, "");
        if (named.Length == 0 && (kept == Own || kept.StartsWith(OfSettings, StringComparison.Ordinal)))
        {
            return here;
        }

        var name = named.Length > 0 ? named : Default;
        if ((await store.FindAsync(TemporalKinds.Config.Key("", name), ct))?.ToDocument()["spec"] is not JsonObject spec)
        {
            return named.Length == 0 && kept.Length == 0 ? here : (null, "",
                $"There is no ProviderConfig '{name}' of {TemporalKinds.Group}. Apply it, or take spec.providerConfigRef away for a namespace of this platform");
        }

        var reference = spec.At("credentials", "secretRef");
        var secret = await secrets.ReadAsync(reference.Text("namespace"), reference.Text("name"), ct);
        if (reference is not null && secret.Count == 0)
        {
            return (null, "", $"ProviderConfig '{name}' of {TemporalKinds.Group} names the secret {reference.Text("namespace")}/{reference.Text("name")}, which is not there or empty");
        }

        var address = spec.Text("address");
        return (new TemporalServer(
            address, secret.GetValueOrDefault("apiKey", ""), spec["tls"]?.GetValue<bool>() ?? true, secret.GetValueOrDefault("ca.crt", ""),
            secret.GetValueOrDefault("tls.crt", ""), secret.GetValueOrDefault("tls.key", "")), $"{name} at {address}", "");
    }
}
