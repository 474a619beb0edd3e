using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>The main job over a running host: the form, then the service's answer.</summary>
internal static class MainJob
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static Task FillInFormAsync(RunningHost host, string name, CancellationToken ct) =>
        FillInFormAsync(host, "nodejs-postgresql", new JsonObject { ["name"] = name, ["storageGB"] = 20 }, ct);

    /// <param name="values">What the golden path's form has beside owner, description and environment.</param>
    public static async Task FillInFormAsync(RunningHost host, string path, JsonObject values, CancellationToken ct)
    {
        values["owner"] = "group:default/demo";
        values["description"] = "Made by a test";
        values["environment"] = "dev";
        using var client = host.Client();
        using var form = new StringContent(new JsonObject { ["values"] = values }.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri($"/api/v1/templates/{path}/runs", UriKind.Relative), form, ct);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    /// <summary>The service's answer once it gives one; a time-out says what was seen last.</summary>
    public static async Task<JsonObject> AnswerAsync(RunningHost host, string name, CancellationToken ct)
    {
        using var client = new HttpClient();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
        timeout.CancelAfter(Patience);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var seen = "nothing";
        try
        {
            while (true)
            {
                using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{host.AppsPort}/{name}/{name}/"), timeout.Token);
                var body = await answer.Content.ReadAsStringAsync(timeout.Token);
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return JsonNode.Parse(body)!.AsObject();
                }

                seen = $"{answer.StatusCode}: {body}";
                await pace.WaitForNextTickAsync(timeout.Token);
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The service {name} did not answer in {Patience}. Last seen: {seen}\n{host.Log()}");
        }
    }

    /// <summary>How many there are of a kind, by its path in the Kubernetes API.</summary>
    public static async Task<int> CountAsync(RunningHost host, string path, CancellationToken ct)
    {
        using var client = host.KubernetesClient();
        return JsonNode.Parse(await client.GetStringAsync(new Uri(path, UriKind.Relative), ct))!["items"]!.AsArray().Count;
    }
}
