using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Flagstone.Testing;
using Temporalio.Client;

namespace Flagstone.Workflows.Tests.Processes;

/// <summary>The REST API of the platform's processes, as somebody uses it.</summary>
internal sealed class ProcessApi(RunningHost host, string? token = null)
{
    private readonly HttpClient http = host.Client(token);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async Task<(HttpStatusCode Status, JsonObject Body)> StartAsync(string process, JsonObject input, string reason = "it is time", string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/processes")
        {
            Content = JsonContent.Create(new JsonObject { ["process"] = process, ["input"] = input, ["reason"] = reason }),
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var answer = await http.SendAsync(request, Ct);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonObject>(Ct))!);
    }

    /// <summary>Starts one that must be accepted; its id.</summary>
    public async Task<string> StartedAsync(string process, JsonObject input)
    {
        var (status, body) = await StartAsync(process, input);
        Assert.True(status == HttpStatusCode.Accepted, body.ToJsonString());
        return body["id"]!.ToString();
    }

    public async Task<(HttpStatusCode Status, JsonObject Body)> CancelAsync(string id, string reason = "we keep it")
    {
        using var answer = await http.PostAsJsonAsync($"/api/v1/processes/{id}/cancellation", new JsonObject { ["reason"] = reason }, Ct);
        return (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonObject>(Ct))!);
    }

    public async Task<JsonObject> GetAsync(string id) => (await http.GetFromJsonAsync<JsonObject>($"/api/v1/processes/{id}", Ct))!;

    public async Task<List<string>> ListAsync(string query) =>
        [.. (await http.GetFromJsonAsync<JsonObject>($"/api/v1/processes?{query}", Ct))!["items"]!.AsArray().Select(i => i!["id"]!.ToString())];

    /// <summary>The process, once it is as wanted.</summary>
    public async Task<JsonObject> UntilAsync(string id, Func<JsonObject, bool> wanted)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            var process = await GetAsync(id);
            if (wanted(process))
            {
                return process;
            }

            await pace.WaitForNextTickAsync(Ct);
        }
    }

    /// <summary>The workflow run of a process.</summary>
    public static async Task<WorkflowHandle> RunAsync(RunningHost host, string workflowId, string id, string ns = "flagstone")
    {
        var client = await HostFixture.ConnectAsync(host);
        var options = (TemporalClientOptions)client.Options.Clone();
        options.Namespace = ns;
        return new TemporalClient(client.Connection, options).GetWorkflowHandle(workflowId, id);
    }

    public Task<JsonObject> EndedAsync(string id) => UntilAsync(id, p => p["state"]!.ToString() != "running");
}
