using System.Text.Json.Nodes;
using Flagstone.Platform.Data;
using Flagstone.Platform.Reconciling;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.External;
using Microsoft.Extensions.Time.Testing;

namespace Flagstone.Provisioning.Tests.Compositions;

/// <summary>Functions that run as programs of their own, on Crossplane's SDK.</summary>
public sealed class ExternalFunctionTests(PlatformHost platform, NodeFunctionProcess function) : IClassFixture<PlatformHost>, IClassFixture<NodeFunctionProcess>
{
    [Fact]
    public async Task A_function_of_its_own_composes_with_what_it_requires()
    {
        await platform.ApplyAsync($$"""
            apiVersion: pkg.crossplane.io/v1
            kind: Function
            metadata:
              name: function-greeting
              annotations: { render.crossplane.io/runtime-development-target: "{{function.Address}}" }
            spec: { package: xpkg.example.org/function-greeting:v1 }
            ---
            apiVersion: apiextensions.crossplane.io/v1beta1
            kind: EnvironmentConfig
            metadata: { name: words }
            data: { hello: Hello }
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: CompositeResourceDefinition
            metadata: { name: xgreetings.test.example.org }
            spec:
              group: test.example.org
              names: { kind: XGreeting, plural: xgreetings }
              claimNames: { kind: Greeting, plural: greetings }
              versions:
                - name: v1
                  served: true
                  referenceable: true
                  schema:
                    openAPIV3Schema:
                      type: object
                      properties:
                        spec: { type: object, properties: { names: { type: array, items: { type: string } }, fails: { type: boolean } } }
                        status: { type: object, properties: { greeted: { type: integer } } }
            ---
            apiVersion: apiextensions.crossplane.io/v1
            kind: Composition
            metadata: { name: greetings }
            spec:
              compositeTypeRef: { apiVersion: test.example.org/v1, kind: XGreeting }
              mode: Pipeline
              pipeline: [ { step: greet, functionRef: { name: function-greeting } } ]
            """);
        await platform.WaitAsync("the kind", () => Task.FromResult(platform.Kinds.TryFind("test.example.org/v1", "Greeting", out _)));
        await platform.ApplyAsync("""
            apiVersion: test.example.org/v1
            kind: Greeting
            metadata: { name: all, namespace: default }
            spec: { names: [ Ada, Grace ] }
            ---
            apiVersion: test.example.org/v1
            kind: Greeting
            metadata: { name: none, namespace: default }
            spec: { names: [ Ada, Grace ], fails: true }
            """);
        var kind = new KindId("greetings", "test.example.org");

        var greeting = await platform.HasAsync(new ResourceKey(kind, "default", "all"), "Ready");

        Assert.Equal(2, greeting.At("status", "greeted")!.GetValue<int>());
        await platform.HasAsync(new ResourceKey(kind, "default", "all"), "Polite");
        var maps = (await platform.Store.ListAsync(new ListQuery(new KindId("configmaps", ""), "default"), TestContext.Current.CancellationToken)).Items
            .Select(i => i.ToDocument()).Where(m => m.Label("crossplane.io/claim-name") == "all").ToList();
        Assert.Equal(["Hello Ada", "Hello Grace"], maps.Select(m => m["data"].Text("text")).Order());
        Assert.All(maps, m => Assert.Equal($"{function.Id}", m["data"].Text("process")));

        var failing = new ResourceKey(kind, "default", "none");
        await platform.WaitAsync("the function's own words on the claim", async () =>
            (await platform.FindAsync(failing))?.FindCondition("Ready")?.Message.EndsWith(
                "cannot compose resources: pipeline step \"greet\" returned a fatal result: cannot greet Ada and Grace", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_slow_function_is_not_waited_for_longer_than_its_timeout()
    {
        var failure = await RunAsync(function.Address, "300ms", new JsonObject { ["slow"] = true });

        Assert.Equal($"cannot run Function \"function-greeting\" at {function.Address}: it did not answer within 0.3 s", failure);
    }

    [Fact]
    public async Task A_function_that_is_not_there_is_said_to_be_so()
    {
        var nobody = $"127.0.0.1:{LoopbackPorts.Free()}";

        Assert.Equal(
            $"cannot run Function \"function-greeting\" at {nobody}: nothing answers there. Start the function, or correct the annotation of its Function.",
            await RunAsync(nobody, "", []));
    }

    [Theory]
    [InlineData("functions.example.org:9443", "without TLS and not on this machine")]
    [InlineData("http://functions.example.org:9443", "without TLS and not on this machine")]
    [InlineData("not an address", "which is none")]
    [InlineData("https://functions.example.org/path", "which is none")]
    public async Task An_address_that_would_show_secrets_or_is_none_is_refused(string address, string why) =>
        Assert.Contains(why, await RunAsync(address, "", []), StringComparison.Ordinal);

    [Fact]
    public async Task An_answer_is_used_again_for_the_same_request_until_its_time_is_over()
    {
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var functions = new ExternalFunctions(clock);
        var greeting = functions.Connect(Function(function.Address, ""))!;

        var first = await GreetAsync(greeting, "Ada");
        Assert.Equal(first, await GreetAsync(greeting, "Ada"));
        Assert.NotEqual(first, await GreetAsync(greeting, "Grace"));
        clock.Advance(TimeSpan.FromSeconds(61));
        Assert.NotEqual(first, await GreetAsync(greeting, "Ada"));
    }

    private static async Task<string> RunAsync(string address, string timeout, JsonObject spec)
    {
        using var functions = new ExternalFunctions(TimeProvider.System);
        var failure = await Assert.ThrowsAsync<FatalResultException>(async () =>
        {
            var connected = functions.Connect(Function(address, timeout))!;
            await connected.RunAsync([], new Rendering(new JsonObject { ["spec"] = spec }, new Dictionary<string, ObservedResource>()), TestContext.Current.CancellationToken);
        });
        return failure.Message;
    }

    private static async Task<string> GreetAsync(ICompositionFunction function, string name)
    {
        var rendering = new Rendering(new JsonObject { ["spec"] = new JsonObject { ["names"] = new JsonArray(name) } }, new Dictionary<string, ObservedResource>());
        await function.RunAsync([], rendering, TestContext.Current.CancellationToken);
        return Assert.Single(rendering.Results).Message;
    }

    private static JsonObject Function(string address, string timeout) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = "function-greeting",
            ["annotations"] = new JsonObject { [FunctionKinds.TargetAnnotation] = address, [FunctionKinds.TimeoutAnnotation] = timeout },
        },
    };
}
