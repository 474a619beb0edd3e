using Flagstone.Platform.Data;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Explaining;
using Flagstone.Provisioning.Managed;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Provisioning.Tests.Explaining;

/// <summary>A platform with a provider that fails as it is told, and compositions that fail in their own ways.</summary>
public sealed class FaultyHost : IAsyncLifetime
{
    public PlatformHost Platform { get; } = new()
    {
        Adds = services =>
        {
            services.AddSingleton<IProviderDriver, FaultyDriver>();
            services.AddSingleton(FaultyDriver.Thing);
            services.AddSingleton(FaultyDriver.Unnamed);
        },
    };

    public async ValueTask InitializeAsync()
    {
        await Platform.InitializeAsync();
        await Platform.ApplyAsync($$"""
            apiVersion: apiextensions.crossplane.io/v1
            kind: CompositeResourceDefinition
            metadata: { name: xboxes.faulty.test }
            spec:
              group: faulty.test
              names: { kind: XBox, plural: xboxes }
              claimNames: { kind: Box, plural: boxes }
              versions:
                - name: v1
                  served: true
                  referenceable: true
                  schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { fault: { type: string } } } } } }
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: CompositeResourceDefinition
            metadata: { name: xcrates.faulty.test }
            spec:
              group: faulty.test
              names: { kind: XCrate, plural: xcrates }
              claimNames: { kind: Crate, plural: crates }
              versions:
                - name: v1
                  served: true
                  referenceable: true
                  schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { fault: { type: string } } } } } }
            ---
            apiVersion: pkg.crossplane.io/v1
            kind: Function
            metadata:
              name: function-far-away
              annotations: { render.crossplane.io/runtime-development-target: "127.0.0.1:{{LoopbackPorts.Free()}}" }
            spec: { package: xpkg.example.org/function-far-away:v1 }
            """);
        await Platform.WaitAsync("the kinds", () => Task.FromResult(
            Platform.Kinds.TryFind("faulty.test/v1", "Box", out _) && Platform.Kinds.TryFind("faulty.test/v1", "Crate", out _)));
        await Platform.ApplyAsync(
            Composition("boxes", "XBox", Template("thing", "Thing", "") + Template("other", "Thing", "", patched: false))
            + Composition("unnamed-boxes", "XBox", Template("thing", "Unnamed", ""))
            + Composition("paused-boxes", "XBox", Template("thing", "Thing", "metadata: { annotations: { crossplane.io/paused: \"true\" } }, "))
            + Composition("frozen-boxes", "XBox", Template("thing", "Thing", "", "managementPolicies: [Observe, Create, Delete], "))
            + Composition("shared-boxes", "XBox", Template("thing", "Thing", "metadata: { name: the-only-one }, "))
            + Composition("broken-boxes", "XBox", Template("thing", "Thing", "") + """

                          - name: mapped
                            base: { apiVersion: faulty.test/v1, kind: Thing, spec: { forProvider: {} } }
                            patches: [ { fromFieldPath: spec.fault, toFieldPath: spec.forProvider.x, transforms: [ { type: map, map: { known: value } } ] } ]
                """)
            + Composition("far-boxes", "XBox", "", "function-far-away")
            + Composition("crates", "XCrate", """

                          - name: box
                            base: { apiVersion: faulty.test/v1, kind: XBox, spec: { compositionRef: { name: boxes } } }
                            patches: [ { fromFieldPath: spec.fault, toFieldPath: spec.fault } ]
                """));
    }

    public ValueTask DisposeAsync() => Platform.DisposeAsync();

    private static string Composition(string name, string kind, string resources, string function = "function-patch-and-transform") => $$"""

        ---
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: {{name}} }
        spec:
          compositeTypeRef: { apiVersion: faulty.test/v1, kind: {{kind}} }
          mode: Pipeline
          pipeline:
            - step: compose
              functionRef: { name: {{function}} }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources: {{(resources.Length == 0 ? "[]" : resources)}}
            - step: ready
              functionRef: { name: function-auto-ready }
        """;

    private static string Template(string name, string kind, string metadata, string spec = "", bool patched = true) => $$"""

                  - name: {{name}}
                    base: { apiVersion: faulty.test/v1, kind: {{kind}}, {{metadata}}spec: { {{spec}}forProvider: {} } }
                    patches: [ {{(patched ? "{ fromFieldPath: spec.fault, toFieldPath: spec.forProvider.fault }" : "")}} ]
        """;
}

/// <summary>Why is this claim not ready: for each fault the one resource, the one condition and what to do.</summary>
public sealed class ExplanationTests(FaultyHost host) : IClassFixture<FaultyHost>
{
    private PlatformHost Platform => host.Platform;

