using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Api.Nexus.V1;
using Temporalio.Api.OperatorService.V1;
using Temporalio.Api.Workflow.V1;
using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;
using Temporalio.Common;

namespace Flagstone.Workflows.Tests.Nexus;

/// <summary>A worker with the sample service, and an endpoint that leads to it.</summary>
internal sealed class NexusBench : IAsyncDisposable
{
    private NexusBench(RunningWorker worker, SampleService service, Endpoint endpoint)
    {
        Worker = worker;
        Service = service;
        Endpoint = endpoint;
    }

    public RunningWorker Worker { get; private set; }

    public TemporalClient Client => Worker.Client;

    public SampleService Service { get; }

    public Endpoint Endpoint { get; }

    public static async Task<NexusBench> StartAsync(TemporalClient client)
    {
        var service = new SampleService();
        var worker = RunningWorker.Start(client, service: service);
        return new NexusBench(worker, service, await CreateAsync(client, worker.Queue));
    }

    public static async Task<Endpoint> CreateAsync(TemporalClient client, string queue, string? name = null) =>
        (await client.OperatorService.CreateNexusEndpointAsync(new CreateNexusEndpointRequest { Spec = Spec(name ?? NewName(), queue) })).Endpoint;

    public static EndpointSpec Spec(string name, string queue, string ns = "default") =>
        new() { Name = name, Target = new() { Worker = new() { Namespace = ns, TaskQueue = queue } } };

    public static string NewName() => $"endpoint-{Guid.NewGuid():N}";

    public NexusPlan Plan(string operation, object input) => new(Endpoint.Spec.Name, operation, input);

    public Task<WorkflowHandle<NexusCallingWorkflow, string>> CallAsync(string operation, object input) => CallAsync(Plan(operation, input));

    public Task<WorkflowHandle<NexusCallingWorkflow, string>> CallAsync(NexusPlan plan) =>
        Client.StartWorkflowAsync((NexusCallingWorkflow w) => w.RunAsync(plan), Worker.Options());

    public async Task<DescribeWorkflowExecutionResponse> DescribeAsync(WorkflowHandle handle) =>
        await Client.WorkflowService.DescribeWorkflowExecutionAsync(new DescribeWorkflowExecutionRequest
        {
            Namespace = "default", Execution = new() { WorkflowId = handle.Id },
        });

    /// <summary>Looks at the operation until it is as wanted.</summary>
    public async Task<PendingNexusOperationInfo> PendingAsync(WorkflowHandle handle, Func<PendingNexusOperationInfo, bool> wanted, CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            if ((await DescribeAsync(handle)).PendingNexusOperations.FirstOrDefault(wanted) is { } found)
            {
                return found;
            }
        }
    }

    public ValueTask DisposeAsync() => Worker.DisposeAsync();
}

internal static class NexusHistories
{
    /// <summary>The types of its events without those of workflow tasks and signals. A task may time out that died with its process.</summary>
    public static string Steps(this WorkflowHistory history) => string.Join(' ', history.Events.Select(e => e.EventType).Where(t => t is not
        (EventType.WorkflowTaskScheduled or EventType.WorkflowTaskStarted or EventType.WorkflowTaskCompleted or EventType.WorkflowTaskTimedOut
        or EventType.WorkflowExecutionSignaled)));
}
