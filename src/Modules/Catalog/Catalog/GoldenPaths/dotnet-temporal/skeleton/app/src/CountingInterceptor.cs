using Temporalio.Activities;
using Temporalio.Exceptions;
using Temporalio.Worker.Interceptors;
using Temporalio.Workflows;

namespace Service;

/// <summary>Counts workflows that begin and end at this worker, and attempts of its activities.</summary>
public sealed class CountingInterceptor(ServiceMetrics metrics) : IWorkerInterceptor
{
    public WorkflowInboundInterceptor InterceptWorkflow(WorkflowInboundInterceptor nextInterceptor) => new WorkflowCounting(nextInterceptor, metrics);

    public ActivityInboundInterceptor InterceptActivity(ActivityInboundInterceptor nextInterceptor) => new ActivityCounting(nextInterceptor, metrics);

    private sealed class WorkflowCounting(WorkflowInboundInterceptor next, ServiceMetrics metrics) : WorkflowInboundInterceptor(next)
    {
        public override async Task<object?> ExecuteWorkflowAsync(ExecuteWorkflowInput input)
        {
            Count(() => metrics.WorkflowStarted(Workflow.Info.WorkflowType));
            try
            {
                var result = await base.ExecuteWorkflowAsync(input);
                Count(() => metrics.WorkflowClosed(Workflow.Info.WorkflowType, "completed"));
                return result;
            }
            catch (Exception e) when (OutcomeOf(e) is { } outcome)
            {
                Count(() => metrics.WorkflowClosed(Workflow.Info.WorkflowType, outcome));
                throw;
            }
        }

        // A replay has been counted before.
        private static void Count(Action count)
        {
            if (!Workflow.Unsafe.IsReplaying)
            {
                count();
            }
        }

        // Any other exception is a bug: it fails the task, which is tried again, and the workflow goes on once a mended worker is deployed.
        private static string? OutcomeOf(Exception e) => e switch
        {
            ContinueAsNewException => "continued",
            _ when TemporalException.IsCanceledException(e) => "canceled",
            FailureException => "failed",
            _ => null,
        };
    }

    private sealed class ActivityCounting(ActivityInboundInterceptor next, ServiceMetrics metrics) : ActivityInboundInterceptor(next)
    {
        public override async Task<object?> ExecuteActivityAsync(ExecuteActivityInput input)
        {
            var activity = ActivityExecutionContext.Current.Info.ActivityType;
            try
            {
                var result = await base.ExecuteActivityAsync(input);
                metrics.ActivityAttempted(activity, "completed");
                return result;
            }
            catch (Exception e)
            {
                var outcome = e is CompleteAsyncException ? "handed-over" : TemporalException.IsCanceledException(e) ? "canceled" : "failed";
                metrics.ActivityAttempted(activity, outcome);
                throw;
            }
        }
    }
}
