using System.Net;
using System.Text;
using Flagstone.Testing;

namespace Flagstone.Load;

/// <summary>Prepares a running host for the load.</summary>
internal static class Cluster
{
    private const int Writers = 64;

    /// <summary>Defines the kind that has the claim's schema and no controller, and waits until it is served.</summary>
    public static async Task DefineAsync(HttpClient client, CancellationToken ct)
    {
        using var definition = new StringContent(BenchClaim.Definition, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", UriKind.Relative), definition, ct);
        answer.EnsureSuccessStatusCode();
        await ServedAsync(client, BenchClaim.Path, ct);
    }

    public static async Task ServedAsync(HttpClient client, string path, CancellationToken ct)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            using var served = await client.GetAsync(new Uri($"{path}?limit=1", UriKind.Relative), ct);
            if (served.StatusCode == HttpStatusCode.OK)
            {
                return;
            }

            await pace.WaitForNextTickAsync(ct);
        }
    }

    /// <summary>Creates what is missing of the first <paramref name="size"/> resources.</summary>
    public static async Task FillAsync(HttpClient client, int from, int size, CancellationToken ct) =>
        await Parallel.ForEachAsync(Enumerable.Range(from, size - from), new ParallelOptions { MaxDegreeOfParallelism = Writers, CancellationToken = ct }, async (i, token) =>
        {
            using var body = new StringContent(BenchClaim.Body($"fill-{i}"), Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri(BenchClaim.Path, UriKind.Relative), body, token);
            if (answer.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.Conflict))
            {
                throw new InvalidOperationException($"create answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(token)}");
            }
        });
}
