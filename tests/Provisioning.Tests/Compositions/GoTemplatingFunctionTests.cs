using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Compositions;
using Flagstone.Provisioning.Compositions.GoTemplating;

namespace Flagstone.Provisioning.Tests.Compositions;

public sealed class GoTemplatingFunctionTests
{
    private const string Composite = """
        {"apiVersion":"example.org/v1","kind":"XDb","metadata":{"name":"orders","uid":"7"},"spec":{"size":20,"big":2000000,"tags":{"team":"a"}}}
        """;

    [Fact]
    public void Each_manifest_becomes_a_desired_resource_under_its_name()
    {
        var rendering = Run("""
            {{- range $i := until 2 }}
            ---
            apiVersion: v1
            kind: Disk
            metadata:
              annotations:
                {{ setResourceNameAnnotation (print "disk-" $i) }}
                gotemplating.fn.crossplane.io/ready: "True"
                kept: "yes"
            spec:
              size: {{ $.observed.composite.resource.spec.size }}
              big: {{ $.observed.composite.resource.spec.big }}
              tags: {{ $.observed.composite.resource.spec.tags | toYaml | nindent 4 }}
            {{- end }}
            """);
        Assert.Equal(["disk-0", "disk-1"], rendering.Desired.Keys);
        Assert.True(rendering.Desired["disk-0"].Ready);
        Assert.Equal("""{"apiVersion":"v1","kind":"Disk","metadata":{"annotations":{"kept":"yes"}},"spec":{"size":20,"big":2000000,"tags":{"team":"a"}}}""",
            rendering.Desired["disk-1"].Document.ToJsonString());
    }

    [Fact]
    public void The_composite_gets_status_and_readiness_and_nothing_else()
    {
        var rendering = New();
        rendering.DesiredComposite["status"] = JsonNode.Parse("""{"a":{"x":1},"b":2}""");
        Run("""{"apiVersion":"example.org/v1","kind":"XDb","metadata":{"annotations":{"gotemplating.fn.crossplane.io/ready":"False"}},"spec":{"size":1},"status":{"a":{"y":3}}}""", rendering);
        Assert.Equal("""{"status":{"a":{"x":1,"y":3},"b":2}}""", rendering.DesiredComposite.ToJsonString());
        Assert.False(rendering.CompositeReady);
        Assert.Empty(rendering.Desired);
    }

