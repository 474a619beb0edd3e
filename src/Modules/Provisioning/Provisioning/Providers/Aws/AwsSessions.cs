using System.Text.Json.Nodes;
using Amazon;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Aws;

/// <summary>As whom and where a resource is made.</summary>
internal sealed record AwsSession(AWSCredentials Credentials, string Region, Uri CloudControl, Uri? S3, Uri? Sqs, bool PathStyle)
{
    /// <summary>Of the region's part of AWS: <c>aws</c>, <c>aws-cn</c>, <c>aws-us-gov</c>.</summary>
    public string Partition => RegionEndpoint.GetBySystemName(Region).PartitionName;
}

/// <summary>
/// Opens the session that a resource's <c>providerConfigRef</c> names. Without a ProviderConfig of the name <c>default</c>, what names none
/// has the default chain: environment, profile, web identity (IRSA), container and instance.
/// </summary>
internal sealed class AwsSessions(ResourceStore store, ConnectionSecrets secrets, AwsOptions options) : IDisposable
{
    private const string Default = "default";

    /// <summary>The place of what is made without a ProviderConfig.</summary>
    private const string Chain = "chain";

    private readonly DefaultAWSCredentialsIdentityResolver chain = new();

    public void Dispose() => chain.Dispose();

    /// <summary>Exactly one of the two is not null.</summary>
    public async Task<(AwsSession? Session, string? Problem)> OpenAsync(ManagedResource resource, CancellationToken ct)
    {
        var (name, config) = await FindAsync(resource.Document, ct);
        if (config is null && (ManagedResource.ConfigOf(resource.Document).Length > 0 || resource.Place is not ("" or Chain)))
        {
            return (null, $"There is no ProviderConfig '{name}' of aws.upbound.io");
        }

        var place = config is null ? Chain : name;
        if (resource.Place.Length > 0 && resource.Place != place)
        {
            return (null, $"It was made by '{resource.Place}', and names '{place}' now: it stays where it is. Name '{resource.Place}' again, or, if both are one account, set the annotation {Names.PlaceAnnotation} to '{place}'");
        }

        var region = resource.ForProvider.Text("region") is { Length: > 0 } own ? own : options.Region;
        if (region.Length == 0)
        {
            return (null, "No region is named. Set spec.forProvider.region, or the setting Flagstone__Aws__Region");
        }

        var (credentials, problem) = await CredentialsAsync(name, config, ct);
        return credentials is null
            ? (null, problem)
            : (new AwsSession(
                credentials, region,
                Endpoint(config, "cloudcontrol", options.CloudControlUrl) ?? Regional("cloudcontrolapi", region),
                Endpoint(config, "s3", options.S3Url), Endpoint(config, "sqs", options.SqsUrl),
                options.S3PathStyle || config?["s3_use_path_style"]?.ToString() == "true"), null);
    }

    /// <summary>As it is written down: a ProviderConfig, or the chain.</summary>
    public async Task<string> PlaceAsync(JsonObject document, CancellationToken ct)
    {
        var (name, config) = await FindAsync(document, ct);
        return config is null ? Chain : name;
    }

    /// <summary>What names none and is there stays with what made it, whatever becomes of <c>default</c>.</summary>
    private async Task<(string Name, JsonObject? Config)> FindAsync(JsonObject document, CancellationToken ct)
    {
        var named = ManagedResource.ConfigOf(document);
        var name = named.Length > 0 ? named : Default;
        return named.Length == 0 && document.Annotation(Names.PlaceAnnotation) == Chain ? (Chain, null)
            : (name, (await store.FindAsync(AwsProviderConfigs.Kind.Key("", name), ct))?.ToDocument()["spec"] as JsonObject);
    }

    private async Task<(AWSCredentials? Credentials, string? Problem)> CredentialsAsync(string name, JsonObject? config, CancellationToken ct)
    {
        var (credentials, problem) = config.At("credentials").Text("source") switch
        {
            "Secret" => await FromSecretAsync(name, config.At("credentials", "secretRef"), ct),
            "Upbound" => (null, $"ProviderConfig '{name}' has the source Upbound, which exists at Upbound alone. Use one of: Secret, IRSA, PodIdentity, WebIdentity, Environment"),
            "None" => (new AnonymousAWSCredentials(), null),
            _ => await FromChainAsync(ct),
        };
        foreach (var role in config?["assumeRoleChain"] as JsonArray ?? [])
        {
            if (credentials is not null && role.Text("roleARN") is { Length: > 0 } arn)
            {
                var external = role.Text("externalID");
                credentials = new AssumeRoleAWSCredentials(
                    credentials, arn, "flagstone", new AssumeRoleAWSCredentialsOptions { ExternalId = external.Length > 0 ? external : null });
            }
        }

        return (credentials, problem);
    }

    private async Task<(AWSCredentials? Credentials, string? Problem)> FromChainAsync(CancellationToken ct)
    {
        try
        {
            return (await chain.ResolveIdentityAsync(null, ct), null);
        }
        catch (AmazonClientException e)
        {
            return (null, $"The default chain has no credentials: {e.Message}");
        }
    }

    private async Task<(AWSCredentials? Credentials, string? Problem)> FromSecretAsync(string config, JsonNode? reference, CancellationToken ct)
    {
        var (ns, name, key) = (reference.Text("namespace"), reference.Text("name"), reference.Text("key"));
        if (!(await secrets.ReadAsync(ns, name, ct)).TryGetValue(key, out var text))
        {
            return (null, $"The secret {ns}/{name}, which ProviderConfig '{config}' names, has no key '{key}'");
        }

        var values = Profile(text);
        var (id, secret, token) = (values.GetValueOrDefault("aws_access_key_id", ""), values.GetValueOrDefault("aws_secret_access_key", ""), values.GetValueOrDefault("aws_session_token", ""));
        return id.Length == 0 || secret.Length == 0
            ? (null, $"The key '{key}' of secret {ns}/{name} holds no [default] profile with aws_access_key_id and aws_secret_access_key")
            : (token.Length > 0 ? new SessionAWSCredentials(id, secret, token) : new BasicAWSCredentials(id, secret), null);
    }

    /// <summary>The first profile of a shared credentials file, as Upbound's secrets hold it.</summary>
    private static Dictionary<string, string> Profile(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('[') && values.Count > 0)
            {
                break;
            }

            if (line.Split('=', 2, StringSplitOptions.TrimEntries) is [var member, var value] && line[0] is not ('#' or ';'))
            {
                values[member] = value;
            }
        }

        return values;
    }

    /// <summary>That of the ProviderConfig when it is for the service, or names no services; else that of the settings.</summary>
    private static Uri? Endpoint(JsonObject? config, string service, string setting)
    {
        var endpoint = config.At("endpoint");
        var services = (endpoint.At("services") as JsonArray)?.Select(s => s?.ToString()).ToList() ?? [];
        var own = services.Count == 0 || services.Contains(service) ? endpoint.At("url").Text("static") : "";
        return own.Length > 0 ? new Uri(own) : setting.Length > 0 ? new Uri(setting) : null;
    }

    private static Uri Regional(string service, string region) =>
        new($"https://{service}.{region}.{RegionEndpoint.GetBySystemName(region).PartitionDnsSuffix}/");
}
