using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Claims;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Managed;
using Flagstone.Provisioning.Providers.Simulated;

namespace Flagstone.Provisioning.Tests.CompanyCatalog;

/// <summary>Renders the built-in compositions as the engine does, with what a provider would answer, until nothing more is composed.</summary>
internal static class RenderedCatalog
{
    private static readonly Dictionary<string, JsonObject> Manifests = Read();
    private static readonly CompositionPipeline Pipeline = new(new FunctionDirectory((_, _) => ValueTask.FromResult<JsonObject?>(null), _ => null), null!);

    /// <summary>The claim kind that a composition serves.</summary>
    public static KindDefinition ClaimKind(string composition) => Kinds(composition)[1];

    /// <summary>The parameters that a claim of a composition may name, with their schemas.</summary>
    public static JsonObject Parameters(string composition) =>
        Definition(composition).At("spec", "versions")![0].At("schema", "openAPIV3Schema", "properties", "spec", "properties", "parameters", "properties")!.AsObject();

    public static JsonObject Manifest(string kind, string name) => (JsonObject)Manifests[$"{kind}/{name}"].DeepClone();

    /// <summary>What is composed of a claim at last, by template. The claim is pruned and defaulted as it is when it is stored.</summary>
    /// <param name="namespaceLabels">What the claim's namespace says of itself.</param>
    public static Dictionary<string, JsonObject> Render(string composition, JsonObject claim, IReadOnlyDictionary<string, string> namespaceLabels)
    {
        var kinds = Kinds(composition);
        var stored = (JsonObject)claim.DeepClone();
        kinds[1].Schema!.Prune(stored);
        kinds[1].Schema!.ApplyDefaults(stored);
        Assert.Empty(kinds[1].Schema!.Validate(stored));
        var composite = Binding.Wanted(kinds[1], kinds[1].Key(stored.NamespaceOf(), stored.NameOf()), stored);
        Attribution.Put(composite, namespaceLabels);
        composite["apiVersion"] = kinds[0].ApiVersion;
        composite["kind"] = kinds[0].Kind;
        composite.Metadata()["name"] = $"{stored.NameOf()}-x7k2p";
        composite.Metadata()["uid"] = "5b0c2f9e-0d6c-4f0a-9d5e-3c5a1f6f7a11";
        kinds[0].Schema!.Prune(composite);
        var observed = new Dictionary<string, ObservedResource>();
        while (true)
        {
            var rendering = new Rendering((JsonObject)composite.DeepClone(), observed);
            var run = Pipeline.RunAsync(Manifest("Composition", composition), rendering, CancellationToken.None);
            Assert.True(run.IsCompletedSuccessfully);
            var status = rendering.DesiredComposite["status"] ?? new JsonObject();
            if (observed.Count == rendering.Desired.Count && JsonNode.DeepEquals(status, composite["status"]))
            {
                return rendering.Desired.ToDictionary(d => d.Key, d => d.Value.Document, StringComparer.Ordinal);
            }

            composite["status"] = status.DeepClone();
            observed = rendering.Desired.ToDictionary(d => d.Key, d => Answered(d.Key, d.Value.Document), StringComparer.Ordinal);
        }
    }

    private static ObservedResource Answered(string name, JsonObject document)
    {
        var kind = ManagedKinds.Make("any", document.Text("apiVersion").Split('/')[0], "v1beta1", document.Text("kind"));
        var made = new JsonObject { ["id"] = name, ["arn"] = $"arn:aws:test:{name}", ["password"] = "never-shown" };
        var resource = new ManagedResource(kind, kind.Key("", name), document, name, "", new Dictionary<string, string>());
        var observed = (JsonObject)document.DeepClone();
        observed["status"] = new JsonObject { ["atProvider"] = SimulatedAnswers.AtProvider(resource, made) };
        return new ObservedResource(observed, SimulatedAnswers.Connection(resource, made));
    }

    private static IReadOnlyList<KindDefinition> Kinds(string composition) => OfferedKinds.Read(Definition(composition));

    private static JsonObject Definition(string composition) => Manifests.Values.Single(m => m.Text("kind") == "CompositeResourceDefinition"
        && m.At("spec", "names").Text("kind") == Manifests[$"Composition/{composition}"].At("spec", "compositeTypeRef").Text("kind"));

    private static Dictionary<string, JsonObject> Read()
    {
        var assembly = typeof(ProvisioningModule).Assembly;
        var manifests = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith("BuiltIn/", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            Assert.True(YamlReader.TryReadAll(reader.ReadToEnd(), null, out var documents, out var error), $"{name}: {error}");
            foreach (var document in documents)
            {
                manifests[$"{document.Mapping.Text("kind")}/{document.Mapping.NameOf()}"] = document.Mapping;
            }
        }

        return manifests;
    }
}
