using System.Text.Json.Nodes;
using Flagstone.Testing;

namespace Flagstone.EndToEnd.Tests;

/// <summary>The golden paths of Temporal workers: a form becomes a worker with a Temporal namespace of its own.</summary>
public sealed class TemporalJobTests
{
    private const string Namespaces = "/apis/temporal.flagstone.dev/v1alpha1/temporalnamespaces";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("nodejs-temporal")]
    [InlineData("dotnet-temporal")]
    public async Task A_form_becomes_a_worker_that_answers_with_its_workflows_result_and_outlives_a_kill(string path)
    {
        await using var host = await RunningHost.StartAsync(Ct);
        var lockFile = Path.Combine(AppContext.BaseDirectory, "GoldenPaths", path, "skeleton/app/src/packages.lock.json");
        if (File.Exists(lockFile))
        {
            await NuGetFolder.FillAsync(host, lockFile, Ct);
        }

        await MainJob.FillInFormAsync(host, path, new JsonObject { ["name"] = "greeter", ["retentionDays"] = 7, ["searchAttribute"] = "Guest" }, Ct);
        var first = await MainJob.AnswerAsync(host, "greeter", Ct);

        await host.KillAsync();
        await host.StartAgainAsync(Ct);

        var second = await MainJob.AnswerAsync(host, "greeter", Ct);
        Assert.Equal(("greeter", "Hello, world!"), (first["service"]!.GetValue<string>(), first["result"]!.GetValue<string>()));
        Assert.Equal("Hello, world!", second["result"]!.GetValue<string>());
        Assert.Equal(1, await MainJob.CountAsync(host, Namespaces, Ct));
    }
}
