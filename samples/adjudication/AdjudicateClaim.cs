using Temporalio.Common;
using Temporalio.Exceptions;
using Temporalio.Workflows;

namespace Flagstone.Samples.Adjudication;

/// <summary>
/// Takes a claim from its intake to its payment: four external calls, three approvals, and seven days of waiting. What was done is undone when
/// the claim is refused, fails or is cancelled.
/// </summary>
[Workflow("AdjudicateClaim", VersioningBehavior = VersioningBehavior.AutoUpgrade)]
public class AdjudicateClaim
{
    private const int MaxFraudScore = 80;
    private const int MaxDocuments = 50;
    private const int MaxDocumentName = 200;

    private readonly Saga saga = new();
    private readonly List<string> decisions = [];
    private readonly List<Document> documents = [];
    private string status = "";
    private string decidedBy = "";
    private bool releasing;

    [WorkflowRun]
    public virtual async Task<Outcome> RunAsync(Claim claim, Terms terms)
    {
        Workflow.UpsertTypedSearchAttributes(ClaimAttributes.Claimant.ValueSet(claim.Claimant));
        try
        {
            await AdjudicateAsync(claim, terms);
            return await EndAsync(ClaimStatus.Paid, "");
        }
        catch (RefusedException e)
        {
            await saga.UndoAsync();
            return await EndAsync(ClaimStatus.Refused, e.Message);
        }
        catch (ActivityFailureException e) when (!TemporalException.IsCanceledException(e))
        {
            await saga.UndoAsync();
            return await EndAsync(ClaimStatus.Failed, $"{e.ActivityType}: {e.InnerException?.Message}");
        }
        catch (Exception e) when (TemporalException.IsCanceledException(e))
        {
            await saga.UndoAsync();
            throw;
        }
    }

    [WorkflowQuery]
    public ClaimState State() => new(status, [.. decisions], [.. documents], saga.Undone);

    /// <summary>Adds a document, and answers how many there are.</summary>
    [WorkflowUpdate]
    public Task<int> AddDocumentAsync(Document document)
    {
        documents.Add(document);
        return Task.FromResult(documents.Count);
    }

    [WorkflowUpdateValidator(nameof(AddDocumentAsync))]
    public void ValidateDocument(Document document)
    {
        if (document is not { Name.Length: > 0 and <= MaxDocumentName })
        {
            throw new ArgumentException($"The document has no name of 1 to {MaxDocumentName} characters.", nameof(document));
        }

        if (documents.Count >= MaxDocuments)
        {
            throw new InvalidOperationException($"The claim has {MaxDocuments} documents, which is the most.");
        }

        if (releasing)
        {
            throw new InvalidOperationException("The claim is about to be paid: a document comes too late.");
        }
    }

    /// <summary>
    /// Since build 2 the fraud score is asked once more before money leaves. A claim that was beyond that point with build 1 goes on as build 1
    /// would: its history has no such call.
    /// </summary>
    protected virtual bool ScoresAgain() => Workflow.Patched("score-before-release");

    private async Task AdjudicateAsync(Claim claim, Terms terms)
    {
        var (limited, certain) = (ExternalCalls.Limited(terms), ExternalCalls.Certain(terms));
        saga.Add("notify", () => Workflow.ExecuteActivityAsync((ClaimActivities a) => a.NotifyAsync(claim, "refused"), certain));

        Move(ClaimStatus.Intake);
        var policy = await Workflow.ExecuteActivityAsync((ClaimActivities a) => a.LookUpPolicyAsync(claim), limited);
        if (claim.Amount > policy.Limit)
        {
            throw new RefusedException($"The policy covers {policy.Limit} at most, and {claim.Amount} is claimed.");
        }

        await CheckFraudAsync(claim, limited);
        await ApproveAsync("triage", $"Take up claim {claim.Id}?", claim, terms, terms.Triage, ClaimStatus.Triage);

        Move(ClaimStatus.Documents);
        await Workflow.DelayAsync(terms.Documents);
        saga.Add("release reserve", () => Workflow.ExecuteActivityAsync((ClaimActivities a) => a.ReleaseReserveAsync(claim), certain));
        await Workflow.ExecuteActivityAsync((ClaimActivities a) => a.ReserveFundsAsync(claim), limited);
        await ApproveAsync("assessment", $"Is claim {claim.Id} justified?", claim, terms, terms.Assessors, ClaimStatus.Assessment);

        Move(ClaimStatus.Objection);
        await Workflow.DelayAsync(terms.Objection);
        if (ScoresAgain())
        {
            await CheckFraudAsync(claim, limited);
        }

        releasing = true;
        await ApproveAsync("release", $"Pay {claim.Amount} for claim {claim.Id}?", claim, terms, terms.Payers, ClaimStatus.Release);
        saga.Add("void payment", () => Workflow.ExecuteActivityAsync((ClaimActivities a) => a.VoidPaymentAsync(claim), certain));
        await Workflow.ExecuteActivityAsync((ClaimActivities a) => a.PayOutAsync(claim), limited);

        Move(ClaimStatus.Settlement);
        await Workflow.DelayAsync(terms.Settlement);
        saga.Settle();
        await Workflow.ExecuteActivityAsync((ClaimActivities a) => a.NotifyAsync(claim, "paid"), certain);
    }

    private static async Task CheckFraudAsync(Claim claim, ActivityOptions limited)
    {
        var score = await Workflow.ExecuteActivityAsync((ClaimActivities a) => a.ScoreFraudAsync(claim), limited);
        if (score > MaxFraudScore)
        {
            throw new RefusedException($"The fraud score is {score}, and {MaxFraudScore} at most is taken.");
        }
    }

    private async Task ApproveAsync(string step, string title, Claim claim, Terms terms, IReadOnlyList<string> assignees, string during)
    {
        Move(during);
        var decision = await Approvals.AskAsync(step, title, claim, documents.Count, assignees, decidedBy, terms.Deadline);
        if (decision is null)
        {
            Move(ClaimStatus.Escalated);
            decision = await Approvals.AskAsync(step, $"Overdue: {title}", claim, documents.Count, terms.Supervisors, decidedBy, terms.Extension)
                ?? throw new RefusedException($"Nobody decided on {step} in time.");
        }

        decisions.Add($"{step}: {decision.Made} by {decision.By}: {decision.Reason}");
        // Two people see each claim: nobody decides twice in a row.
        decidedBy = decision.By;
        if (decision.Made != "approve")
        {
            throw new RefusedException($"{step} by {decision.By}: {decision.Reason}");
        }
    }

    private async Task<Outcome> EndAsync(string how, string reason)
    {
        Move(how);
        // Whoever cancels now comes too late.
        await Workflow.WaitConditionAsync(() => Workflow.AllHandlersFinished, CancellationToken.None);
        return new Outcome(how, reason, saga.Undone);
    }

    private void Move(string next)
    {
        status = next;
        Workflow.UpsertTypedSearchAttributes(ClaimAttributes.Status.ValueSet(next));
    }
}
