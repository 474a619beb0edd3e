using System.Text.Json.Nodes;
using Flagstone.Catalog.Scaffolder;
using static Flagstone.Catalog.Tests.Scaffolder.GoldenPath;

namespace Flagstone.Catalog.Tests.Scaffolder;

/// <summary>The golden paths of a Temporal worker as they ship: the form and what it renders to, which are the same in every language.</summary>
public abstract class TemporalGoldenPathTests(string path)
{
    private const string Connection = "claims-worker-temporal-connection";

    private protected GoldenPath Shipped { get; } = new(path);

    [Fact]
    public void A_client_without_a_form_gets_its_defaults()
    {
        var values = ParameterRules.WithDefaults(Shipped.Definition().Parameters, new JsonObject { ["name"] = "web", ["owner"] = "team-a" });
        Assert.Equal(
            """{"name":"web","owner":"team-a","description":"","retentionDays":30,"searchAttribute":"Customer","environment":"dev"}""", values.ToJsonString());
    }

    [Theory]
    [InlineData("kube-system", 30, "Customer", "/name")]
    [InlineData("claims", 0, "Customer", "/retentionDays")]
    [InlineData("claims", 30, "customer id", "/searchAttribute")]
    [InlineData("claims", 30, "WorkflowId", "/searchAttribute")]
    [InlineData("claims", 30, "CustomerId", null)]
    public void The_form_names_the_field_that_the_namespace_could_not_have(string name, int retentionDays, string searchAttribute, string? refused)
    {
        var values = Values();
        (values["name"], values["retentionDays"], values["searchAttribute"]) = (name, retentionDays, searchAttribute);
        Assert.Equal(refused, ParameterRules.Validate(Shipped.Definition().Parameters, values).Select(error => error.Field).Distinct().SingleOrDefault());
    }

    [Theory]
    [InlineData("dev", "plain words")]
    [InlineData("prod", "quotes \" ' and: colons # and \\ ${{ 1 }} ünï\nlines")]
    public async Task Everything_it_renders_is_sound(string environment, string description)
    {
        var files = await Shipped.RenderAsync(Values(environment, description));

        AssertYamlIsSound(files);
        Assert.All(files.Where(file => file.Key.Value.EndsWith(".js", StringComparison.Ordinal) || file.Key.Value.EndsWith(".cs", StringComparison.Ordinal)),
            file => Assert.DoesNotContain("${{", Text(files, file.Key.Value), StringComparison.Ordinal));
        Assert.Equal(description, Yaml(files, "app/catalog-info.yaml", 0)["metadata"]!["description"]!.GetValue<string>());
        Assert.Equal(
            "temporalnamespaces.platform.example.com/claims-worker/claims-worker-temporal",
            Yaml(files, "app/catalog-info.yaml", 1)["metadata"]!["annotations"]!["flagstone.dev/claim"]!.GetValue<string>());
    }

    [Fact]
    public async Task Each_manifest_is_one_object_in_the_namespace_of_the_service()
    {
        var files = await Shipped.RenderAsync(Values());
        var manifests = files.Where(file => file.Key.Value.StartsWith("gitops/manifests/", StringComparison.Ordinal))
            .Select(file => Yaml(files, file.Key.Value, 0)).ToList();

        Assert.All(manifests, manifest => Assert.Equal("claims-worker", manifest["metadata"]!["namespace"]!.GetValue<string>()));
        Assert.All(manifests, manifest => Assert.Equal("payments", manifest["metadata"]!["labels"]!["flagstone.dev/team"]!.GetValue<string>()));
        Assert.Equal(
            [
                "ConfigMap", "Deployment", "NetworkPolicy", "NetworkPolicy", "NetworkPolicy", "NetworkPolicy", "PrometheusRule", "Service",
                "ServiceAccount", "ServiceMonitor", "TemporalNamespace",
            ],
            manifests.Select(manifest => manifest["kind"]!.GetValue<string>()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_claim_asks_for_what_the_form_says_and_the_worker_reads_the_secret_of_the_claim()
    {
        var files = await Shipped.RenderAsync(Values());
        var claim = Yaml(files, "gitops/manifests/claim.yaml", 0)["spec"]!;
        Assert.Equal(7, claim["parameters"]!["retentionDays"]!.GetValue<long>());
        Assert.Equal("""{"No":"Keyword"}""", claim["parameters"]!["searchAttributes"]!.ToJsonString());
        Assert.Equal(Connection, claim["writeConnectionSecretToRef"]!["name"]!.GetValue<string>());

        var container = Yaml(files, "gitops/manifests/deployment.yaml", 0)["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var references = container["env"]!.AsArray().Select(variable => variable!["valueFrom"]?["secretKeyRef"]).OfType<JsonObject>().ToList();
        Assert.All(references, reference => Assert.Equal(Connection, reference["name"]!.GetValue<string>()));
        Assert.Equal(["address", "namespace", "apiKey", "tls"], references.Select(reference => reference["key"]!.GetValue<string>()));
    }

    [Fact]
    public async Task The_dashboard_is_a_dashboard()
    {
        var map = Yaml(await Shipped.RenderAsync(Values()), "gitops/manifests/dashboard.yaml", 0);
        var dashboard = JsonNode.Parse(map["data"]!["claims-worker.json"]!.GetValue<string>())!;
        Assert.Equal(
            ["Requests a second, by status", "Workflows a second", "Attempts of activities a second", "Failed attempts of activities a second"],
            dashboard["panels"]!.AsArray().Select(panel => panel!["title"]!.GetValue<string>()));
    }

    // "No" is a word that YAML 1.1 takes for false.
    private protected static JsonObject Values(string environment = "dev", string description = "Pays claims") => new()
    {
        ["name"] = "claims-worker",
        ["owner"] = "group:default/payments",
        ["description"] = description,
        ["retentionDays"] = 7,
        ["searchAttribute"] = "No",
        ["environment"] = environment,
    };
}
