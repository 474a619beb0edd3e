using Flagstone.Samples.Adjudication;
using Flagstone.Samples.Adjudication.Stub;
using Temporalio.Client;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.Tests.Adjudication;

/// <summary>The sample's claims, of seven days each, whose clocks jump.</summary>
public sealed class ClaimTests(HostFixture fixture)
{
    private const string ToAssessment = "LookUpPolicy ScoreFraud triage 2d ReserveFunds assessment";
    private const string ToRelease = $"{ToAssessment} 3d ScoreFraud release";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_claim_of_seven_days_is_paid_after_three_approvals_by_two_people()
    {
        await using var bench = await ClaimsBench.StartAsync(fixture.Host);
        var claim = await bench.ClaimAsync();

        await ClaimsBench.TaskAsync(claim, "triage");
        Assert.Equal(1, await claim.ExecuteUpdateAsync(w => w.AddDocumentAsync(new Document("invoice", new Uri("https://example.com/invoice")))));
        var refused = await Assert.ThrowsAsync<WorkflowUpdateFailedException>(() =>
            claim.ExecuteUpdateAsync(w => w.AddDocumentAsync(new Document("", new Uri("https://example.com/")))));
        Assert.Contains("no name of 1 to 200 characters", refused.InnerException!.Message, StringComparison.Ordinal);
        await ClaimsBench.DecideAsync(claim, "triage", bench.Ada.Inbox);
        var again = await bench.Ada.Inbox.DecideAsync(await ClaimsBench.TaskAsync(claim, "assessment"));
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, again.Status);
        Assert.Equal([claim.Id], await FoundAsync(bench.Client, "ClaimStatus = 'Assessment' AND Claimant = 'Grace'"));
        await ClaimsBench.DecideAsync(claim, "assessment", bench.Bob.Inbox);
        await ClaimsBench.TaskAsync(claim, "release");
        var late = await Assert.ThrowsAsync<WorkflowUpdateFailedException>(() =>
            claim.ExecuteUpdateAsync(w => w.AddDocumentAsync(new Document("late", new Uri("https://example.com/")))));
        Assert.Contains("comes too late", late.InnerException!.Message, StringComparison.Ordinal);
        await ClaimsBench.DecideAsync(claim, "release", bench.Ada.Inbox);

