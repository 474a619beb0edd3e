using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Sql;

/// <summary>Fills in what a resource takes from others: databases and roles by reference, and a password by secret.</summary>
internal sealed class SqlTargets(References references, ConnectionSecrets secrets)
{
    private static readonly Dictionary<string, Reference> Fields = new(StringComparer.Ordinal)
    {
        // The names alone: what is not there yet is waited for by itself, and what goes at the same time is still named.
        ["role"] = new(SqlKinds.Role.Id) { MustBeReady = false },
        ["database"] = new(SqlKinds.Database.Id) { MustBeReady = false },
    };

    private static readonly Dictionary<string, string[]> Needed = new(StringComparer.Ordinal)
    {
        ["Grant"] = ["role", "database"],
        ["Extension"] = ["database"],
    };

    /// <summary>The resource, or what is missing of it; null when all is there.</summary>
    public async Task<(ManagedResource Resource, DriverOutcome? Missing)> ResolveAsync(ManagedResource resource, CancellationToken ct)
    {
        if (resource.Kind.Kind == "Role" && resource.ForProvider["passwordSecretRef"] is { } reference && !resource.Document.IsDeleting())
        {
            return await WithPasswordAsync(resource, reference, ct);
        }

        if (!Needed.TryGetValue(resource.Kind.Kind, out var needed))
        {
            return (resource, TooLong(resource));
        }

        var (forProvider, missing) = await references.ResolveAsync(Fields, resource, ct);
        var document = (JsonObject)resource.Document.DeepClone();
        document["spec"]!["forProvider"] = forProvider;
        var unsaid = needed.FirstOrDefault(f => forProvider.Text(f).Length == 0);
        return (resource with { Document = document },
            missing is not null ? new Waiting(missing)
            : unsaid is not null ? new Failed($"It names no {unsaid}. Set spec.forProvider.{unsaid}, {unsaid}Ref or {unsaid}Selector") { Terminal = true }
            : null);
    }

    private async Task<(ManagedResource Resource, DriverOutcome? Missing)> WithPasswordAsync(ManagedResource resource, JsonNode reference, CancellationToken ct)
    {
        var (ns, name, key) = (reference.Text("namespace"), reference.Text("name"), reference.Text("key"));
        if ((await secrets.ReadAsync(ns, name, ct)).GetValueOrDefault(key, "") is not { Length: > 0 } password)
        {
            return (resource, new Waiting($"The secret {ns}/{name}, which passwordSecretRef names, has no key '{key}' yet"));
        }

        // Others would have to be brought into a normal form first, by rules that the server has and the one who logs in may not.
        return Ascii.IsValid(password)
            ? (resource with { Connection = new Dictionary<string, string>(resource.Connection) { ["password"] = password } }, TooLong(resource))
            : (resource, new Failed($"The password in key '{key}' of secret {ns}/{name} has other characters than ASCII's. Use those alone") { Terminal = true });
    }

    private static Failed? TooLong(ManagedResource resource) => Encoding.UTF8.GetByteCount(resource.ExternalName) > SqlText.MaxNameBytes
        ? new Failed(
            $"The name '{resource.ExternalName}' is longer than the {SqlText.MaxNameBytes} bytes that PostgreSQL takes. Set a shorter one in the annotation "
            + $"{Names.ExternalNameAnnotation}") { Terminal = true }
        : null;
}
