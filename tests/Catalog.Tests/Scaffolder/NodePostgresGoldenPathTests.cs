using System.Text.Json.Nodes;
using Flagstone.Catalog.Scaffolder;
using static Flagstone.Catalog.Tests.Scaffolder.GoldenPath;

namespace Flagstone.Catalog.Tests.Scaffolder;

/// <summary>The golden path as it ships: its form, and what it renders to.</summary>
public sealed class NodePostgresGoldenPathTests
{
    private static readonly GoldenPath Shipped = new("nodejs-postgresql");

    [Theory]
    [InlineData("claims-service", null)]
    [InlineData("abc", null)]
    [InlineData("ab", "/name")]
    [InlineData("Claims", "/name")]
    [InlineData("-claims", "/name")]
    [InlineData("claims-", "/name")]
    [InlineData("1claims", "/name")]
    [InlineData("kube-system", "/name")]
    [InlineData("default", "/name")]
    [InlineData("claims-gitops", "/name")]
    [InlineData("a123456789b123456789c123456789d1234567890", "/name")]
    public void The_form_takes_names_that_can_be_namespaces(string name, string? refusedField)
    {
        var errors = ParameterRules.Validate(Shipped.Definition().Parameters, Values(name));
        Assert.Equal(refusedField, errors.Select(error => error.Field).Distinct().SingleOrDefault());
    }

    [Fact]
    public void The_form_names_each_field_that_is_wrong_or_missing()
    {
        var values = new JsonObject { ["storageGB"] = 5, ["environment"] = "moon" };
        var errors = ParameterRules.Validate(Shipped.Definition().Parameters, values);
        Assert.Equal(
            ["0 /name", "0 /owner", "1 /environment", "1 /storageGB"],
            errors.Select(error => $"{error.Page} {error.Field}").Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_client_without_a_form_gets_its_defaults()
    {
        var values = ParameterRules.WithDefaults(Shipped.Definition().Parameters, new JsonObject { ["name"] = "web", ["owner"] = "team-a" });
        Assert.Equal("""{"name":"web","owner":"team-a","description":"","storageGB":20,"environment":"dev"}""", values.ToJsonString());
    }

    [Theory]
    [InlineData("dev", "plain words")]
    [InlineData("prod", "quotes \" ' and: colons # and \\ ${{ 1 }} ünï\nlines")]
    public async Task Everything_it_renders_is_sound(string environment, string description)
    {
        var files = await Shipped.RenderAsync(Values("claims-service", environment, description));

        AssertYamlIsSound(files);
        Assert.Equal("claims-service", JsonNode.Parse(Text(files, "app/package.json"))!["name"]!.GetValue<string>());
        Assert.Equal("claims-service", JsonNode.Parse(Text(files, "app/package-lock.json"))!["packages"]![""]!["name"]!.GetValue<string>());
        Assert.Equal(description, Yaml(files, "app/catalog-info.yaml", 0)["metadata"]!["description"]!.GetValue<string>());
    }

    [Fact]
    public async Task Each_manifest_is_one_object_in_the_namespace_of_the_service()
    {
        var files = await Shipped.RenderAsync(Values("claims-service"));
        var manifests = files.Where(file => file.Key.Value.StartsWith("gitops/manifests/", StringComparison.Ordinal))
            .Select(file => Yaml(files, file.Key.Value, 0)).ToList();

        Assert.Equal(11, manifests.Count);
        Assert.All(manifests, manifest => Assert.Equal("claims-service", manifest["metadata"]!["namespace"]!.GetValue<string>()));
        Assert.All(manifests, manifest => Assert.Equal("payments", manifest["metadata"]!["labels"]!["flagstone.dev/team"]!.GetValue<string>()));
        Assert.Equal(
            [
                "ConfigMap", "Deployment", "NetworkPolicy", "NetworkPolicy", "NetworkPolicy", "NetworkPolicy", "PostgreSQLInstance", "PrometheusRule",
                "Service", "ServiceAccount", "ServiceMonitor",
            ],
            manifests.Select(manifest => manifest["kind"]!.GetValue<string>()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("dev", false)]
    [InlineData("prod", true)]
    public async Task The_claim_asks_for_what_the_form_says(string environment, bool multiAz)
    {
        var claim = Yaml(await Shipped.RenderAsync(Values("claims-service", environment)), "gitops/manifests/claim.yaml", 0);
        var parameters = claim["spec"]!["parameters"]!;
        Assert.Equal("platform.example.com/v1alpha1", claim["apiVersion"]!.GetValue<string>());
        Assert.Equal("claims-service-db", claim["metadata"]!["name"]!.GetValue<string>());
        Assert.Equal(50, parameters["storageGB"]!.GetValue<long>());
        Assert.Equal(multiAz, parameters["multiAZ"]!.GetValue<bool>());
        Assert.Equal("claims-service-db-connection", claim["spec"]!["writeConnectionSecretToRef"]!["name"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_deployment_says_which_commit_runs()
    {
        var deployment = Yaml(await Shipped.RenderAsync(Values("claims-service")), "gitops/manifests/deployment.yaml", 0);
        Assert.Equal("claims-service@0123abc", deployment["metadata"]!["annotations"]!["flagstone.dev/source"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_dashboard_is_a_dashboard()
    {
        var map = Yaml(await Shipped.RenderAsync(Values("claims-service")), "gitops/manifests/dashboard.yaml", 0);
        var dashboard = JsonNode.Parse(map["data"]!["claims-service.json"]!.GetValue<string>())!;
        Assert.Equal(4, dashboard["panels"]!.AsArray().Count);
    }

    private static JsonObject Values(string name, string environment = "dev", string description = "Takes in claims") => new()
    {
        ["name"] = name,
        ["owner"] = "group:default/payments",
        ["description"] = description,
        ["storageGB"] = 50,
        ["environment"] = environment,
    };
}
