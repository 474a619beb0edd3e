using System.Globalization;
using System.Text.Json.Nodes;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Flagstone.Provisioning.Compositions;

namespace Flagstone.Benchmarks;

/// <summary>
/// Renders a composite by a composition in mode Pipeline: patch-and-transform, then auto-ready, with all resources observed. Beside it the least
/// that rendering could be: a copy of the composed documents.
/// </summary>
[MemoryDiagnoser]
[Config(typeof(InProcess))]
public class RenderBenchmark
{
    private readonly CompositionPipeline pipeline = new(new FunctionDirectory((_, _) => ValueTask.FromResult<JsonObject?>(null), _ => null), null!);
    private JsonObject composition = [];
    private JsonObject composite = [];
    private Dictionary<string, ObservedResource> observed = [];

    /// <summary>Six patches each. Two sizes show that the cost is linear.</summary>
    [Params(10, 40)]
    public int Resources { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        composition = Composition(Resources);
        composite = (JsonObject)JsonNode.Parse("""
            {
              "apiVersion": "platform.example.com/v1alpha1", "kind": "XPostgreSQLInstance",
              "metadata": { "name": "orders-db-x7k2p", "uid": "5b0c2f9e-0d6c-4f0a-9d5e-3c5a1f6f7a11", "labels": { "crossplane.io/claim-name": "orders-db", "crossplane.io/claim-namespace": "orders" } },
              "spec": { "parameters": { "storageGB": 50, "instanceClass": "db.t3.medium", "multiAZ": true, "version": "16.4" } }
            }
            """)!;
        observed = Enumerable.Range(0, Resources).ToDictionary(
            i => Name(i),
            i => new ObservedResource(
                (JsonObject)JsonNode.Parse($$"""{ "apiVersion": "rds.aws.upbound.io/v1beta1", "kind": "Instance", "metadata": { "name": "orders-db-{{i}}" }, "status": { "atProvider": { "arn": "arn:aws:rds:{{i}}" }, "conditions": [ { "type": "Ready", "status": "True" } ] } }""")!,
                new Dictionary<string, string>()),
            StringComparer.Ordinal);
    }

    [Benchmark]
    public int Render()
    {
        var rendering = new Rendering(composite, observed);
        var run = pipeline.RunAsync(composition, rendering, CancellationToken.None);
        return run.IsCompletedSuccessfully ? rendering.Desired.Count : throw new InvalidOperationException("A built-in function waited.");
    }

    [Benchmark(Baseline = true)]
    public int Copy()
    {
        var copied = 0;
        foreach (var template in composition["spec"]!["pipeline"]![0]!["input"]!["resources"]!.AsArray())
        {
            copied += template!["base"]!.DeepClone().AsObject().Count + observed[template["name"]!.ToString()].Document.DeepClone().AsObject().Count;
        }

        return copied;
    }

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"instance-{index}");

    private static JsonObject Composition(int resources) => new()
    {
        ["spec"] = new JsonObject
        {
            ["mode"] = "Pipeline",
            ["pipeline"] = new JsonArray(
                new JsonObject
                {
                    ["step"] = "compose",
                    ["functionRef"] = new JsonObject { ["name"] = "function-patch-and-transform" },
                    ["input"] = new JsonObject { ["resources"] = new JsonArray([.. Enumerable.Range(0, resources).Select(JsonNode? (i) => Template(i))]) },
                },
                new JsonObject { ["step"] = "ready", ["functionRef"] = new JsonObject { ["name"] = "function-auto-ready" } }),
        },
    };

    private static JsonObject Template(int index) => (JsonObject)JsonNode.Parse($$"""
        {
          "name": "{{Name(index)}}",
          "base": {
            "apiVersion": "rds.aws.upbound.io/v1beta1", "kind": "Instance",
            "spec": { "forProvider": { "region": "eu-west-1", "engine": "postgres", "storageEncrypted": true, "publiclyAccessible": false, "backupRetentionPeriod": 7, "tags": { "managed-by": "flagstone" } } }
          },
          "patches": [
            { "type": "FromCompositeFieldPath", "fromFieldPath": "spec.parameters.storageGB", "toFieldPath": "spec.forProvider.allocatedStorage" },
            { "type": "FromCompositeFieldPath", "fromFieldPath": "spec.parameters.instanceClass", "toFieldPath": "spec.forProvider.instanceClass" },
            { "type": "FromCompositeFieldPath", "fromFieldPath": "metadata.labels[crossplane.io/claim-namespace]", "toFieldPath": "spec.forProvider.tags.cost-centre" },
            { "type": "FromCompositeFieldPath", "fromFieldPath": "metadata.uid", "toFieldPath": "spec.writeConnectionSecretToRef.name", "transforms": [ { "type": "string", "string": { "type": "Format", "fmt": "%s-{{index}}" } } ] },
            { "type": "FromCompositeFieldPath", "fromFieldPath": "spec.parameters.multiAZ", "toFieldPath": "spec.forProvider.backupRetentionPeriod", "transforms": [ { "type": "convert", "convert": { "toType": "string" } }, { "type": "map", "map": { "true": 14, "false": 7 } } ] },
            { "type": "ToCompositeFieldPath", "fromFieldPath": "status.atProvider.arn", "toFieldPath": "status.arns.i{{index}}" }
          ]
        }
        """)!;

    /// <summary>In the process itself: the repository's settings of build and locked packages do not fit a project that is generated.</summary>
    private sealed class InProcess : BenchmarkDotNet.Configs.ManualConfig
    {
        public InProcess() => AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance));
    }
}
