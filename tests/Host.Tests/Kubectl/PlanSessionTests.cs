namespace Flagstone.Host.Tests.Kubectl;

/// <summary>Plans by kubectl: what a change would make of the claim is in the answer to a dry run, and nothing of it is stored.</summary>
public sealed class PlanSessionTests(HostFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_diff_and_a_dry_run_show_what_a_new_claim_would_make()
    {
        var kubectl = await Kubectl.InAsync(fixture.Host, "s-plan-new");

        var diff = await kubectl.RunAsync("diff -f -", Claim("s-plan-new", 20));
        var tried = await kubectl.OkAsync("apply --dry-run=server -o yaml -f -", Claim("s-plan-new", 20));

        Assert.Equal(1, diff.ExitCode);
        Assert.Contains("+    - create Instance instance", diff.Output, StringComparison.Ordinal);
        Assert.Contains("    cost: at least USD ", tried, StringComparison.Ordinal);
        Assert.Contains("    requiredApprovals: unknown", tried, StringComparison.Ordinal);
        Assert.Contains("NotFound", await kubectl.RefusedAsync("get postgresqlinstances orders-db"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_diff_of_a_claim_shows_what_of_its_resources_would_change()
    {
        var kubectl = await Kubectl.InAsync(fixture.Host, "s-plan-change");
        await kubectl.OkAsync("apply --server-side -f -", Claim("s-plan-change", 20));
        await kubectl.OkAsync($"wait --for=condition=Ready postgresqlinstances/orders-db --timeout={Patience.TotalSeconds}s");

        var diff = await kubectl.RunAsync("diff --server-side -f -", Claim("s-plan-change", 50));
        var same = await kubectl.RunAsync("diff --server-side -f -", Claim("s-plan-change", 20));

        Assert.Contains("+    - 'change Instance instance: /spec/forProvider/allocatedStorage: 20 -> 50'", diff.Output, StringComparison.Ordinal);
        Assert.Equal("", same.Output);
        Assert.Equal(0, same.ExitCode);
    }

    [Fact]
    public async Task A_diff_of_a_composition_shows_its_tests_and_the_claims_that_would_follow()
    {
        var kubectl = await Kubectl.InAsync(fixture.Host, "s-plan-roll");
        var composition = await kubectl.OkAsync("get composition sqsqueue-aws-standard -o yaml");

        var tried = await kubectl.OkAsync("replace --dry-run=server -o yaml -f -", composition.Replace("kmsMasterKeyId", "nothingAtAll", StringComparison.Ordinal));

        Assert.Contains("    tests: failed", tried, StringComparison.Ordinal);
        Assert.DoesNotContain("nothingAtAll", await kubectl.OkAsync("get composition sqsqueue-aws-standard -o yaml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_composition_whose_test_fails_is_applied_with_a_warning_and_the_list_says_that_it_is_not_current()
    {
        var kubectl = await Kubectl.InAsync(fixture.Host, "s-plan-warned");
        await kubectl.OkAsync("apply --server-side -f -", Copied("data: { motto: calm }"));

        var passes = await kubectl.OkAsync("apply --server-side -f -", Copied("data: { motto: calm }, immutable: false"));
        var fails = await kubectl.OkAsync("apply --server-side -f -", Copied("data: { motto: bold }"));
        var again = await kubectl.OkAsync("apply --server-side -f -", Copied("data: { motto: bold }"));
        await kubectl.OkAsync($"wait --for=condition=Current=False composition/warned --timeout={Patience.TotalSeconds}s");
        var list = await kubectl.OkAsync("get compositions warned");

        Assert.DoesNotContain("Warning", passes, StringComparison.Ordinal);
        Assert.Contains("Warning: composition: CompositionTest warned: settings.data.motto is \"bold\" instead of \"calm\". The revision is not used while it fails.", fails, StringComparison.Ordinal);
        Assert.DoesNotContain("Warning", again, StringComparison.Ordinal);
        Assert.Matches(@"CURRENT\s", list);
        Assert.Contains("False", list, StringComparison.Ordinal);
    }

    private static string Copied(string settings) => $$"""
        apiVersion: flagstone.dev/v1alpha1
        kind: CompositionTest
        metadata: { name: warned }
        spec:
          compositionRef: { name: warned }
          composite: { spec: {} }
          expect: { resources: { settings: { data: { motto: calm } } } }
        ---
        apiVersion: apiextensions.crossplane.io/v1
        kind: Composition
        metadata: { name: warned }
        spec:
          compositeTypeRef: { apiVersion: platform.example.com/v1alpha1, kind: XS3Bucket }
          mode: Pipeline
          pipeline:
            - step: compose
              functionRef: { name: function-patch-and-transform }
              input:
                apiVersion: pt.fn.crossplane.io/v1beta1
                kind: Resources
                resources: [{ name: settings, base: { apiVersion: v1, kind: ConfigMap, {{settings}} } }]
        """;

    private static string Claim(string ns, int size) => $$"""
        apiVersion: platform.example.com/v1alpha1
        kind: PostgreSQLInstance
        metadata: { name: orders-db, namespace: {{ns}} }
        spec:
          parameters: { storageGB: {{size}} }
          compositionRef: { name: postgresql-aws-standard }
        """;
}