    [Fact]
    public void What_is_observed_is_read_by_the_functions_for_it()
    {
        var observed = new ObservedResource(
            JsonNode.Parse("""{"kind":"Db","status":{"conditions":[{"type":"Ready","status":"True","reason":"Up"}]}}""")!.AsObject(), new Dictionary<string, string> { ["user"] = "root" });
        var rendering = new Rendering(JsonNode.Parse(Composite)!.AsObject(), new Dictionary<string, ObservedResource> { ["db"] = observed })
        {
            Credentials = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["c"] = new Dictionary<string, string> { ["k"] = "secret" } },
        };
        rendering.Required["net"] = [JsonNode.Parse("""{"kind":"Net","metadata":{"name":"net-1"}}""")!.AsObject()];
        Run("""
            apiVersion: example.org/v1
            kind: XDb
            status:
              name: {{ (getCompositeResource .).metadata.name }}
              kind: {{ (getComposedResource . "db").kind }}
              none: {{ getComposedResource . "none" | empty }}
              ready: "{{ (getResourceCondition "Ready" (index .observed.resources "db")).Status }}"
              unknown: "{{ (.observed.resources.none | getResourceCondition "Ready").Status }}"
              user: {{ (getComposedConnectionDetails . "db").user | b64dec }}
              net: {{ (index (getExtraResources . "net") 0).resource.metadata.name }}
              key: {{ (getCredentialData . "c").k | toString }}
            """, rendering);
        Assert.Equal("""{"name":"orders","kind":"Db","none":true,"ready":"True","unknown":"Unknown","user":"root","net":"net-1","key":"secret"}""",
            rendering.DesiredComposite["status"]!.ToJsonString());
    }

    [Fact]
    public void Meta_manifests_speak_to_the_platform()
    {
        var rendering = New();
        rendering.Context["kept"] = 1;
        Run("""
            apiVersion: meta.gotemplating.fn.crossplane.io/v1alpha1
            kind: Context
            data: {new: {a: b}}
            ---
            apiVersion: meta.gotemplating.fn.crossplane.io/v1alpha1
            kind: CompositeConnectionDetails
            data: {url: {{ "pg://h" | b64enc }}}
            ---
            apiVersion: meta.gotemplating.fn.crossplane.io/v1alpha1
            kind: ClaimConditions
            conditions: [{type: DbUp, status: "True", reason: Up, target: CompositeAndClaim}, {type: Other, status: "?", reason: R, message: m}]
            ---
            apiVersion: meta.gotemplating.fn.crossplane.io/v1alpha1
            kind: ExtraResources
            requirements:
              one: {apiVersion: v1, kind: Net, matchName: net-1, namespace: ns}
              many: {apiVersion: v1, kind: Net, matchLabels: {a: b}}
            """, rendering);
        Assert.Equal("""{"kept":1,"new":{"a":"b"}}""", rendering.Context.ToJsonString());
        Assert.Equal("pg://h", rendering.Connection["url"]);
        Assert.Equal([new FunctionCondition("DbUp", "True", "Up", null, OnClaim: true), new FunctionCondition("Other", "Unknown", "R", "m", OnClaim: false)], rendering.Conditions);
        Assert.Equal(new ResourceSelector("v1", "Net", "net-1", null, "ns"), rendering.Requirements["one"]);
        Assert.Equal("b", rendering.Requirements["many"].Labels!["a"]);
        Assert.Empty(rendering.Desired);
    }

    [Theory]
    [InlineData("kind: Disk", "\"Disk\" template is missing required \"gotemplating.fn.crossplane.io/composition-resource-name\" annotation")]
    [InlineData("a: b", "cannot decode manifest: Object 'Kind' is missing in '{\"a\":\"b\"}'")]
    [InlineData("{{ fail \"no\" }}", "cannot execute template: template: manifests:1:3: executing \"manifests\" at <fail \"no\">: error calling fail: no")]
    [InlineData("{{ if }}", "invalid function input: cannot parse the provided templates: template: manifests:1: missing value for if")]
    public void What_cannot_be_rendered_is_fatal(string template, string message) =>
        Assert.Equal(message, Assert.Throws<FatalResultException>(() => Run(template)).Message);

    [Fact]
    public void An_annotation_that_is_no_text_is_fatal_and_says_which() => Assert.Contains(
        "contains non-string value in the map under key \"flag\": true is of the type bool",
        Assert.Throws<FatalResultException>(() => Run("kind: Disk\nmetadata: {annotations: {flag: true}}")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_fatal_manifest_leaves_the_rendering_as_it_was()
    {
        var rendering = New();
        Assert.Throws<FatalResultException>(() => Run("""
            apiVersion: meta.gotemplating.fn.crossplane.io/v1alpha1
            kind: Context
            data: {new: 1}
            ---
            kind: Disk
            metadata: {annotations: {gotemplating.fn.crossplane.io/composition-resource-name: d}}
            ---
            kind: Nameless
            """, rendering));
        Assert.Empty(rendering.Desired);
        Assert.Empty(rendering.Context);
    }

    [Fact]
    public void Several_templates_are_documents_of_one()
    {
        var rendering = New();
        GoTemplatingFunction.Run(JsonNode.Parse("""
            {"source":"Inline","ttl":"90s","delims":{"left":"<<","right":">>"},"inline":{"templates":[
              "kind: A\nmetadata: {annotations: {gotemplating.fn.crossplane.io/composition-resource-name: a}}",
              "kind: B\nmetadata: {annotations: {gotemplating.fn.crossplane.io/composition-resource-name: << print \"b\" >>}}"]}}
            """)!.AsObject(), rendering, TimeProvider.System, ct: TestContext.Current.CancellationToken);
        Assert.Equal(["a", "b"], rendering.Desired.Keys);
        Assert.Equal(TimeSpan.FromSeconds(90), rendering.TimeToLive);
    }

    private static Rendering New() => new(JsonNode.Parse(Composite)!.AsObject(), new Dictionary<string, ObservedResource>());

    private static Rendering Run(string template, Rendering? rendering = null)
    {
        rendering ??= New();
        GoTemplatingFunction.Run(new JsonObject { ["source"] = "Inline", ["inline"] = new JsonObject { ["template"] = template } }, rendering, TimeProvider.System,
            ct: TestContext.Current.CancellationToken);
        return rendering;
    }
}
