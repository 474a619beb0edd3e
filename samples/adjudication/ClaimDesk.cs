using Temporalio.Api.Common.V1;
using Temporalio.Client;
using Temporalio.Converters;

namespace Flagstone.Samples.Adjudication;

/// <summary>Where claims come in.</summary>
public static class ClaimDesk
{
    /// <summary>Starts the adjudication of a claim; a second time for the same claim it is refused.</summary>
    /// <param name="skipTime">Whether its clock jumps over waiting, in a namespace that allows it.</param>
    public static async Task<WorkflowHandle<AdjudicateClaim, Outcome>> StartAsync(TemporalClient client, Claim claim, Terms terms, bool skipTime)
    {
        // By the request itself: no option of the SDK has the configuration of time.
        var started = await client.WorkflowService.StartWorkflowExecutionAsync(new()
        {
            Namespace = client.Options.Namespace,
            WorkflowId = $"claim-{claim.Id}",
            WorkflowType = new() { Name = "AdjudicateClaim" },
            TaskQueue = new() { Name = ClaimsWorker.Queue },
            Input = new() { Payloads_ = { await client.Options.DataConverter.ToPayloadsAsync([claim, terms]) } },
            RequestId = Guid.NewGuid().ToString(),
            Identity = "claim desk",
            TimeSkippingConfig = skipTime ? new TimeSkippingConfig { Enabled = true } : null,
        });
        return client.GetWorkflowHandle<AdjudicateClaim, Outcome>($"claim-{claim.Id}", started.RunId);
    }
}
