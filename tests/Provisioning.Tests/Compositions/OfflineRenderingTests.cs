using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Yaml;
using Flagstone.Provisioning.Compositions.Offline;

namespace Flagstone.Provisioning.Tests.Compositions;

/// <summary>What <c>flagstone render</c> makes of files.</summary>
public sealed class OfflineRenderingTests : IDisposable
{
    private const string Composite = """
        apiVersion: resources.stuttgart-things.com/v1alpha1
        kind: ManagedNamespace
        metadata: { name: team-max, namespace: default }
        spec: { size: 3 }
        """;

    private const string Bases = """
        - { name: team-max-namespace, base: { apiVersion: example.org/v1, kind: Thing }, patches: [{ fromFieldPath: spec.size }, { fromFieldPath: spec.color }] }
        - { name: a-second, base: { apiVersion: example.org/v1, kind: Thing, metadata: { generateName: own- } } }
        """;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flagstone-render-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Names_and_owners_are_those_of_crossplane_render()
    {
        var documents = await RenderAsync(Arguments(Composite, Patching(Bases)));

        // The uid and the name are what crossplane render 2.4 printed for this composite and template.
        var named = documents[2];
        Assert.Equal("team-max-9da14854117b", named.NameOf());
        Assert.Equal("88aea196-efa4-5482-9a2e-dc50a6c8fb61", Assert.Single(named.OwnerReferences()).Text("uid"));
        Assert.Equal(("team-max-", "default", "team-max"), (named["metadata"].Text("generateName"), named.NamespaceOf(), named.Label("crossplane.io/composite")));
        Assert.StartsWith("own-", documents[1].NameOf(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resources_come_by_template_and_the_composite_refers_to_them()
    {
        var documents = await RenderAsync(Arguments(Composite, Patching(Bases)));

        Assert.Equal(["a-second", "team-max-namespace"], documents.Skip(1).Select(d => d.Annotation("crossplane.io/composition-resource-name")));
        Assert.Equal(documents.Skip(1).Select(d => d.NameOf()), References(documents[0], "spec", "crossplane", "resourceRefs"));
        Assert.Equal(["crossplane"], documents[0]["spec"]!.AsObject().Select(m => m.Key));
        Assert.Equal("Unready resources: a-second, team-max-namespace", Condition(documents[0], "Ready").Text("message"));
        Assert.Equal("2024-01-01T00:00:00Z", Condition(documents[0], "Synced").Text("lastTransitionTime"));
    }

    [Fact]
    public async Task Observed_resources_keep_their_names_and_make_the_composite_ready()
    {
        Directory.CreateDirectory(PathOf("observed"));
        foreach (var (template, name) in (ReadOnlySpan<(string, string)>)[("team-max-namespace", "kept"), ("a-second", "kept-too")])
        {
            Write(Path.Combine("observed", $"{name}.yaml"), $$"""
                apiVersion: example.org/v1
                kind: Thing
                metadata: { name: {{name}}, annotations: { crossplane.io/composition-resource-name: {{template}} } }
                status: { conditions: [{ type: Ready, status: "True" }] }
                """);
        }

        var documents = await RenderAsync(Arguments(Composite, Patching(Bases)) with { Observed = PathOf("observed") });

        Assert.Equal(["kept-too", "kept"], documents.Skip(1).Select(d => d.NameOf()));
        Assert.Equal(("True", "Available"), (Condition(documents[0], "Ready").Text("status"), Condition(documents[0], "Ready").Text("reason")));
    }

    [Fact]
    public async Task Defaults_count_only_with_the_definition()
    {
        var arguments = Arguments(Composite, Patching(Bases));

        var without = await RenderAsync(arguments);
        var with = await RenderAsync(arguments with { Definition = Write("xrd.yaml", Definition("Namespaced", "")), IncludesFullComposite = true });

        Assert.Null(without[2].At("spec", "color"));
        Assert.Equal("blue", with[2].At("spec").Text("color"));
        Assert.Equal("blue", with[0].At("spec").Text("color"));
    }

    [Fact]
    public async Task A_claim_is_rendered_as_its_composite_under_its_own_name()
    {
        var claim = Composite.Replace("kind: ManagedNamespace", "kind: NamespaceClaim", StringComparison.Ordinal);
        var definition = Definition("LegacyCluster", "claimNames: { kind: NamespaceClaim, plural: namespaceclaims }");

        var documents = await RenderAsync(Arguments(claim, Patching(Bases)) with { Definition = Write("xrd.yaml", definition) });

        Assert.Equal(("ManagedNamespace", "team-max", ""), (documents[0].Text("kind"), documents[0].NameOf(), documents[0].NamespaceOf()));
        Assert.Equal(2, References(documents[0], "spec", "resourceRefs").Count());
        Assert.Equal(("team-max", "default"), (documents[1].Label("crossplane.io/claim-name"), documents[1].Label("crossplane.io/claim-namespace")));
    }

    [Fact]
    public async Task Results_and_the_context_are_printed_where_asked_for()
    {
        var required = Bases.Replace("fromFieldPath: spec.color", "fromFieldPath: spec.color, policy: { fromFieldPath: Required }", StringComparison.Ordinal);
        var arguments = Arguments(Composite, Patching(required)) with
        {
            IncludesResults = true, IncludesContext = true,
            ContextValues = [new("given", """{ "a": 1 }""")], ContextFiles = [new("read", Write("context.json", "[true]"))],
        };

        var documents = await RenderAsync(arguments);

        Assert.Equal(["ManagedNamespace", "Thing", "Result", "Context"], documents.Select(d => d.Text("kind")));
        Assert.Equal(("Warning", "ComposeResources"), (documents[2].Text("severity"), documents[2].Text("reason")));
        Assert.Equal("""{"a":1}""", documents[3].At("fields", "given")!.ToJsonString());
        Assert.Equal("[true]", documents[3].At("fields", "read")!.ToJsonString());
        Assert.Equal("True", Condition(documents[0], "Synced").Text("status"));
    }

    [Fact]
    public async Task What_functions_require_comes_from_files()
    {
        var composition = Composition("""
            - step: environment
              functionRef: { name: function-environment-configs }
              input: { spec: { environmentConfigs: [{ type: Reference, ref: { name: shared } }] } }
            - step: template
              functionRef: { name: function-go-templating }
              input:
                source: Inline
                inline:
                  template: |
                    apiVersion: example.org/v1
                    kind: Thing
                    metadata:
                      annotations: { gotemplating.fn.crossplane.io/composition-resource-name: one }
                    spec:
                      zone: {{ (index .context "apiextensions.crossplane.io/environment").zone }}
            """);
        var shared = Write("shared.yaml", """
            apiVersion: apiextensions.crossplane.io/v1beta1
            kind: EnvironmentConfig
            metadata: { name: shared }
            data: { zone: north }
            """);

        var documents = await RenderAsync(Arguments(Composite, composition) with { Required = [shared] });

        Assert.Equal("north", documents[1].At("spec").Text("zone"));
    }

    [Theory]
    [InlineData("xr.yaml", "a: [", "'xr.yaml' cannot be read: line ")]
    [InlineData("xr.yaml", "a: 1", "'xr.yaml' is no resource")]
    [InlineData("xr.yaml", "a: 1\n---\nb: 2", "'xr.yaml' holds 2 documents")]
    [InlineData("xr.yaml", "{ apiVersion: a/v1, kind: B, metadata: { name: c } }", "Composition 'one' makes resources.stuttgart-things.com/v1alpha1 ManagedNamespace, and 'c'")]
    [InlineData("composition.yaml", "kind: Other", "'composition.yaml' holds a Other")]
    [InlineData("composition.yaml", "{ apiVersion: x/v1, kind: Composition }", "'composition.yaml' has the apiVersion 'x/v1'")]
    [InlineData("composition.yaml", "{ apiVersion: apiextensions.crossplane.io/v1, kind: Composition, spec: { mode: Fast } }", "'composition.yaml' is not valid: spec")]
    [InlineData("functions.yaml", "{ kind: Secret, metadata: { name: s } }", "'functions.yaml': Secret 's' is no Function")]
    [InlineData("observed.yaml", "{ kind: Thing, metadata: { name: t } }", "'observed.yaml': Thing 't' has no annotation")]
    [InlineData("xrd.yaml", "{ kind: CompositeResourceDefinition, apiVersion: apiextensions.crossplane.io/v2, spec: {} }", "'xrd.yaml' is not valid: spec.group")]
    [InlineData("credentials.yaml", "{ kind: Thing, metadata: { name: t } }", "'credentials.yaml': Thing 't' is no Secret")]
    [InlineData("credentials.yaml", "{ kind: Secret, metadata: { name: s }, data: { k: '!' } }", "'credentials.yaml': Secret 's' has data that is not base64")]
    [InlineData("context.json", "{", "'context.json', the context 'key', is no JSON")]
    public async Task Wrong_input_is_refused_in_one_line_that_names_the_file(string file, string text, string why)
    {
        var arguments = Arguments(Composite, Patching(Bases)) with
        {
            Functions = Write("functions.yaml", ""), Observed = Write("observed.yaml", ""), Credentials = Write("credentials.yaml", ""),
            Definition = Write("xrd.yaml", Definition("Namespaced", "")), ContextFiles = [new("key", Write("context.json", "{}"))],
        };
        Write(file, text);
        if (why.StartsWith("Composition", StringComparison.Ordinal))
        {
            arguments = arguments with { Definition = null };
        }

        var refused = Assert.IsType<RenderRefused>(await ProvisioningModule.RenderAsync(arguments, Ct));

        Assert.StartsWith(why, refused.Why.Replace(folder.FullName + "/", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("\n", refused.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("function-nobody", "", "pipeline step \"only\" returned a fatal result: there is no function function-nobody here")]
    [InlineData("function-mine", "127.0.0.1:1", "cannot run Function \"function-mine\" at 127.0.0.1:1: nothing answers there")]
    public async Task A_function_that_is_not_there_is_said_with_its_step(string function, string target, string why)
    {
        var functions = Write("functions.yaml", $$"""
            apiVersion: pkg.crossplane.io/v1
            kind: Function
            metadata: { name: function-mine, annotations: { render.crossplane.io/runtime-development-target: "{{target}}" } }
            spec: { package: example.org/function-mine:v1 }
            """);
        var composition = Composition($$"""- { step: only, functionRef: { name: {{function}} } }""");

        var refused = Assert.IsType<RenderRefused>(await ProvisioningModule.RenderAsync(Arguments(Composite, composition) with { Functions = functions }, Ct));

        Assert.Contains(why, refused.Why, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static string Patching(string bases) => Composition($$"""
        - step: make
          functionRef: { name: function-patch-and-transform }
          input:
            resources:
        {{Indented(bases, 6)}}
        """);

    private static string Composition(string pipeline) => $$"""
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: one }
        spec:
          compositeTypeRef: { apiVersion: resources.stuttgart-things.com/v1alpha1, kind: ManagedNamespace }
          mode: Pipeline
          pipeline:
        {{Indented(pipeline, 4)}}
        """;

    private static string Definition(string scope, string claims) => $$"""
        apiVersion: apiextensions.crossplane.io/v2
        kind: CompositeResourceDefinition
        metadata: { name: managednamespaces.resources.stuttgart-things.com }
        spec:
          group: resources.stuttgart-things.com
          scope: {{scope}}
          names: { kind: ManagedNamespace, plural: managednamespaces }
          {{claims}}
          versions:
            - name: v1alpha1
              served: true
              referenceable: true
              schema:
                openAPIV3Schema:
                  type: object
                  properties:
                    spec: { type: object, properties: { size: { type: integer }, color: { type: string, default: blue } } }
        """;

    private static string Indented(string text, int by) => string.Join('\n', text.Split('\n').Select(l => new string(' ', by) + l));

    private static JsonNode? Condition(JsonObject document, string type) =>
        Assert.Single(document.At("status", "conditions")!.AsArray(), c => c.Text("type") == type);

    private static IEnumerable<string> References(JsonObject document, params string[] path) => document.At(path)!.AsArray().Select(r => r.Text("name"));

    private RenderArguments Arguments(string composite, string composition) => new(Write("xr.yaml", composite), Write("composition.yaml", composition));

    private static async Task<List<JsonObject>> RenderAsync(RenderArguments arguments)
    {
        var outcome = await ProvisioningModule.RenderAsync(arguments, Ct);
        var yaml = Assert.IsType<Rendered>(outcome, exactMatch: true).Yaml;
        Assert.True(YamlReader.TryReadManifests(yaml, null, out var documents, out var error), error?.ToString());
        return [.. documents.Select(d => d.Mapping)];
    }

    private string PathOf(string file) => Path.Combine(folder.FullName, file);

    private string Write(string file, string text)
    {
        File.WriteAllText(PathOf(file), text);
        return PathOf(file);
    }
}
