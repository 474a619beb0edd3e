using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Aws;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Aws;

/// <summary>The platform with AWS where a test says: its endpoints, and credentials from a secret.</summary>
public sealed class AwsPlatform : IAsyncLifetime
{
    internal CloudControlServer CloudControl { get; } = new(TimeProvider.System);

    internal PlatformHost Host { get; private set; } = new();

    /// <summary>More settings, once the server listens.</summary>
    internal Dictionary<string, string?> Settings { get; init; } = [];

    public async ValueTask InitializeAsync()
    {
        await CloudControl.StartAsync();
        Host = new PlatformHost
        {
            Settings = new(Settings)
            {
                [$"{AwsOptions.Section}:CloudControlUrl"] = CloudControl.Url.ToString(),
                [$"{AwsOptions.Section}:Region"] = "eu-central-1",
            },
        };
        await Host.InitializeAsync();
        await Host.ApplyAsync($"""
            apiVersion: v1
            kind: Secret
            metadata:
              name: aws-credentials
              namespace: flagstone-system
            data:
              credentials: {Convert.ToBase64String(Encoding.UTF8.GetBytes($"[default]\naws_access_key_id = {CloudControlServer.KeyId}\naws_secret_access_key = {CloudControlServer.SecretKey}\n"))}
            ---
            apiVersion: aws.upbound.io/v1beta1
            kind: ProviderConfig
            metadata:
              name: default
            spec:
              credentials:
                source: Secret
                secretRef: {"{"}namespace: flagstone-system, name: aws-credentials, key: credentials{"}"}
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await CloudControl.DisposeAsync();
    }

    internal static ResourceKey Key(string kind, string name) => AwsKinds.All.Single(k => $"{k.Definition.Id.Group.Split('.')[0]}/{k.Definition.Kind}" == kind).Definition.Key("", name);

    internal Task ApplyAsync(string kind, string name, string forProvider, string more = "", string annotations = "{}")
    {
        var definition = AwsKinds.All.Single(k => $"{k.Definition.Id.Group.Split('.')[0]}/{k.Definition.Kind}" == kind).Definition;
        return Host.ApplyAsync($"""
            apiVersion: {definition.ApiVersion}
            kind: {definition.Kind}
            metadata:
              name: {name}
              annotations: {annotations}
            spec:
              forProvider: {forProvider}
              {more}
            """);
    }

    internal Task ReconcileAsync(string kind, string name) => Host.ReconcileAsync(ManagedResourceGrain.Controller, Key(kind, name));

    internal IProviderDriver Driver(string kind) => Host.Services.GetRequiredService<ProviderDrivers>().Find(Key(kind, "").Kind)!;

    /// <summary>A resource as the grain gives it to a driver, stored nowhere.</summary>
    internal static ManagedResource Resource(string kind, string name, JsonObject forProvider, Action<JsonObject>? change = null)
    {
        var key = Key(kind, name);
        var document = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["uid"] = $"uid-of-{name}" },
            ["spec"] = new JsonObject { ["forProvider"] = forProvider },
        };
        change?.Invoke(document);
        var definition = AwsKinds.Get(key.Kind);
        return new ManagedResource(
            definition.Definition, key, document, definition.NameIsOurs ? name : document.Annotation(Names.ExternalNameAnnotation), $"token-of-{name}", new Dictionary<string, string>());
    }
}
