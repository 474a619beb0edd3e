using Flagstone.Catalog.Contracts;
using Flagstone.Catalog.Services;

namespace Flagstone.Catalog.Tests.Services;

public sealed class ServiceRulesTests
{
    private static readonly ClaimObservation Ready = new("PostgreSQLInstance", "db", true, "");
    private static readonly ClaimObservation Waiting = new("PostgreSQLInstance", "db", false, "Creating");
    private static readonly DeploymentObservation Up = new(1, 1, true, Rollout.Complete, "", "c", "c");

    public static TheoryData<string, string, string, string, string> Table => new()
    {
        // lifecycle, before, claim, deployment, phase
        { "experimental", "", "none", "none", "Scaffolded" },
        { "experimental", "", "waiting", "none", "Provisioning" },
        { "experimental", "", "waiting", "starting", "Provisioning" },
        { "experimental", "", "ready", "none", "Provisioning" },
        { "experimental", "Provisioning", "ready", "starting", "Deploying" },
        { "experimental", "Deploying", "ready", "up", "Running" },
        { "experimental", "", "none", "up", "Running" },
        { "production", "Running", "waiting", "up", "Degraded" },
        { "production", "Running", "ready", "down", "Degraded" },
        { "production", "Degraded", "ready", "up", "Running" },
        { "production", "Degraded", "ready", "down", "Degraded" },
        { "production", "Running", "ready", "rolling", "Deploying" },
        { "production", "Running", "ready", "zero", "Degraded" },
        { "production", "Running", "ready", "failed", "Degraded" },
        { "production", "Running", "ready", "stuck", "Degraded" },
        { "experimental", "Deploying", "ready", "failed", "Deploying" },
        { "deprecated", "Running", "ready", "up", "Deprecated" },
        { "retired", "Running", "ready", "up", "Retired" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void The_phase_follows_from_what_is_observed(string lifecycle, string before, string claim, string deployment, string phase)
    {
        var seen = Seen(lifecycle, before, claim, deployment);
        Assert.Equal(phase, ServiceRules.Decide(seen).Phase.ToString());
    }

    [Fact]
    public void A_component_on_its_way_out_is_retired() =>
        Assert.Equal(ServicePhase.Retired, ServiceRules.Decide(Seen("production", "Running", "ready", "up") with { IsDeleting = true }).Phase);

    [Fact]
    public void A_claim_that_waits_is_named_with_its_cause() =>
        Assert.Equal("PostgreSQLInstance 'db' is not ready: Creating", ServiceRules.Decide(Seen("experimental", "", "waiting", "none")).Message);

    [Fact]
    public void A_refused_commit_is_the_reason_only_while_the_service_has_not_run()
    {
        Assert.Equal("SourceRefused", ServiceRules.Decide(Seen("experimental", "", "none", "none") with { SourceProblem = "a.yaml:1: no" }).Reason);
        Assert.Equal(ServicePhase.Running, ServiceRules.Decide(Seen("experimental", "Running", "ready", "up") with { SourceProblem = "a.yaml:1: no" }).Phase);
        Assert.Equal("RollingOut", ServiceRules.Decide(Seen("experimental", "Deploying", "ready", "rolling") with { SourceProblem = "a.yaml:1: no" }).Reason);
    }

    [Fact]
    public void A_failed_rollout_is_not_ready_though_the_commit_before_answers()
    {
        var failed = Up with { Rollout = Rollout.Failed, Message = "It ends by itself", Wanted = "bbbbbbbbbb", Answering = "aaaaaaaaaa" };

        var verdict = ServiceRules.Decide(Seen("production", "Running", "ready", "up") with { Deployment = failed });

        Assert.Equal((ServicePhase.Degraded, false, "RolloutFailed"), (verdict.Phase, verdict.Ready, verdict.Reason));
        Assert.Equal("Commit bbbbbbbb has failed: It ends by itself. Commit aaaaaaaa goes on answering.", verdict.Message);
    }

    private static ServiceObservation Seen(string lifecycle, string before, string claim, string deployment) => new(
        lifecycle,
        false,
        Enum.TryParse<ServicePhase>(before, out var phase) ? phase : null,
        claim switch { "ready" => [Ready], "waiting" => [Waiting], _ => [] },
        deployment switch
        {
            "up" => Up,
            "starting" => Up with { Ready = 0, IsAvailable = false, Rollout = Rollout.Underway },
            "failed" => Up with { Ready = 0, IsAvailable = false, Rollout = Rollout.Failed },
            "stuck" => Up with { Rollout = Rollout.Failed },
            "down" => Up with { Ready = 0, IsAvailable = false },
            "rolling" => Up with { Rollout = Rollout.Underway },
            "zero" => Up with { Desired = 0, Ready = 0 },
            _ => null,
        },
        "");
}
