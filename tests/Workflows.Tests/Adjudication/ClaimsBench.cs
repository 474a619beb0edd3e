using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Samples.Adjudication;
using Flagstone.Samples.Adjudication.Stub;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.People;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Worker;

namespace Flagstone.Workflows.Tests.Adjudication;

/// <summary>The sample as it ships: a namespace of its own whose clocks may jump, the insurer's stub, a worker, and two people who decide.</summary>
internal sealed class ClaimsBench : IAsyncDisposable
{
    private readonly HttpClient http;
    private (TemporalWorker Worker, Task Running, CancellationTokenSource Stop)? work;

    private ClaimsBench(RunningHost host, TemporalClient client, InsurerStub stub, (string Name, Inbox Inbox) ada, (string Name, Inbox Inbox) bob)
    {
        (Host, Client, Stub, Ada, Bob) = (host, client, stub, ada, bob);
        http = new HttpClient { BaseAddress = stub.Address };
    }

    public RunningHost Host { get; }

    public TemporalClient Client { get; }

    public InsurerStub Stub { get; }

    public (string Name, Inbox Inbox) Ada { get; }

    public (string Name, Inbox Inbox) Bob { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<ClaimsBench> StartAsync(RunningHost host, Type? workflow = null)
    {
        var name = $"claims-{Guid.NewGuid():N}";
        using var kubernetes = host.KubernetesClient();
        using var made = await kubernetes.PostAsJsonAsync("/apis/workflows.flagstone.dev/v1alpha1/workflownamespaces", new JsonObject
        {
            ["apiVersion"] = "workflows.flagstone.dev/v1alpha1", ["kind"] = "WorkflowNamespace", ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["timeSkipping"] = true, ["searchAttributes"] = new JsonObject { ["ClaimStatus"] = "Keyword", ["Claimant"] = "Keyword" },
            },
        }, Ct);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Ct));
        var client = await TemporalClient.ConnectAsync(new TemporalClientConnectOptions($"127.0.0.1:{host.TemporalPort}")
        {
            ApiKey = host.Token, Namespace = name, Tls = new TlsOptions { Disabled = true },
        });
        var bench = new ClaimsBench(host, client, await InsurerStub.StartAsync(), await Inbox.OfAsync(host, "ada"), await Inbox.OfAsync(host, "bob"));
        await bench.DeployAsync("1", workflow);
        return bench;
    }

    /// <summary>Takes the place of the worker that runs, as a deployment does.</summary>
    public async Task DeployAsync(string build, Type? workflow = null)
    {
        await RetireAsync();
        var worker = new TemporalWorker(Client, ClaimsWorker.Options(build, new ClaimActivities(http), workflow));
        var stopping = new CancellationTokenSource();
        work = (worker, worker.ExecuteAsync(stopping.Token), stopping);
        await ClaimsWorker.MakeCurrentAsync(Client, build, Ct);
    }

    public async Task RetireAsync()
    {
        if (work is not var (worker, running, stopping))
        {
            return;
        }

        work = null;
        await stopping.CancelAsync();
        await running.WaitAsync(RunningWorker.LongestStop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        worker.Dispose();
        stopping.Dispose();
    }

    public Task<WorkflowHandle<AdjudicateClaim, Outcome>> ClaimAsync(Terms? terms = null) =>
        ClaimDesk.StartAsync(Client, new Claim($"C-{Guid.NewGuid():N}", "Grace", "P-7", 1_200), terms ?? new Terms(), skipTime: true);

    /// <summary>Waits until people are asked in a step, and decides.</summary>
    /// <param name="count">The how many-th task of the step.</param>
    public static async Task DecideAsync(WorkflowHandle handle, string step, Inbox inbox, string decision = "approve", int count = 1)
    {
        var (status, body) = await inbox.DecideAsync(await TaskAsync(handle, step, count), decision);
        Assert.True(status == HttpStatusCode.OK, body.ToJsonString());
    }

    public static async Task<string> TaskAsync(WorkflowHandle handle, string step, int count = 1)
    {
        await foreach (var seen in handle.FetchHistoryEventsAsync(new WorkflowHistoryEventFetchOptions { WaitNewEvent = true }).WithCancellation(Ct))
        {
            if (seen.ActivityTaskScheduledEventAttributes?.ActivityType.Name == step && --count == 0)
            {
                return $"{handle.RunId}.{seen.EventId}";
            }
        }

        throw new InvalidOperationException($"The claim {handle.Id} ended without {step}: {string.Join(' ', Done(await handle.FetchHistoryAsync()))}");
    }

    /// <summary>What a history did, in order: activities by their names, timers by their days.</summary>
    public static IEnumerable<string> Done(WorkflowHistory history) => history.Events.Select(e => e.EventType switch
    {
        EventType.ActivityTaskScheduled => e.ActivityTaskScheduledEventAttributes.ActivityType.Name,
        EventType.TimerStarted => $"{e.TimerStartedEventAttributes.StartToFireTimeout.ToTimeSpan().TotalDays}d",
        _ => "",
    }).Where(text => text.Length > 0);

    /// <summary>Replays a history with the code that ships.</summary>
    public static async Task<WorkflowHistory> ReplayedAsync(WorkflowHandle handle)
    {
        var history = await handle.FetchHistoryAsync();
        Assert.Equal(Enumerable.Range(1, history.Events.Count).Select(i => (long)i), history.Events.Select(e => e.EventId));
        await new WorkflowReplayer(new WorkflowReplayerOptions().AddWorkflow<AdjudicateClaim>()).ReplayWorkflowAsync(history, cancellationToken: Ct);
        return history;
    }

    public async ValueTask DisposeAsync()
    {
        await RetireAsync();
        http.Dispose();
        await Stub.DisposeAsync();
    }
}
