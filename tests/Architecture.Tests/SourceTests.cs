namespace Flagstone.Architecture.Tests;

public sealed class SourceTests
{
    private static readonly string[] BothDialects = ["sqlite", "postgres"];

    /// <summary>A cluster's membership lies in PostgreSQL; one process alone has none.</summary>
    private const string HostMigrations = "src/Host/Migrations";

    [Fact]
    public void No_test_sleeps() => Assert.Empty(SourceRules.Sleeps(Repository.Sources("tests", "*.cs")));

    [Theory]
    [InlineData("Thread", ".Sleep(100);")]
    [InlineData("await Task", ".Delay(TimeSpan.FromSeconds(1), clock);")]
    public void A_test_that_sleeps_is_reported(string type, string call) =>
        Assert.Equal("A.cs:2 sleeps; advance the clock, or await what the test waits for.", Assert.Single(SourceRules.Sleeps([new SourceFile("A.cs", $"\n{type}{call}")])));

    [Fact]
    public void A_wait_for_cancellation_is_no_sleep() =>
        Assert.Empty(SourceRules.Sleeps([new SourceFile("A.cs", "await Task.Delay(Timeout.InfiniteTimeSpan, clock, ct);")]));

    [Fact]
    public void Tests_open_pages_by_the_browser_that_waits_until_they_are_live() =>
        Assert.Empty(SourceRules.RawNavigations(Repository.Sources("tests", "*.cs").Where(f => Path.GetFileName(f.Path) != "Browser.cs")));

    [Fact]
    public void A_page_opened_without_waiting_is_reported() =>
        Assert.Equal("A.cs:1 opens a page that may not be live yet; use Browser.GoAsync.", Assert.Single(SourceRules.RawNavigations([new SourceFile("A.cs", "await page.Goto" + "Async(url);")])));

    [Fact]
    public void Grain_interfaces_are_internal() => Assert.Empty(SourceRules.PublicGrains(Repository.Sources("src", "*.cs")));

    [Theory]
    [InlineData("public interface IClaimGrain : IReconcileGrain;")]
    [InlineData("interface IClaimGrain : IReconcileGrain;")]
    [InlineData("public interface IClaimGrain :\n    IOther, IGrainWithStringKey\n{")]
    [InlineData("public partial interface IClaimGrain<T> : IGrainWithIntegerKey")]
    public void A_grain_interface_that_is_not_internal_is_reported(string source) => Assert.Single(SourceRules.PublicGrains([new SourceFile("A.cs", source)]));

    [Theory]
    [InlineData("internal interface IClaimGrain : IReconcileGrain;")]
    [InlineData("public interface ICatalog { }")]
    [InlineData("public interface IReconcileGrain : IGrainWithStringKey")]
    public void Other_interfaces_may_be_public(string source) => Assert.Empty(SourceRules.PublicGrains([new SourceFile("A.cs", source)]));

    [Fact]
    public void Every_problem_has_its_page_and_every_page_its_problem()
    {
        var slugs = SourceRules.Slugs(Repository.Sources("src", "*.cs")).ToList();
        Assert.Contains("not-found", slugs);
        var pages = Repository.Sources("docs/problems", "*.md").Select(p => Path.GetFileNameWithoutExtension(p.Path)).ToList();
        Assert.Empty(SourceRules.ProblemPages(slugs, pages));
    }

    [Fact]
    public void A_problem_without_a_page_is_reported()
    {
        var slugs = SourceRules.Slugs([new SourceFile("A.cs", """
            new Problem(409, "quota-exceeded", "Conflict", "The quota is used up", "5 of 5");
            public static Problem Gone() => new(410,
                "expired", "Expired", "The version is gone", "");
            """)]).ToList();
        Assert.Equal(["quota-exceeded", "expired"], slugs);
        Assert.Contains("quota-exceeded", Assert.Single(SourceRules.ProblemPages(slugs, ["expired"])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_without_a_problem_is_reported() => Assert.Single(SourceRules.ProblemPages([], ["expired"]));

    [Fact]
    public void Migrations_are_numbered_without_gaps_in_every_dialect_that_they_run_on()
    {
        var folders = Repository.Sources("src", "*.sql")
            .Where(f => f.Path.Contains("/Migrations/", StringComparison.Ordinal))
            .GroupBy(f => Path.GetDirectoryName(f.Path)!, f => Path.GetFileName(f.Path))
            .ToList();
        Assert.Contains(folders, f => f.Key == "src/Platform/Storage/Migrations");
        Assert.Empty(folders.SelectMany(f => SourceRules.Migrations(f.Key, f, f.Key == HostMigrations ? ["postgres"] : BothDialects)));
    }

    [Theory]
    [InlineData("0001_kernel.sqlite.sql")]
    [InlineData("0001_kernel.sqlite.sql", "0001_core.postgres.sql")]
    [InlineData("0001_a.sqlite.sql", "0001_a.postgres.sql", "0003_c.sqlite.sql", "0003_c.postgres.sql")]
    [InlineData("0001_a.sqlite.sql", "0001_a.postgres.sql", "0001_a.mysql.sql")]
    [InlineData("0001_a.sqlite.sql", "0001_a.postgres.sql", "2_b.sql")]
    public void Migrations_with_a_gap_a_missing_dialect_or_another_name_are_reported(params string[] files) =>
        Assert.NotEmpty(SourceRules.Migrations("src/X/Migrations", files, BothDialects));

    [Fact]
    public void Migrations_in_order_are_not_reported() =>
        Assert.Empty(SourceRules.Migrations("src/X/Migrations", ["0001_a.sqlite.sql", "0001_a.postgres.sql", "0002_b.sqlite.sql", "0002_b.postgres.sql"], BothDialects));
}
