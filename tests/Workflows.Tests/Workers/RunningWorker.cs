using Flagstone.Workflows.Tests.Nexus;
using Flagstone.Workflows.Tests.People;
using Flagstone.Workflows.Tests.People.Outside;
using Flagstone.Workflows.Tests.TimeSkipping;
using Temporalio.Client;
using Temporalio.Worker;

namespace Flagstone.Workflows.Tests.Workers;

/// <summary>A real worker of Temporal's SDK in this process, on a queue of its own.</summary>
internal sealed class RunningWorker : IAsyncDisposable
{
    public static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource stop = new();
    private readonly TemporalWorker worker;
    private readonly Task running;
    private bool stopped;

    private RunningWorker(TemporalClient client, string queue, SampleActivities activities, SampleService? service)
    {
        Client = client;
        Queue = queue;
        Activities = activities;
        var options = new TemporalWorkerOptions(queue) { MaxHeartbeatThrottleInterval = TimeSpan.FromMilliseconds(100), DefaultHeartbeatThrottleInterval = TimeSpan.FromMilliseconds(100) }
            .AddAllActivities(activities);
        foreach (var workflow in Samples)
        {
            options.AddWorkflow(workflow);
        }

        if (service is not null)
        {
            options.AddNexusService(service);
        }

        worker = new TemporalWorker(client, options);
        running = worker.ExecuteAsync(stop.Token);
    }

    public static IReadOnlyList<Type> Samples { get; } =
    [
        typeof(HelloWorkflow), typeof(ListeningWorkflow), typeof(TimerWorkflow), typeof(ActivityWorkflow), typeof(ChainWorkflow), typeof(CountdownWorkflow), typeof(PoisonedWorkflow),
        typeof(StubbornWorkflow), typeof(TickingWorkflow), typeof(ParentWorkflow), typeof(CallingWorkflow), typeof(FamilyWorkflow), typeof(RestlessWorkflow),
        typeof(UpdatableWorkflow), typeof(TaggedWorkflow), typeof(NexusCallingWorkflow), typeof(NexusTypedWorkflow), typeof(ApprovalWorkflow),
        typeof(ApprovalParentWorkflow), typeof(WeekWorkflow), typeof(DailyWorkflow), typeof(DaysWorkflow), typeof(SleepingParentWorkflow),
        typeof(SleepingChildWorkflow), typeof(OutsideApprovalWorkflow),
    ];

    public TemporalClient Client { get; }

    public string Queue { get; }

    public SampleActivities Activities { get; }

    public static RunningWorker Start(TemporalClient client, string? queue = null, SampleActivities? activities = null, SampleService? service = null) =>
        new(client, queue ?? $"queue-{Guid.NewGuid():N}", activities ?? new SampleActivities(), service);

    public WorkflowOptions Options(string? id = null) => new(id ?? $"wf-{Guid.NewGuid():N}", Queue);

    public async ValueTask DisposeAsync()
    {
        if (stopped)
        {
            return;
        }

        stopped = true;
        await stop.CancelAsync();
        try
        {
            await running.WaitAsync(LongestStop);
        }
        catch (OperationCanceledException)
        {
            // That is how a worker stops.
        }
        catch (TimeoutException)
        {
            // A worker whose host is gone tries for ever to tell it. The test has failed before; it shall say why.
            return;
        }

        worker.Dispose();
        stop.Dispose();
    }
}
