namespace Flagstone.Architecture.Tests;

public sealed class ReferenceTests
{
    private const string Catalog = "src/Modules/Catalog/Catalog/Flagstone.Catalog.csproj";
    private const string CatalogContracts = "src/Modules/Catalog/Catalog.Contracts/Flagstone.Catalog.Contracts.csproj";
    private const string Metrics = "src/Modules/Metrics/Metrics/Flagstone.Metrics.csproj";
    private const string MetricsContracts = "src/Modules/Metrics/Metrics.Contracts/Flagstone.Metrics.Contracts.csproj";
    private const string Platform = "src/Platform/Flagstone.Platform.csproj";
    private const string Ui = "src/Ui/Flagstone.Ui.csproj";
    private const string Host = "src/Host/Flagstone.Host.csproj";
    private const string CatalogTests = "tests/Catalog.Tests/Flagstone.Catalog.Tests.csproj";

    [Fact]
    public void Contracts_reference_the_platform_or_nothing() => Assert.Empty(ReferenceRules.Contracts(Repository.Projects()));

    [Theory]
    [InlineData(MetricsContracts)]
    [InlineData(Catalog)]
    [InlineData(Ui)]
    public void A_contract_that_references_more_is_reported(string target)
    {
        Assert.Single(ReferenceRules.Contracts([Project(CatalogContracts, target)]));
        Assert.Empty(ReferenceRules.Contracts([Project(CatalogContracts, Platform)]));
    }

    [Fact]
    public void A_contract_that_takes_a_package_is_reported() =>
        Assert.Single(ReferenceRules.Contracts([new ProjectFile(CatalogContracts, [], ["Microsoft.Orleans.Sdk"])]));

    [Fact]
    public void Modules_reference_contracts_the_platform_and_the_shell() => Assert.Empty(ReferenceRules.Modules(Repository.Projects()));

    [Theory]
    [InlineData(Metrics)]
    [InlineData(Host)]
    public void A_module_that_references_another_is_reported(string target)
    {
        Assert.Single(ReferenceRules.Modules([Project(Catalog, target)]));
        Assert.Empty(ReferenceRules.Modules([Project(Catalog, CatalogContracts, MetricsContracts, Platform, Ui)]));
    }

    [Fact]
    public void Only_the_host_and_tests_reference_modules() => Assert.Empty(ReferenceRules.OnlyHostAndTests(Repository.Projects()));

    [Fact]
    public void Another_project_that_references_a_module_is_reported()
    {
        Assert.Single(ReferenceRules.OnlyHostAndTests([Project("bench/Load/Load.csproj", Catalog)]));
        Assert.Empty(ReferenceRules.OnlyHostAndTests([Project(Host, Catalog), Project(CatalogTests, Catalog), Project("bench/Flagstone.Benchmarks/Flagstone.Benchmarks.csproj", Catalog)]));
    }

    [Fact]
    public void The_platform_and_the_shell_reference_no_module() => Assert.Empty(ReferenceRules.Kernel(Repository.Projects()));

    [Theory]
    [InlineData(Platform, Catalog)]
    [InlineData(Platform, CatalogContracts)]
    [InlineData(Ui, CatalogContracts)]
    public void A_kernel_that_references_a_module_is_reported(string project, string target)
    {
        Assert.Single(ReferenceRules.Kernel([Project(project, target)]));
        Assert.Empty(ReferenceRules.Kernel([Project(Ui, Platform)]));
    }

    [Fact]
    public void The_host_references_every_module_and_no_contract_by_its_wildcard()
    {
        var projects = Repository.Projects();
        var host = Assert.Single(projects, p => p.IsHost);
        Assert.Empty(projects.Where(p => p.IsModule).Select(p => p.Path).Except(host.Projects, StringComparer.Ordinal));
        Assert.DoesNotContain(host.Projects, ProjectFile.IsContracts);
    }

    [Fact]
    public void A_reference_is_read_relative_to_its_project_and_its_wildcard_expanded()
    {
        const string Xml = """
            <Project><ItemGroup>
              <ProjectReference Include="../Platform/Flagstone.Platform.csproj" />
              <ProjectReference Include="../Modules/*/*/Flagstone.*.csproj" Exclude="../Modules/*/*.Contracts/*.csproj" />
              <PackageReference Include="Npgsql" />
            </ItemGroup></Project>
            """;
        var parsed = ProjectFile.Parse(Host, Xml, [Platform, Catalog, CatalogContracts, Metrics]);
        Assert.Equal([Platform, Catalog, Metrics], parsed.Projects);
        Assert.Equal(["Npgsql"], parsed.Packages);
    }

    private static ProjectFile Project(string path, params string[] references) => new(path, references, []);
}
