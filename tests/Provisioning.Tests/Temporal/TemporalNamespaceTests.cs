using System.Text.Json.Nodes;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Workflows.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Temporal;

/// <summary>Namespaces of Temporal as managed resources.</summary>
public sealed class TemporalNamespaceTests : IAsyncLifetime
{
    private readonly PlatformHost host = new();

    private NamespacesInMemory Server => (NamespacesInMemory)host.Services.GetRequiredService<ITemporalNamespaces>();

    public ValueTask InitializeAsync() => host.InitializeAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task What_is_changed_outside_is_found_and_put_back()
    {
        var key = await MadeAsync("payments", "retention: 48h, description: money, searchAttributes: { Amount: Double }");
        var made = Server.There["payments"];
        Assert.Equal(("money", TimeSpan.FromHours(48), "Double"), (made.Settings.Description, made.Settings.Retention, made.Settings.SearchAttributes["Amount"]));
        Server.There["payments"] = made with
        {
            Settings = made.Settings with { Retention = TimeSpan.FromHours(1), SearchAttributes = new Dictionary<string, string> { ["Stray"] = "Text" } },
        };

        await host.ReconcileAsync("managed", key);
        await host.WaitAsync("the namespace to be as wanted", () => Task.FromResult(Server.There["payments"].Settings is { Retention.TotalHours: 48, SearchAttributes: var has }
            && has.ContainsKey("Amount") && !has.ContainsKey("Stray")));
        var drift = (await host.FindAsync(key))!.At("status", "drift", "fields") as JsonArray ?? [];
        Assert.Equal(
            ["forProvider.retention", "forProvider.searchAttributes.Amount", "forProvider.searchAttributes.Stray"], drift.Select(f => f.Text("path")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_namespace_of_somebody_else_is_neither_changed_nor_deleted()
    {
        var theirs = new TemporalNamespaceState("id-1", "", new TemporalNamespaceSettings("theirs", "", TimeSpan.FromHours(72), new Dictionary<string, string>()), 0);
        Server.There["taken"] = theirs;
        var key = await ApplyAsync("taken", "retention: 24h");
        var seen = await host.HasAsync(key, "Synced", "False");
        Assert.Contains("There is a namespace taken that is not this resource's", seen.FindCondition("Synced")!.Message, StringComparison.Ordinal);

        await host.DeleteAsync(key);
        await host.IsGoneAsync(key);
        Assert.Equal(theirs, Server.There["taken"]);
    }

    [Fact]
    public async Task At_the_server_that_the_settings_name_a_namespace_has_its_address_and_no_token_of_this_installation()
    {
        Server.Elsewhere = new TemporalServer("temporal.example.com:7233", "the platform's key", UseTls: true);
        var key = await MadeAsync("elsewhere", "retention: 24h");

        var values = PlatformHost.Values((await host.FindAsync(new ResourceKey(new KindId("secrets", ""), "default", "elsewhere")))!);
        Assert.Equal(("temporal.example.com:7233", "true", "elsewhere"), (values["address"], values["tls"], values["namespace"]));
        Assert.DoesNotContain("apiKey", values.Keys);

        // Back at the embedded server it is not made a second time.
        Server.Elsewhere = null;
        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => host.ReconcileAsync("managed", key));
        Assert.Contains("It was made at the settings' server at temporal.example.com:7233, and now it would be at flagstone", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_namespace_has_a_token_for_its_workers_which_ends_with_it()
    {
        var key = await MadeAsync("billing", "retention: 24h");
        var tokens = host.Services.GetRequiredService<TokenStore>();
        var text = PlatformHost.Values((await host.FindAsync(new ResourceKey(new KindId("secrets", ""), "default", "billing")))!)["apiKey"];
        Assert.Equal(("worker.billing", Role.Worker, "billing"), await WhoAsync());
        Assert.Null(await tokens.FindAsync(text, TestContext.Current.CancellationToken));

        (string, Role, string)? seen = ("", Role.Worker, "");
        Server.Deleting = async () => seen = await WhoAsync();
        await host.DeleteAsync(key);
        await host.IsGoneAsync(key);
        // A crash before the namespace is gone must not leave it.
        Assert.Null(seen);
        Assert.Empty(Server.There);

        async Task<(string, Role, string)?> WhoAsync() =>
            await tokens.FindForWorkflowsAsync(text, TestContext.Current.CancellationToken) is { } caller ? (caller.Name, caller.Role, caller.Namespace) : null;
    }

    [Fact]
    public async Task A_workers_token_that_was_revoked_is_replaced_and_never_good_again()
    {
        var key = await MadeAsync("leaky", "retention: 24h");
        var tokens = host.Services.GetRequiredService<TokenStore>();
        var leaked = await KeyAsync();
        await tokens.RevokeAllAsync(Platform.Ledger.Actor.Controller("test"), "worker.leaky", TestContext.Current.CancellationToken);

        await host.ReconcileAsync("managed", key);
        await host.WaitAsync("another token", async () => await KeyAsync() != leaked);
        Assert.Null(await tokens.FindForWorkflowsAsync(leaked, TestContext.Current.CancellationToken));
        Assert.Equal(Role.Worker, (await tokens.FindForWorkflowsAsync(await KeyAsync(), TestContext.Current.CancellationToken))?.Role);

        async Task<string> KeyAsync() => PlatformHost.Values((await host.FindAsync(new ResourceKey(new KindId("secrets", ""), "default", "leaky")))!)["apiKey"];
    }

    [Fact]
    public async Task A_namespace_at_the_default_ProviderConfigs_server_has_no_token_of_this_installation()
    {
        await host.ApplyAsync("""
            apiVersion: temporal.flagstone.dev/v1alpha1
            kind: ProviderConfig
            metadata: { name: default }
            spec: { address: "temporal.example.com:7233" }
            """);
        await MadeAsync("elsewhere", "retention: 24h");
        var secret = PlatformHost.Values((await host.FindAsync(new ResourceKey(new KindId("secrets", ""), "default", "elsewhere")))!);
        Assert.Equal(["address", "namespace", "tls"], secret.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("temporal.example.com:7233", "true"), (secret["address"], secret["tls"]));
        Assert.DoesNotContain("hunter2", new TemporalServer("a:1", "hunter2", true).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_runs_in_a_namespace_keeps_it()
    {
        var key = await MadeAsync("busy", "retention: 24h");
        Server.There["busy"] = Server.There["busy"] with { Open = 3 };
        await host.DeleteAsync(key);
        await host.WaitAsync("the open runs to be named", async () => (await host.FindAsync(key))!.ToJsonString().Contains("3 workflow executions that run in namespace busy", StringComparison.Ordinal));

        Server.There["busy"] = Server.There["busy"] with { Open = 0 };
        await host.IsGoneAsync(key);
        Assert.Empty(Server.There);
    }

    [Fact]
    public async Task A_retention_that_is_none_and_a_ProviderConfig_that_is_not_there_are_said()
    {
        Assert.Contains("must be a duration of an hour or more", await host.RefusalAsync(Manifest("short", "retention: 3m")), StringComparison.Ordinal);
        await host.ApplyAsync(Manifest("lost", "retention: 24h", "providerConfigRef: { name: nowhere }"));
        var seen = await host.HasAsync(Key("lost"), "Synced", "False");
        Assert.Contains("There is no ProviderConfig 'nowhere'", seen.FindCondition("Synced")!.Message, StringComparison.Ordinal);
    }

    private static ResourceKey Key(string name) => new(new KindId("temporalnamespaces", "temporal.flagstone.dev"), "", name);

    private static string Manifest(string name, string forProvider, string more = "") => $$"""
        apiVersion: temporal.flagstone.dev/v1alpha1
        kind: TemporalNamespace
        metadata: { name: {{name}} }
        spec:
          forProvider: { {{forProvider}} }
          writeConnectionSecretToRef: { namespace: default, name: {{name}} }
          {{more}}
        """;

    private async Task<ResourceKey> ApplyAsync(string name, string forProvider)
    {
        await host.ApplyAsync(Manifest(name, forProvider));
        return Key(name);
    }

    private async Task<ResourceKey> MadeAsync(string name, string forProvider)
    {
        var key = await ApplyAsync(name, forProvider);
        await host.HasAsync(key, "Ready");
        return key;
    }
}
