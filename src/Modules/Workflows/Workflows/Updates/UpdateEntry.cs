using Flagstone.Workflows.Executions;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Update.V1;
using UpdateRequest = Temporalio.Api.Update.V1.Request;

namespace Flagstone.Workflows.Updates;

/// <summary>An update that is under way, or has just ended. In memory alone: what the workflow accepted is in its history.</summary>
/// <param name="request">What the caller asks; empty for one that was accepted before this process knew of it.</param>
internal sealed class UpdateEntry(string id, UpdateRequest request, UpdateWorkflowExecutionLifecycleStage stage)
{
    private TaskCompletionSource changed = New();

    public string Id => id;

    public UpdateRequest Request => request;

    public UpdateWorkflowExecutionLifecycleStage Stage { get; private set; } = stage;

    /// <summary>What came of it; null while it is under way, and where it was aborted.</summary>
    public Outcome? Outcome { get; private set; }

    /// <summary>Why it was aborted; the caller may try again where the status says so.</summary>
    public Refusal? Aborted { get; private set; }

    /// <summary>Whether it stands in the history as asked for: the worker reads it there, and is not told of it beside.</summary>
    public bool IsInHistory { get; init; }

    /// <summary>The stamp of the workflow task by which a worker was given it; empty for none.</summary>
    public string SentWith { get; set; } = "";

    public bool IsAdmitted => Stage == UpdateWorkflowExecutionLifecycleStage.Admitted;

    private bool IsOver => Outcome is not null || Aborted is not null;

    public void Accept() => Change(UpdateWorkflowExecutionLifecycleStage.Accepted, null, null);

    public void End(Outcome outcome) => Change(UpdateWorkflowExecutionLifecycleStage.Completed, outcome, null);

    public void Abort(Refusal why) => Change(Stage, null, why);

    /// <summary>Ends when the update has got so far, or is over, or the time is, or the process stops.</summary>
    public async Task WaitAsync(UpdateWorkflowExecutionLifecycleStage stage, TimeSpan most, TimeProvider clock, CancellationToken stopping)
    {
        var until = clock.GetUtcNow() + most;
        while (!stopping.IsCancellationRequested && !IsOver && Stage < stage && until - clock.GetUtcNow() is { } left && left > TimeSpan.Zero)
        {
            await changed.Task.WaitAsync(left, clock, stopping).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Current);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Change(UpdateWorkflowExecutionLifecycleStage stage, Outcome? outcome, Refusal? aborted)
    {
        (Stage, Outcome, Aborted) = (stage, outcome, aborted);
        var before = changed;
        changed = New();
        before.TrySetResult();
    }
}
