using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Flagstone.Samples.Adjudication.Stub;

/// <summary>Stands for the insurer's other systems, in memory, with failures as they are ordered.</summary>
public sealed class InsurerStub : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Fault>> faults = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> kept = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> calls = new();

    private InsurerStub(WebApplication app) => this.app = app;

    public Uri Address => new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/");

    /// <summary>Each call, as <c>METHOD WHAT/CLAIM: STATUS</c>, in order; a call that hangs has <c>no answer</c>.</summary>
    public IReadOnlyList<string> Calls => [.. calls];

    /// <summary>What there is, as <c>WHAT/CLAIM</c>: reserves, payments and letters.</summary>
    public IReadOnlyList<string> Kept => [.. kept.Select(k => $"{k.Key} {k.Value}").Order(StringComparer.Ordinal)];

    /// <param name="address">On which it listens; the default is a free port of this machine.</param>
    public static async Task<InsurerStub> StartAsync(string address = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(address);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var stub = new InsurerStub(app);
        app.Run(stub.AnswerAsync);
        await app.StartAsync();
        return stub;
    }

    /// <summary>The next calls of a kind fail so, each once, but for a rejection, which lasts; then all is well. What undoes never fails.</summary>
    /// <param name="what"><c>policies</c>, <c>fraud-scores</c>, <c>reserves</c>, <c>payments</c> or <c>letters</c>.</param>
    public void Fail(string what, params ReadOnlySpan<Fault> next)
    {
        foreach (var fault in next)
        {
            faults.GetOrAdd(what, _ => new()).Enqueue(fault);
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.Trim('/');
        var fault = context.Request.Method == HttpMethods.Delete ? null : Next(path.Split('/')[0]);
        if (fault is Fault.Unavailable or Fault.Rejects)
        {
            var refused = fault == Fault.Rejects ? StatusCodes.Status422UnprocessableEntity : StatusCodes.Status503ServiceUnavailable;
            await SayAsync(context, path, refused, "as ordered");
            return;
        }

        var body = await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted);
        var (status, answer) = Do(context.Request.Method, path, body);
        if (fault == Fault.Hangs)
        {
            calls.Enqueue($"{context.Request.Method} {path}: no answer");
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        await SayAsync(context, path, status, answer);
    }

    private Fault? Next(string what)
    {
        if (!faults.TryGetValue(what, out var next) || !next.TryPeek(out var fault))
        {
            return null;
        }

        if (fault != Fault.Rejects)
        {
            next.TryDequeue(out _);
        }

        return fault;
    }

    private (int Status, object Answer) Do(string method, string path, string body) => (method, path.Split('/')) switch
    {
        ("GET", ["policies", var number]) => (StatusCodes.Status200OK, new Policy(number, 10_000)),
        ("GET", ["fraud-scores", ..]) => (StatusCodes.Status200OK, 12),
        ("PUT", [_, _]) => (StatusCodes.Status200OK, kept[path] = body),
        ("DELETE", [_, _]) => (kept.TryRemove(path, out var was) ? StatusCodes.Status200OK : StatusCodes.Status404NotFound, was ?? ""),
        _ => (StatusCodes.Status404NotFound, ""),
    };

    private async Task SayAsync(HttpContext context, string path, int status, object answer)
    {
        calls.Enqueue($"{context.Request.Method} {path}: {status}");
        context.Response.StatusCode = status;
        await context.Response.WriteAsJsonAsync(answer, answer.GetType(), context.RequestAborted);
    }
}
