using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Common.V1;
using Temporalio.Client;
using Temporalio.Client.Interceptors;

namespace Flagstone.Workflows.Tests.TimeSkipping;

/// <summary>A namespace in which clocks may jump, and starts in it.</summary>
internal static class SkippingBench
{
    public static readonly TimeSkippingConfig Enabled = new() { Enabled = true };

    /// <summary>Makes a namespace of the test's own, and a client of it.</summary>
    public static async Task<TemporalClient> ConnectAsync(
        RunningHost host, CancellationToken ct, IReadOnlyCollection<IClientInterceptor>? interceptors = null)
    {
        var name = $"skips-{Guid.NewGuid():N}";
        using var http = host.KubernetesClient();
        using var made = await http.PostAsJsonAsync("/apis/workflows.flagstone.dev/v1alpha1/workflownamespaces", new JsonObject
        {
            ["apiVersion"] = "workflows.flagstone.dev/v1alpha1", ["kind"] = "WorkflowNamespace",
            ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = new JsonObject { ["timeSkipping"] = true },
        }, ct);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(ct));
        return await TemporalClient.ConnectAsync(new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}")
        {
            ApiKey = host.Token, Namespace = name, Tls = new TlsOptions { Disabled = true }, Interceptors = interceptors,
        });
    }

    /// <summary>Starts a workflow with a configuration, which no option of the SDK has.</summary>
    public static async Task<WorkflowHandle> StartAsync(this RunningWorker worker, string type, TimeSkippingConfig? config, params object?[] arguments)
    {
        var (client, id) = (worker.Client, $"wf-{Guid.NewGuid():N}");
        await client.WorkflowService.StartWorkflowExecutionAsync(new()
        {
            Namespace = client.Options.Namespace, WorkflowId = id, WorkflowType = new() { Name = type }, TaskQueue = new() { Name = worker.Queue },
            Input = new() { Payloads_ = { arguments.Select(client.Options.DataConverter.PayloadConverter.ToPayload) } },
            RequestId = Guid.NewGuid().ToString(), TimeSkippingConfig = config,
        });
        return client.GetWorkflowHandle(id);
    }

    /// <summary>Says a configuration of a run that is open; null takes it away.</summary>
    public static Task UpdateAsync(this WorkflowHandle handle, TimeSkippingConfig? config) =>
        handle.Client.WorkflowService.UpdateWorkflowExecutionOptionsAsync(new()
    {
        Namespace = handle.Client.Options.Namespace, WorkflowExecution = new() { WorkflowId = handle.Id },
        WorkflowExecutionOptions = new() { TimeSkippingConfig = config }, UpdateMask = new() { Paths = { "time_skipping_config" } },
    });

    /// <summary>How a run skips; null where it never did.</summary>
    public static async Task<TimeSkippingInfo?> SkippingAsync(this WorkflowHandle handle) =>
        (await handle.Client.WorkflowService.DescribeWorkflowExecutionAsync(
            new() { Namespace = handle.Client.Options.Namespace, Execution = new() { WorkflowId = handle.Id } })).WorkflowExtendedInfo.TimeSkippingInfo;
}
