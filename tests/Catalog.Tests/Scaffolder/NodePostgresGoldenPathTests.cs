using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Catalog.Files;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Catalog.Scaffolder.Actions;
using Flagstone.Catalog.Scaffolder.Skeletons;

namespace Flagstone.Catalog.Tests.Scaffolder;

/// <summary>The golden path as it ships: its form, and what it renders to.</summary>
public sealed class NodePostgresGoldenPathTests
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "GoldenPaths", "nodejs-postgresql");

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
        var errors = ParameterRules.Validate(Definition().Parameters, Values(name));
        Assert.Equal(refusedField, errors.Select(error => error.Field).Distinct().SingleOrDefault());
    }

    [Fact]
    public void The_form_names_each_field_that_is_wrong_or_missing()
    {
        var values = new JsonObject { ["storageGB"] = 5, ["environment"] = "moon" };
        var errors = ParameterRules.Validate(Definition().Parameters, values);
        Assert.Equal(
            ["0 /name", "0 /owner", "1 /environment", "1 /storageGB"],
            errors.Select(error => $"{error.Page} {error.Field}").Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_client_without_a_form_gets_its_defaults()
    {
        var values = ParameterRules.WithDefaults(Definition().Parameters, new JsonObject { ["name"] = "web", ["owner"] = "team-a" });
        Assert.Equal("""{"name":"web","owner":"team-a","description":"","storageGB":20,"environment":"dev"}""", values.ToJsonString());
    }

    [Theory]
    [InlineData("dev", "plain words")]
    [InlineData("prod", "quotes \" ' and: colons # and \\ ${{ 1 }} ünï\nlines")]
    public async Task Everything_it_renders_is_sound(string environment, string description)
    {
        var files = await RenderAsync(Values("claims-service", environment, description));

        foreach (var (path, content) in files.Where(file => file.Key.Value.EndsWith(".yaml", StringComparison.Ordinal)))
        {
            var text = Encoding.UTF8.GetString(content.Bytes.Span);
            Assert.NotEmpty(YamlText.ReadAll(text));
            Assert.DoesNotContain("${{", text.Replace("${{ 1 }}", "", StringComparison.Ordinal), StringComparison.Ordinal);
            Assert.False(path.Value.EndsWith(".yml", StringComparison.Ordinal));
        }

        Assert.Equal("claims-service", JsonNode.Parse(Text(files, "app/package.json"))!["name"]!.GetValue<string>());
        Assert.Equal("claims-service", JsonNode.Parse(Text(files, "app/package-lock.json"))!["packages"]![""]!["name"]!.GetValue<string>());
        Assert.Equal(description, Yaml(files, "app/catalog-info.yaml", 0)["metadata"]!["description"]!.GetValue<string>());
    }

    [Fact]
    public async Task Each_manifest_is_one_object_in_the_namespace_of_the_service()
    {
        var files = await RenderAsync(Values("claims-service"));
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
        var claim = Yaml(await RenderAsync(Values("claims-service", environment)), "gitops/manifests/claim.yaml", 0);
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
        var deployment = Yaml(await RenderAsync(Values("claims-service")), "gitops/manifests/deployment.yaml", 0);
        Assert.Equal("claims-service@0123abc", deployment["metadata"]!["annotations"]!["flagstone.dev/source"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_dashboard_is_a_dashboard()
    {
        var map = Yaml(await RenderAsync(Values("claims-service")), "gitops/manifests/dashboard.yaml", 0);
        var dashboard = JsonNode.Parse(map["data"]!["claims-service.json"]!.GetValue<string>())!;
        Assert.Equal(4, dashboard["panels"]!.AsArray().Count);
    }

    private static async Task<FileSet> RenderAsync(JsonObject values)
    {
        var ct = TestContext.Current.CancellationToken;
        var definition = Definition();
        var state = new RunState(new RunIdentity(Guid.Empty, DateTimeOffset.UnixEpoch, "test"), values, [])
            .With("publishApp", new JsonObject { ["commitHash"] = "0123abc" });
        var workspace = new Workspace(FileLimits.Default);
        var skeletons = new FolderSkeletons(Root, FileLimits.Default);
        foreach (var step in definition.Steps.Where(step => step.Action == "fetch:template"))
        {
            var plan = Assert.IsType<StepInput>(StepRules.Plan(step, state, ct));
            var outcome = await new FetchTemplateAction().RunAsync(new ActionContext(state.Run, plan.Input, workspace, skeletons), ct);
            Assert.True(outcome is ActionDone, outcome.ToString());
        }

        return workspace.Files;
    }

    private static TemplateDefinition Definition()
    {
        var outcome = TemplateDefinitionReader.Read(YamlText.ReadAll(File.ReadAllText(Path.Combine(Root, "template.yaml"))).Single());
        return outcome is TemplateAccepted { Warnings.Count: 0 } accepted
            ? accepted.Definition
            : throw new InvalidOperationException(outcome.ToString());
    }

    private static JsonObject Values(string name, string environment = "dev", string description = "Takes in claims") => new()
    {
        ["name"] = name,
        ["owner"] = "group:default/payments",
        ["description"] = description,
        ["storageGB"] = 50,
        ["environment"] = environment,
    };

    private static string Text(FileSet files, string path) =>
        Encoding.UTF8.GetString(files.Single(file => file.Key.Value == path).Value.Bytes.Span);

    private static JsonObject Yaml(FileSet files, string path, int document) => YamlText.ReadAll(Text(files, path))[document];
}