    [Theory]
    [InlineData("missing", "", "Box", null, "cannot get Composition: composition \"missing\" is not there", "Name a composition that is there")]
    [InlineData("crates", "", "Box", null, "cannot use Composition: composition \"crates\" makes XCrate, not XBox", "Name a composition that is there")]
    [InlineData("broken-boxes", "unknown", "XBox", null, "key unknown is not found in map", "Mend the composition as the message says")]
    [InlineData("far-boxes", "", "XBox", null, "nothing answers there", "Start the function")]
    [InlineData("boxes", "refuse", "Thing", "thing", "create failed: ServiceLimitExceeded: the quota of things is used up", "The provider refuses.")]
    [InlineData("boxes", "lost", "Thing", "thing", "the outcome of the creation is not known yet: the connection was closed", "goes on by itself")]
    [InlineData("boxes", "unobservable", "Thing", "thing", "observe failed: the network is down", "Look at its health")]
    [InlineData("boxes", "slow", "Thing", "thing", "it takes its time", "Nothing needs to be done.")]
    [InlineData("boxes", "fixed", "Thing", "thing", "which only a new one could have", "Undo the change, or make a new claim")]
    [InlineData("boxes", "waits", "Thing", "thing", "role \"orders\" does not exist", "It waits for another resource")]
    [InlineData("unnamed-boxes", "lost", "Unnamed", "thing", "cannot determine creation result", "Look at the provider: if it was made")]
    [InlineData("paused-boxes", "", "Thing", "thing", "Reconciling is paused", "Take off the annotation crossplane.io/paused")]
    [InlineData("frozen-boxes", "differs", "Thing", "thing", "managementPolicies do not let it be updated", "Allow Update")]
    public async Task The_cause_is_found(string composition, string fault, string kind, string? template, string message, string advice)
    {
        var name = $"{composition}-{fault}".TrimEnd('-');
        await ClaimAsync("Box", name, composition, fault);

        var cause = await CauseAsync("boxes", name, c => c.Kind == kind && c.Message.Contains(message, StringComparison.Ordinal));

        Assert.Equal((kind, template), (cause.Kind, cause.Template));
        Assert.Contains(message, cause.Message, StringComparison.Ordinal);
        Assert.Contains(advice, cause.Advice, StringComparison.Ordinal);
        Assert.StartsWith($"Box {name}", cause.Path[0], StringComparison.Ordinal);
        // What a claim makes lies in the cluster; the claim itself in its namespace.
        Assert.EndsWith(kind == "Box" ? $"{cause.Name} -n {cause.Namespace}" : cause.Name, cause.Command, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cause_is_found_two_composites_down_and_shows_on_the_claim()
    {
        await ClaimAsync("Crate", "deep", "crates", "refuse");

        var cause = await CauseAsync("crates", "deep", c => c.Kind == "Thing");

        Assert.Equal(["Crate", "XCrate", "XBox", "Thing"], cause.Path.Select(p => p.Split(' ')[0]));
        // The path to it is on the claim itself, for those who look with kubectl.
        await Platform.WaitAsync("the message on the claim", async () =>
            (await Platform.FindAsync(Key("crates", "deep")))?.FindCondition("Ready")?.Message.EndsWith(
                "thing: create failed: ServiceLimitExceeded: the quota of things is used up", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_name_that_another_holds_is_said_to_be_so()
    {
        await ClaimAsync("Box", "holds", "shared-boxes", "");
        await Platform.HasAsync(Key("boxes", "holds"), "Ready");
        await ClaimAsync("Box", "wants", "shared-boxes", "");

        var cause = await CauseAsync("boxes", "wants", c => c.Message.Contains("controlled by", StringComparison.Ordinal));

        Assert.Equal("XBox", cause.Kind);
        Assert.Contains("Choose another name", cause.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ready_claim_has_no_cause()
    {
        await ClaimAsync("Box", "fine", "boxes", "");
        await Platform.HasAsync(Key("boxes", "fine"), "Ready");

        var explanation = await ExplainAsync("boxes", "fine");

        Assert.Equal((true, "Box 'fine' is ready.", null), (explanation.Ready, explanation.Summary, explanation.Cause));
    }

    private Task ClaimAsync(string kind, string name, string composition, string fault) => Platform.ApplyAsync($$"""
        apiVersion: faulty.test/v1
        kind: {{kind}}
        metadata: { name: {{name}}, namespace: default }
        spec: { fault: "{{fault}}", compositionRef: { name: {{composition}} } }
        """);

    private static ResourceKey Key(string plural, string name) => new(new KindId(plural, "faulty.test"), "default", name);

    private async Task<ExplainedCause> CauseAsync(string plural, string name, Func<ExplainedCause, bool> fits)
    {
        ClaimExplanation? seen = null;
        await Platform.WaitAsync(
            "the explanation", async () => (seen = await ExplainAsync(plural, name)).Cause is { } cause && fits(cause), () => seen?.Summary ?? "nothing");
        return seen!.Cause!;
    }

    private async Task<ClaimExplanation> ExplainAsync(string plural, string name) =>
        await Platform.Services.GetRequiredService<ClaimInsights>().ExplainAsync(
            Platform.Kinds.Find(new KindId(plural, "faulty.test"))!, (await Platform.FindAsync(Key(plural, name)))!, TestContext.Current.CancellationToken);
}