        var outcome = await claim.GetResultAsync(rpcOptions: new() { CancellationToken = Ct });
        Assert.Equal((ClaimStatus.Paid, "", 0), (outcome.Status, outcome.Reason, outcome.Undone.Count));
        var history = await ClaimsBench.ReplayedAsync(claim);
        Assert.Equal($"{ToRelease} PayOut 2d Notify", string.Join(' ', ClaimsBench.Done(history)));
        var days = (history.Events.Last().EventTime - history.Events.First().EventTime).ToTimeSpan().TotalDays;
        Assert.Equal(7, Math.Floor(days));
        var state = await claim.QueryAsync(w => w.State());
        Assert.Equal(
            [$"triage: approve by {bench.Ada.Name}: fine", $"assessment: approve by {bench.Bob.Name}: fine", $"release: approve by {bench.Ada.Name}: fine"],
            state.Decisions);
        Assert.Equal(("invoice", ClaimStatus.Paid), (Assert.Single(state.Documents).Name, state.Status));
        Assert.Equal([claim.Id], await FoundAsync(bench.Client, "ClaimStatus = 'Paid'"));
        var name = claim.Id["claim-".Length..];
        Assert.Equal([$"letters/{name} \"paid\"", $"payments/{name} 1200", $"reserves/{name} 1200"], bench.Stub.Kept);
    }

    [Fact]
    public async Task A_claim_that_is_refused_at_the_second_approval_is_undone_in_reverse()
    {
        await using var bench = await ClaimsBench.StartAsync(fixture.Host);
        var claim = await bench.ClaimAsync();
        await ClaimsBench.DecideAsync(claim, "triage", bench.Ada.Inbox);

        await ClaimsBench.DecideAsync(claim, "assessment", bench.Bob.Inbox, "reject");

        var outcome = await claim.GetResultAsync(rpcOptions: new() { CancellationToken = Ct });
        Assert.Equal((ClaimStatus.Refused, $"assessment by {bench.Bob.Name}: fine"), (outcome.Status, outcome.Reason));
        Assert.Equal(["release reserve", "notify"], outcome.Undone);
        Assert.Equal($"{ToAssessment} ReleaseReserve Notify", string.Join(' ', ClaimsBench.Done(await ClaimsBench.ReplayedAsync(claim))));
        Assert.Equal([$"letters/{claim.Id["claim-".Length..]} \"refused\""], bench.Stub.Kept);
        Assert.Equal([claim.Id], await FoundAsync(bench.Client, "ClaimStatus = 'Refused'"));
    }

    [Fact]
    public async Task A_payment_that_is_rejected_for_good_is_voided_before_all_else_is_undone()
    {
        await using var bench = await ClaimsBench.StartAsync(fixture.Host);
        // The first attempt pays, and nobody hears of it.
        bench.Stub.Fail("payments", Fault.Hangs, Fault.Rejects);
        var claim = await bench.ClaimAsync(new Terms { CallTimeout = TimeSpan.FromSeconds(2) });
        await ApproveAsync(bench, claim);

        var outcome = await claim.GetResultAsync(rpcOptions: new() { CancellationToken = Ct });

        Assert.Equal(ClaimStatus.Failed, outcome.Status);
        Assert.StartsWith("PayOut: PUT payments/", outcome.Reason, StringComparison.Ordinal);
        Assert.Equal(["void payment", "release reserve", "notify"], outcome.Undone);
        Assert.Equal($"{ToRelease} PayOut VoidPayment ReleaseReserve Notify", string.Join(' ', ClaimsBench.Done(await ClaimsBench.ReplayedAsync(claim))));
        Assert.Equal([$"letters/{claim.Id["claim-".Length..]} \"refused\""], bench.Stub.Kept);
    }

    [Fact]
    public async Task A_call_that_times_out_and_then_fails_is_made_again_and_its_attempts_are_recorded()
    {
        await using var bench = await ClaimsBench.StartAsync(fixture.Host);
        bench.Stub.Fail("fraud-scores", Fault.Hangs, Fault.Unavailable);
        var claim = await bench.ClaimAsync(new Terms { CallTimeout = TimeSpan.FromSeconds(2) });

        await ClaimsBench.DecideAsync(claim, "triage", bench.Ada.Inbox, "reject");

        await claim.GetResultAsync(rpcOptions: new() { CancellationToken = Ct });
        var path = $"GET fraud-scores/{claim.Id["claim-".Length..]}";
        var calls = bench.Stub.Calls.Where(c => c.StartsWith(path, StringComparison.Ordinal)).ToList();
        Assert.Equal([$"{path}: no answer", $"{path}: 503", $"{path}: 200"], calls.Take(3));
        var history = await ClaimsBench.ReplayedAsync(claim);
        var scheduled = history.Events.Single(e => e.ActivityTaskScheduledEventAttributes?.ActivityType.Name == "ScoreFraud").EventId;
        var started = history.Events.Single(e => e.ActivityTaskStartedEventAttributes?.ScheduledEventId == scheduled).ActivityTaskStartedEventAttributes;
        // A machine under load may take longer than the time-out for the third one too.
        Assert.Equal(calls.Count, started.Attempt);
        Assert.Contains(started.LastFailure.Message, (string[])[$"{path} answered 503: \"as ordered\"", "activity StartToClose timeout"]);
    }

    [Fact]
    public async Task An_approval_that_nobody_gives_in_time_goes_to_the_supervisors()
    {
        await using var bench = await ClaimsBench.StartAsync(fixture.Host);
        var claim = await bench.ClaimAsync(
            new Terms { Deadline = TimeSpan.FromSeconds(1), Triage = [$"user:{bench.Ada.Name}"], Supervisors = [$"user:{bench.Bob.Name}"] });
        var first = await ClaimsBench.TaskAsync(claim, "triage");

        await ClaimsBench.DecideAsync(claim, "triage", bench.Bob.Inbox, "reject", count: 2);

        var outcome = await claim.GetResultAsync(rpcOptions: new() { CancellationToken = Ct });
        Assert.Equal((ClaimStatus.Refused, $"triage by {bench.Bob.Name}: fine"), (outcome.Status, outcome.Reason));
        Assert.Equal("timedOut", (await bench.Ada.Inbox.GetAsync(first)).Body["state"]!.ToString());
        Assert.Equal("LookUpPolicy ScoreFraud triage triage Notify", string.Join(' ', ClaimsBench.Done(await ClaimsBench.ReplayedAsync(claim))));
    }

    [Fact]
    public async Task A_claim_that_is_cancelled_is_undone()
    {
        await using var bench = await ClaimsBench.StartAsync(fixture.Host);
        var claim = await bench.ClaimAsync();
        await ClaimsBench.DecideAsync(claim, "triage", bench.Ada.Inbox);
        await ClaimsBench.TaskAsync(claim, "assessment");

        await claim.CancelAsync();

        var failed = await Assert.ThrowsAsync<WorkflowFailedException>(() => claim.GetResultAsync(rpcOptions: new() { CancellationToken = Ct }));
        Assert.IsType<CanceledFailureException>(failed.InnerException);
        Assert.Equal($"{ToAssessment} ReleaseReserve Notify", string.Join(' ', ClaimsBench.Done(await ClaimsBench.ReplayedAsync(claim))));
    }

    private static async Task ApproveAsync(ClaimsBench bench, WorkflowHandle claim)
    {
        await ClaimsBench.DecideAsync(claim, "triage", bench.Ada.Inbox);
        await ClaimsBench.DecideAsync(claim, "assessment", bench.Bob.Inbox);
        await ClaimsBench.DecideAsync(claim, "release", bench.Ada.Inbox);
    }

    private static async Task<List<string>> FoundAsync(TemporalClient client, string query)
    {
        var found = new List<string>();
        await foreach (var run in client.ListWorkflowsAsync(query))
        {
            found.Add(run.Id);
        }

        return found;
    }
}
