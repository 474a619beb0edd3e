using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Flagstone.Workflows.Tests.Workers;
using Temporalio.Api.Enums.V1;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.People;

/// <summary>The REST API of human tasks, as somebody uses it.</summary>
internal sealed class Inbox(RunningHost host, string? token = null)
{
    private readonly HttpClient http = host.Client(token);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Somebody of a role, whose name begins so.</summary>
    public static async Task<(string Name, Inbox Inbox)> OfAsync(RunningHost host, string name, string role = "approver", string? ns = null)
    {
        name = $"{name}-{Guid.NewGuid():N}";
        return (name, new Inbox(host, await FrontendTests.IssueAsync(host, name, role, ns)));
    }

    /// <summary>The id of the run's last task, once it is there.</summary>
    /// <param name="count">How many it must have scheduled.</param>
    public static async Task<string> TaskOfAsync(WorkflowHandle handle, int count = 1)
    {
        await foreach (var seen in handle.FetchHistoryEventsAsync(new WorkflowHistoryEventFetchOptions { WaitNewEvent = true }).WithCancellation(Ct))
        {
            if (seen.EventType == EventType.ActivityTaskScheduled && --count == 0)
            {
                return $"{handle.ResultRunId ?? handle.RunId ?? (await handle.DescribeAsync()).RunId}.{seen.EventId}";
            }
        }

        throw new InvalidOperationException($"The workflow {handle.Id} ended without the task: {(await handle.FetchHistoryAsync()).Types()}");
    }

    public Task<(HttpStatusCode Status, JsonObject Body)> DecideAsync(string id, string decision = "approve", string reason = "fine") =>
        PostAsync($"{id}/decision", new JsonObject { ["decision"] = decision, ["reason"] = reason });

    public Task<(HttpStatusCode Status, JsonObject Body)> DelegateAsync(string id, string to, string reason = "away") =>
        PostAsync($"{id}/delegation", new JsonObject { ["to"] = to, ["reason"] = reason });

    public async Task<(HttpStatusCode Status, JsonObject Body)> GetAsync(string id)
    {
        using var answer = await http.GetAsync(new Uri($"/api/v1/humantasks/{id}", UriKind.Relative), Ct);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonObject>(Ct))!);
    }

    /// <summary>The ids of all pages.</summary>
    public async Task<List<string>> ListAsync(string query)
    {
        var ids = new List<string>();
        string? cursor = null;
        do
        {
            var page = await http.GetFromJsonAsync<JsonObject>($"/api/v1/humantasks?{query}{(cursor is null ? "" : $"&cursor={cursor}")}", Ct);
            ids.AddRange(page!["items"]!.AsArray().Select(i => i!["id"]!.ToString()));
            cursor = page["next"]?.ToString();
        }
        while (cursor is not null);

        return ids;
    }

    private async Task<(HttpStatusCode Status, JsonObject Body)> PostAsync(string path, JsonObject body)
    {
        using var answer = await http.PostAsJsonAsync($"/api/v1/humantasks/{path}", body, Ct);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonObject>(Ct))!);
    }
}
