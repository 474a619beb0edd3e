using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Managed;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests;

public sealed class ManagedResourceTests
{
    [Fact]
    public async Task An_answer_that_was_lost_makes_nothing_twice_and_needs_no_hand()
    {
        var provider = new FakeProvider { LosesAnswers = 1 };
        await using var platform = Platform(provider);
        await platform.InitializeAsync();
        await platform.ApplyAsync(Thing("lost"));

        var thing = await platform.HasAsync(FakeProvider.Kind.Key("", "lost"), "Ready");

        Assert.Equal(1, provider.Creations);
        Assert.True(thing.IsTrue("Synced"));
        Assert.False(CreateIntent.IsOpen(thing));
        Assert.Equal(thing.Annotation("flagstone.dev/create-token"), provider.Things["lost"]);
    }

    [Fact]
    public async Task A_failed_creation_says_why_backs_off_and_keeps_its_token()
    {
        var provider = new FakeProvider { Fails = 2 };
        await using var platform = Platform(provider);
        await platform.InitializeAsync();
        await platform.ApplyAsync(Thing("late"));

        var failed = await platform.HasAsync(FakeProvider.Kind.Key("", "late"), "Synced", "False");
        Assert.Equal("create failed: no more room", failed.FindCondition("Synced")!.Message);
        await platform.HasAsync(FakeProvider.Kind.Key("", "late"), "Ready");

        Assert.Equal(1, provider.Creations);
        Assert.Single(provider.Tokens.Distinct());
        Assert.Equal(3, provider.Tokens.Count);
    }

    [Fact]
    public async Task Updates_that_change_nothing_are_said_and_made_less_and_less_often()
    {
        var provider = new FakeProvider { Difference = "its size is 1 and should be 2" };
        await using var platform = Platform(provider);
        await platform.InitializeAsync();
        await platform.ApplyAsync(Thing("stuck"));

        var stuck = await platform.HasAsync(FakeProvider.Kind.Key("", "stuck"), "Synced", "False");
        Assert.Equal("it was updated, and still differs: its size is 1 and should be 2", stuck.FindCondition("Synced")!.Message);

        provider.Difference = null;
        await platform.HasAsync(FakeProvider.Kind.Key("", "stuck"), "Synced");
    }

    [Fact]
    public async Task An_orphan_outlives_its_resource_and_others_go_with_it()
    {
        var provider = new FakeProvider();
        await using var platform = Platform(provider);
        await platform.InitializeAsync();
        await platform.ApplyAsync(Thing("stays") + "\n  deletionPolicy: Orphan");
        await platform.ApplyAsync(Thing("goes"));
        foreach (var name in (string[])["stays", "goes"])
        {
            await platform.HasAsync(FakeProvider.Kind.Key("", name), "Ready");
            await platform.DeleteAsync(FakeProvider.Kind.Key("", name));
            await platform.IsGoneAsync(FakeProvider.Kind.Key("", name));
        }

        Assert.Equal(["stays"], provider.Things.Keys);
    }

    [Fact]
    public async Task The_provider_is_called_for_what_cannot_be_deleted_behind_its_back()
    {
        var provider = new FakeProvider();
        provider.Things["found"] = "";
        await using var platform = Platform(provider);
        await platform.InitializeAsync();
        await platform.ApplyAsync(Thing("made"));
        await platform.ApplyAsync(Thing("found"));

        await platform.HasAsync(FakeProvider.Kind.Key("", "made"), "Ready");
        var found = await platform.HasAsync(FakeProvider.Kind.Key("", "found"), "Ready");

        Assert.Contains(Names.ManagedFinalizer, Assert.Single(provider.FinalizersAtCreation));
        Assert.Contains(Names.ManagedFinalizer, found.Finalizers());
    }

