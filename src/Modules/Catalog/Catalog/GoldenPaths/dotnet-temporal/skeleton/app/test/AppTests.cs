using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Service.Tests;

public sealed class AppTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_workflow_is_given_the_name_and_its_result_answered()
    {
        await using var service = await StartAsync();
        Assert.Equal("""{"service":"orders","workflowId":"greeting-1","result":"Hello, world!"}""", await service.Http.GetStringAsync("/", Ct));
        Assert.Equal("Hello, Ada L!", JsonNode.Parse(await service.Http.GetStringAsync("/?name=Ada%20L", Ct))!["result"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_workflow_that_takes_long_is_answered_by_its_id()
    {
        await using var service = await StartAsync(_ => new("greeting-1", null));
        using var answer = await service.Http.GetAsync("/", Ct);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal("""{"service":"orders","workflowId":"greeting-1","status":"running"}""", await answer.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task A_name_that_is_too_long_starts_nothing()
    {
        await using var service = await StartAsync(_ => throw new InvalidOperationException("started"));
        using var answer = await service.Http.GetAsync($"/?name={new string('x', 101)}", Ct);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task The_process_is_alive_while_its_worker_does_not_poll_and_starts_nothing()
    {
        await using var service = await StartAsync(_ => throw new InvalidOperationException("started"), ready: false);
        List<HttpStatusCode> statuses = [];
        foreach (var path in (string[])["/healthz", "/readyz", "/"])
        {
            using var answer = await service.Http.GetAsync(path, Ct);
            statuses.Add(answer.StatusCode);
        }

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable], statuses);
    }

    [Fact]
    public async Task A_failure_says_nothing_about_its_cause_to_the_caller()
    {
        await using var service = await StartAsync(_ => throw new InvalidOperationException("token of app is wrong"));
        using var answer = await service.Http.GetAsync("/", Ct);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.DoesNotContain("token", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_are_counted_and_timed_by_route_unknown_paths_under_one_label()
    {
        await using var service = await StartAsync();
        await service.Http.GetStringAsync("/", Ct);
        using var missing = await service.Http.GetAsync("/a/path/of/a/scanner", Ct);
        var text = await service.Http.GetStringAsync("/metrics", Ct);
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Matches("""http_requests_total\{method="GET",route="/",status="200"\} 1""", text);
        Assert.Matches("""http_requests_total\{method="GET",route="unknown",status="404"\} 1""", text);
        Assert.Matches("""http_request_duration_seconds_bucket\{method="GET",route="/",status="200",le="0.005"\}""", text);
        Assert.Contains("dotnet_process_cpu_time_seconds_total", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Workflows_and_attempts_of_activities_are_counted_by_how_they_end()
    {
        await using var service = await StartAsync();
        var metrics = service.App.Services.GetRequiredService<ServiceMetrics>();
        metrics.WorkflowStarted("greeting");
        metrics.WorkflowClosed("greeting", "completed");
        metrics.ActivityAttempted("composeGreeting", "failed");
        var text = await service.Http.GetStringAsync("/metrics", Ct);
        Assert.Matches("""workflows_started_total\{workflow="greeting"\} 1""", text);
        Assert.Matches("""workflows_closed_total\{outcome="completed",workflow="greeting"\} 1""", text);
        Assert.Matches("""activity_attempts_total\{activity="composeGreeting",outcome="failed"\} 1""", text);
    }

    [Fact]
    public async Task Only_reading_is_allowed()
    {
        await using var service = await StartAsync();
        using var answer = await service.Http.PostAsync("/", null, Ct);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow.Order());
    }

    private static async Task<Running> StartAsync(Func<string, Greeting>? greet = null, bool ready = true)
    {
        var builder = WebApplication.CreateBuilder();
        builder.AddService(new Settings("orders", "127.0.0.1", 0, new TemporalSettings("localhost:7233", "default", "orders", null, false)));
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IReadiness>(new Readiness(ready));
        builder.Services.AddSingleton<IGreetings>(new FakeGreetings(greet ?? (name => new("greeting-1", $"Hello, {name}!"))));
        var app = builder.Build();
        app.MapService();
        await app.StartAsync(Ct);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new(app, new HttpClient { BaseAddress = new Uri(address) });
    }

    private sealed record Running(WebApplication App, HttpClient Http) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await App.DisposeAsync();
        }
    }

    private sealed record Readiness(bool IsReady) : IReadiness;

    private sealed class FakeGreetings(Func<string, Greeting> greet) : IGreetings
    {
        public Task<Greeting> GreetAsync(string name, CancellationToken ct) => Task.FromResult(greet(name));
    }
}
