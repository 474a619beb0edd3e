using Flagstone.Samples.Adjudication;
using Flagstone.Testing;
using Temporalio.Workflows;
using Behavior = Temporalio.Common.VersioningBehavior;

namespace Flagstone.Workflows.Tests.Adjudication;

/// <summary>The sample's claims over a kill of the host and deployments of their worker.</summary>
public sealed class ClaimCrashTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Claims_outlive_a_kill_and_a_new_build_of_their_worker_each_by_the_code_that_its_history_needs()
    {
        await using var host = await RunningHost.StartAsync(Ct);
        await using var bench = await ClaimsBench.StartAsync(host, typeof(AdjudicateClaimOfBuild1));
        var (far, near) = (await bench.ClaimAsync(), await bench.ClaimAsync());
        foreach (var claim in (Temporalio.Client.WorkflowHandle[])[far, near])
        {
            await ClaimsBench.DecideAsync(claim, "triage", bench.Ada.Inbox);
        }

        await ClaimsBench.DecideAsync(far, "assessment", bench.Bob.Inbox);
        await ClaimsBench.TaskAsync(far, "release");
        await ClaimsBench.TaskAsync(near, "assessment");

        await host.KillAsync();
        await host.StartAgainAsync(Ct);
        await bench.DeployAsync("2");

        await ClaimsBench.DecideAsync(far, "release", bench.Ada.Inbox);
        await ClaimsBench.DecideAsync(near, "assessment", bench.Bob.Inbox);
        await ClaimsBench.DecideAsync(near, "release", bench.Ada.Inbox);
        Assert.Equal(ClaimStatus.Paid, (await far.GetResultAsync(rpcOptions: new() { CancellationToken = Ct })).Status);
        Assert.Equal(ClaimStatus.Paid, (await near.GetResultAsync(rpcOptions: new() { CancellationToken = Ct })).Status);
        var histories = (Far: await ClaimsBench.ReplayedAsync(far), Near: await ClaimsBench.ReplayedAsync(near));
        const string begun = "LookUpPolicy ScoreFraud triage 2d ReserveFunds assessment 3d";
        Assert.Equal($"{begun} release PayOut 2d Notify", string.Join(' ', ClaimsBench.Done(histories.Far)));
        Assert.Equal($"{begun} ScoreFraud release PayOut 2d Notify", string.Join(' ', ClaimsBench.Done(histories.Near)));
        var builds = histories.Far.Events.Select(e => e.WorkflowTaskCompletedEventAttributes?.DeploymentVersion?.BuildId).Where(b => b is not null);
        Assert.Equal(["1", "2"], builds.Distinct());
        Assert.Equal(2, bench.Stub.Kept.Count(kept => kept.StartsWith("payments/", StringComparison.Ordinal)));
    }
}

/// <summary>The sample's workflow as it was before its patch.</summary>
[Workflow("AdjudicateClaim", VersioningBehavior = Behavior.AutoUpgrade)]
public sealed class AdjudicateClaimOfBuild1 : AdjudicateClaim
{
    [WorkflowRun]
    public override Task<Outcome> RunAsync(Claim claim, Terms terms) => base.RunAsync(claim, terms);

    protected override bool ScoresAgain() => false;
}
