using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Flagstone.Provisioning.Tests.Kubernetes;

/// <summary>A cluster that serves ConfigMaps and Secrets in discovery, and answers everything else as the test says.</summary>
internal sealed class FaultyCluster : IAsyncDisposable
{
    private WebApplication? app;

    public Func<HttpContext, Task> Answers { get; set; } = context => RefuseAsync(context, 404, "not found");

    public string Url { get; private set; } = "";

    public string? Authorization { get; private set; }

    public static async Task RefuseAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(new { kind = "Status", apiVersion = "v1", status = "Failure", message, code = status });
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(context =>
        {
            Authorization = context.Request.Headers.Authorization;
            return context.Request.Path == "/api/v1"
                ? context.Response.WriteAsync("""{"kind":"APIResourceList","resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true},{"name":"secrets","kind":"Secret","namespaced":true}]}""")
                : Answers(context);
        });
        await app.StartAsync();
        Url = app.Urls.Single();
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }
}
