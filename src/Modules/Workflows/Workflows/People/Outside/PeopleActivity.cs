using Temporalio.Activities;
using Temporalio.Api.Common.V1;
using Temporalio.Api.Enums.V1;
using Temporalio.Converters;
using Temporalio.Exceptions;

namespace Flagstone.Workflows.People.Outside;

/// <summary>
/// Takes what workflows at the server elsewhere schedule for people, whatever its name. It ends when the task is stored; the activity goes on until somebody
/// decides.
/// </summary>
internal sealed class PeopleActivity(IGrainFactory grains, TimeProvider clock)
{
    /// <summary>About a minute; then the attempt fails, and the activity's retry policy says what comes.</summary>
    private const int Tries = 30;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    [Activity(Dynamic = true)]
    public async Task AskAsync(IRawValue[] input)
    {
        var context = ActivityExecutionContext.Current;
        var refusal = context.Info.IsWorkflowActivity
            ? HumanRequestReader.Refuse(new Payloads { Payloads_ = { input.Select(i => i.Payload) } })
            : PeopleQueue.NoStandalone;
        if (refusal is not null)
        {
            throw new ApplicationFailureException(refusal, "BadRequest", nonRetryable: true, category: ApplicationErrorCategory.Benign);
        }

        var ask = new OutsideAsk(context.Info.WorkflowNamespace!, context.Info.WorkflowId!, context.Info.WorkflowRunId!, context.Info.ActivityId);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, context.WorkerShutdownToken);
        for (var tried = 1; ; tried++)
        {
            var why = await TryAsync(ask);
            if (why.Length == 0)
            {
                throw new CompleteAsyncException();
            }

            if (tried == Tries)
            {
                throw new ApplicationFailureException(
                    $"People could not be asked now; they are with the next attempt. {why}", category: ApplicationErrorCategory.Benign);
            }

            await Task.Delay(Pause, clock, stop.Token);
        }
    }

    private async Task<string> TryAsync(OutsideAsk ask)
    {
        try
        {
            return await grains.GetGrain<IOutsideRunGrain>(ask.RunId).AskAsync(ask);
        }
        catch (Exception e) when (e is TimeoutException or Orleans.Runtime.OrleansException)
        {
            return e.Message;
        }
    }
}