    [Fact]
    public async Task New_connection_values_reach_the_claim_though_nothing_else_changed()
    {
        var provider = new FakeProvider { Connection = { ["port"] = "5432" } };
        await using var platform = Platform(provider);
        await platform.InitializeAsync();
        await platform.ApplyAsync(ThingClaims);
        await platform.WaitAsync("the kind ThingClaim", () => Task.FromResult(platform.Kinds.TryFind("fake.example.com/v1", "ThingClaim", out _)));
        await platform.ApplyAsync("""
            apiVersion: fake.example.com/v1
            kind: ThingClaim
            metadata:
              name: moved
              namespace: default
            spec:
              writeConnectionSecretToRef:
                name: moved-connection
            """);
        await platform.HasAsync(new ResourceKey(new KindId("thingclaims", "fake.example.com"), "default", "moved"), "Ready");

        provider.Connection["port"] = "6543";
        await platform.ReconcileAsync(ManagedResourceGrain.Controller, FakeProvider.Kind.Key("", provider.Things.Keys.Single()));

        JsonObject? secret = null;
        await platform.WaitAsync(
            "the claim's secret with the new port",
            async () => (secret = await platform.FindAsync(new ResourceKey(new KindId("secrets", ""), "default", "moved-connection"))) is not null && PlatformHost.Values(secret)["port"] == "6543",
            () => secret?["data"]?.ToJsonString() ?? "nothing");
    }

    private const string ThingClaims = """
        apiVersion: apiextensions.crossplane.io/v1
        kind: CompositeResourceDefinition
        metadata:
          name: xthings.fake.example.com
        spec:
          group: fake.example.com
          names: {kind: XThing, plural: xthings}
          claimNames: {kind: ThingClaim, plural: thingclaims}
          versions:
            - name: v1
              served: true
              referenceable: true
              schema:
                openAPIV3Schema: {type: object, properties: {spec: {type: object}}}
        ---
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata:
          name: things
        spec:
          compositeTypeRef: {apiVersion: fake.example.com/v1, kind: XThing}
          mode: Resources
          resources:
            - name: thing
              base:
                apiVersion: fake.example.com/v1
                kind: Thing
                spec:
                  forProvider: {}
                  writeConnectionSecretToRef: {name: thing-connection, namespace: flagstone-system}
              connectionDetails:
                - {name: port, type: FromConnectionSecretKey, fromConnectionSecretKey: port}
        """;

    private static PlatformHost Platform(FakeProvider provider) => new()
    {
        Adds = services => services.AddSingleton<IProviderDriver>(provider).AddSingleton(FakeProvider.Kind),
    };

    private static string Thing(string name) => $"""
        apiVersion: fake.example.com/v1
        kind: Thing
        metadata:
          name: {name}
        spec:
          forProvider: {"{}"}
        """;

    /// <summary>A provider with state, and with the faults that a test asks for.</summary>
    private sealed class FakeProvider : IProviderDriver
    {
        public static KindDefinition Kind { get; } = ManagedKinds.Make("things", "fake.example.com", "v1", "Thing");

        public ConcurrentDictionary<string, string> Things { get; } = new(StringComparer.Ordinal);

        public ConcurrentQueue<string> Tokens { get; } = new();

        public ConcurrentQueue<IReadOnlyList<string>> FinalizersAtCreation { get; } = new();

        public ConcurrentDictionary<string, string> Connection { get; } = new(StringComparer.Ordinal);

        /// <summary>What no update of it mends.</summary>
        public string? Difference { get; set; }

        public int Creations { get; private set; }

        public int LosesAnswers { get; set; }

        public int Fails { get; set; }

        public IReadOnlyList<KindDefinition> Kinds => [Kind];

        public Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct) => Task.FromResult<Observation>(
            Things.ContainsKey(resource.ExternalName) ? new Present(Difference, null, new JsonObject(), Connection) : new Absent());

        public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct)
        {
            Tokens.Enqueue(resource.Token);
            FinalizersAtCreation.Enqueue([.. resource.Document.Finalizers()]);
            if (Fails > 0)
            {
                Fails--;
                return Task.FromResult<DriverOutcome>(new Failed("no more room"));
            }

            Creations++;
            Things[resource.ExternalName] = resource.Token;
            return Task.FromResult<DriverOutcome>(LosesAnswers-- > 0 ? new Unknown("the connection broke") : Done.Plain);
        }

        public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => Task.FromResult<DriverOutcome>(Done.Plain);

        public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct)
        {
            Things.TryRemove(resource.ExternalName, out _);
            return Task.FromResult<DriverOutcome>(Done.Plain);
        }
    }
}
