using System.Text.Json.Nodes;
using Flagstone.Platform;
using Flagstone.Platform.Feed;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Microsoft.Extensions.Hosting;

namespace Flagstone.Workflows.Namespaces;

/// <summary>Makes the namespace that SDKs use unless told otherwise, at the first start. Who deletes it gets it back at the next one.</summary>
internal sealed class DefaultNamespace(ResourceGateway gateway, LedgerTail tail) : BackgroundService, IStartWork
{
    public Task Finished => ExecuteTask ?? Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await tail.Started.WaitAsync(stoppingToken);
        var kind = WorkflowNamespaceKind.Namespace;
        var outcome = await gateway.CreateAsync(Caller.System("workflows"), kind, "", new JsonObject
        {
            ["apiVersion"] = kind.ApiVersion,
            ["kind"] = kind.Kind,
            ["metadata"] = new JsonObject { ["name"] = WorkflowNamespaceKind.Default },
            ["spec"] = new JsonObject { ["description"] = "What SDKs use unless told otherwise." },
        }, new WriteOptions { Origin = "bootstrap" }, stoppingToken);
        if (outcome is Refused { Problem: { Reason: not "AlreadyExists" } problem })
        {
            throw new InvalidOperationException($"The namespace '{WorkflowNamespaceKind.Default}' cannot be made: {problem.Detail}");
        }
    }
}
