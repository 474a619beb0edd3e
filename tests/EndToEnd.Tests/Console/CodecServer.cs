using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Temporalio.Api.Common.V1;
using Temporalio.Converters;

namespace Flagstone.EndToEnd.Tests.Console;

/// <summary>A codec server by Temporal's protocol, for pages of one origin.</summary>
internal sealed class CodecServer(WebApplication app) : IAsyncDisposable
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    private readonly List<string> asked = [];

    /// <summary>What it was asked for, with the namespace.</summary>
    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (asked)
            {
                return [.. asked];
            }
        }
    }

    /// <summary>Answers nothing but this status while it is set.</summary>
    public int Refuses { get; set; }

    public static async Task<CodecServer> StartAsync(int port, string origin, IPayloadCodec codec, CancellationToken ct)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        var server = new CodecServer(app);
        app.Use((context, next) =>
        {
            context.Response.Headers.AccessControlAllowOrigin = origin;
            context.Response.Headers.AccessControlAllowHeaders = "content-type, x-namespace";
            return HttpMethods.IsOptions(context.Request.Method) ? Task.CompletedTask : next(context);
        });
        app.MapPost("/{verb}", async (string verb, HttpRequest request) =>
        {
            lock (server.asked)
            {
                server.asked.Add($"{verb} {request.Headers["X-Namespace"]}");
            }

            if (server.Refuses > 0)
            {
                return Results.StatusCode(server.Refuses);
            }

            using var reader = new StreamReader(request.Body);
            var payloads = Parser.Parse<Payloads>(await reader.ReadToEndAsync(request.HttpContext.RequestAborted)).Payloads_;
            var done = verb switch
            {
                "encode" => await codec.EncodeAsync(payloads),
                "decode" => await codec.DecodeAsync(payloads),
                _ => throw new InvalidOperationException($"There is no {verb} in the protocol."),
            };
            return Results.Text(JsonFormatter.Default.Format(new Payloads { Payloads_ = { done } }), "application/json");
        });
        await app.StartAsync(ct);
        return server;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
