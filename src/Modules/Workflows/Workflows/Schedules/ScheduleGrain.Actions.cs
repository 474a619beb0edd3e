using Flagstone.Workflows.Executions;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Temporalio.Api.WorkflowService.V1;

namespace Flagstone.Workflows.Schedules;

/// <summary>What the schedule does to executions.</summary>
internal sealed partial class ScheduleGrain
{
    /// <summary>A turn ends before Orleans gives its call up; what is left is due at once.</summary>
    private const int MaxPasses = 10;

    private const string CancelReason = "cancelled by schedule overlap policy";
    private const string TerminateReason = "terminated by schedule overlap policy";

    /// <summary>Does all that is due. False when something could not be done now.</summary>
    private async Task<bool> ActAsync()
    {
        for (var pass = 0; pass < MaxPasses && Due() <= clock.GetUtcNow(); pass++)
        {
            ScheduleRules.Advance(state!, times!, clock.GetUtcNow());
            // Decided and stored, with their ids, before they are done.
            if (await CommitAsync(new ScheduleStep()) is not null)
            {
                return false;
            }

            var starts = state!.Running.Where(r => !r.IsStarted).ToList();
            var stops = state.Running.Where(r => r.IsStarted && r.Stop != StopKind.None && !r.IsStopSent).ToList();
            if (starts.Count + stops.Count == 0)
            {
                continue;
            }

            var isOpen = starts.Count == 0 || await IsOpenAsync();
            var done = await Task.WhenAll([.. starts.Select(r => StartAsync(r, isOpen)), .. stops.Select(StopAsync)]);
            if (await CommitAsync(new ScheduleStep()) is not null || done.Contains(false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the schedule's namespace is there, and something new may begin in it.</summary>
    private async Task<bool> IsOpenAsync()
    {
        try
        {
            var ns = await namespaces.GetAsync(state!.NamespaceName, CancellationToken.None);
            return ns.Id == key.Namespace && !ns.IsDeprecated;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Starts a run. False when it is to be tried again.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "One execution that does not answer must not keep the others.")]
    private async Task<bool> StartAsync(ScheduledRun run, bool isOpen)
    {
        if (!isOpen)
        {
            LogNotStarted(key.ScheduleId, run.WorkflowId, "Nothing new begins in its namespace.");
            state!.Running.Remove(run);
            return true;
        }

        try
        {
            var call = new Call(ScheduledStart.Of(state!, run).ToByteArray(), run.RunId, state!.Author, "");
            var answer = await Execution(run.WorkflowId).StartScheduledAsync(call, key.ScheduleId);
            if (answer.Refusal is { Code: (int)StatusCode.Unavailable })
            {
                return false;
            }

            if (answer.Refusal is { } refusal)
            {
                LogNotStarted(key.ScheduleId, run.WorkflowId, refusal.Message);
                state!.Running.Remove(run);
                return true;
            }

            ScheduleRules.Started(state!, run, clock.GetUtcNow());
            return true;
        }
        catch (Exception e)
        {
            LogUnreached(e, key.ScheduleId, run.WorkflowId);
            return false;
        }
    }

    /// <summary>Ends a run for another one. False when it is to be tried again.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "One execution that does not answer must not keep the others.")]
    private async Task<bool> StopAsync(ScheduledRun run)
    {
        try
        {
            var answer = run.Stop == StopKind.Cancel
                ? await Execution(run.WorkflowId).RequestCancelAsync(CallOf(new RequestCancelWorkflowExecutionRequest
                {
                    FirstExecutionRunId = run.RunId, Reason = CancelReason, Identity = ScheduledStart.Identity(state!),
                }))
                : await Execution(run.WorkflowId).TerminateAsync(CallOf(new TerminateWorkflowExecutionRequest
                {
                    FirstExecutionRunId = run.RunId, Reason = TerminateReason, Identity = ScheduledStart.Identity(state!),
                }));
            // One that is not there to be ended has ended; its news is on the way.
            run.IsStopSent = answer.Refusal is null or { Code: (int)StatusCode.NotFound };
            return run.IsStopSent;
        }
        catch (Exception e)
        {
            LogUnreached(e, key.ScheduleId, run.WorkflowId);
            return false;
        }
    }

    private static Call CallOf(IMessage request) => new(request.ToByteArray(), "", "", "");

    private IExecutionGrain Execution(string workflowId) => grains.GetGrain<IExecutionGrain>(new ExecutionKey(key.Namespace, workflowId).ToString());

    [LoggerMessage(Level = LogLevel.Information, Message = "Schedule {Schedule} did not start {Workflow}: {Why}")]
    private partial void LogNotStarted(string schedule, string workflow, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedule {Schedule} did not reach {Workflow}; it is tried again")]
    private partial void LogUnreached(Exception exception, string schedule, string workflow);
}
