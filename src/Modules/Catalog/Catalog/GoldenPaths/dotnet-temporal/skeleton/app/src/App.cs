using Microsoft.AspNetCore.WebUtilities;
using OpenTelemetry.Metrics;

namespace Service;

/// <summary>The service's HTTP side: what it answers, and how it listens, logs and measures.</summary>
public static class App
{
    private static readonly string[] Reading = ["GET", "HEAD"];

    public static void AddService(this WebApplicationBuilder builder, Settings settings)
    {
        var address = settings.Host is { } host ? $"http://{host}:{settings.Port}" : $"http://+:{settings.Port}";
        builder.WebHost.UseUrls(address).ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Logging.ClearProviders().AddJsonConsole(console => console.UseUtcTimestamp = true)
            .SetMinimumLevel(Enum.TryParse<LogLevel>(builder.Configuration["LOG_LEVEL"], ignoreCase: true, out var level) ? level : LogLevel.Information)
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        // Longer than activities under way are waited for, and shorter than the platform waits for the service.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(settings.Temporal);
        builder.Services.AddSingleton<ServiceMetrics>();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(ServiceMetrics.Name, "System.Runtime")
            // The platform adds labels of its own, and a scrape is read by people too.
            .AddPrometheusExporter(exporter => (exporter.ScopeInfoEnabled, exporter.ScrapeResponseCacheDurationMilliseconds) = (false, 0)));
    }

    public static void MapService(this WebApplication app)
    {
        app.UseMiddleware<RequestMeasuring>();
        app.UseStatusCodePages(page => page.HttpContext.Response.WriteAsJsonAsync(
            new { error = ReasonPhrases.GetReasonPhrase(page.HttpContext.Response.StatusCode).ToLowerInvariant() }));
        app.UseRouting();
        app.MapMethods("/", Reading, GreetAsync);
        app.MapMethods("/healthz", Reading, () => TypedResults.Json(new { status = "ok" }));
        app.MapMethods("/readyz", Reading, (IReadiness readiness) =>
            readiness.IsReady ? TypedResults.Json(new { status = "ready" }) : Results.Json(new { status = "not ready" }, statusCode: 503));
        app.MapPrometheusScrapingEndpoint("/metrics");
    }

    private static async Task<IResult> GreetAsync(
        string? name, IReadiness readiness, IGreetings greetings, Settings settings, CancellationToken ct)
    {
        if (!readiness.IsReady)
        {
            return Results.Json(new { error = "not ready" }, statusCode: 503);
        }

        name = string.IsNullOrEmpty(name) ? "world" : name;
        if (name.Length > Activities.MaxName)
        {
            return Results.Json(new { error = $"name has {name.Length} characters; at most {Activities.MaxName} are taken" }, statusCode: 400);
        }

        var greeting = await greetings.GreetAsync(name, ct);
        return greeting.Result is { } result
            ? Results.Json(new { service = settings.Service, workflowId = greeting.WorkflowId, result })
            : Results.Json(new { service = settings.Service, workflowId = greeting.WorkflowId, status = "running" }, statusCode: 202);
    }
}

/// <summary>Whether the service can do its work: its worker polls Temporal, and nobody has told it to end.</summary>
public interface IReadiness
{
    bool IsReady { get; }
}
