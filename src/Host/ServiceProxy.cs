using System.Net;
using Flagstone.Platform;
using Flagstone.Provisioning.Contracts;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Flagstone.Host;

/// <summary>
/// Port 8081: the services that the platform runs, at <c>/NAMESPACE/NAME/</c>. A service sees the path behind its name. The console's cookie
/// passes in neither direction: who can push a service must not be able to act as who looks at it.
/// </summary>
internal static class ServiceProxy
{
    private static readonly TimeSpan ActivityTimeout = TimeSpan.FromSeconds(100);

    /// <summary>A stop gives what is being forwarded so long to end.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    public static void AddServiceProxy(this WebApplicationBuilder builder) => builder.Services.AddHttpForwarder();

    public static void UseServiceProxy(this WebApplication app, PlatformOptions options)
    {
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        var runtime = app.Services.GetRequiredService<IRuntime>();
        // Redirects and cookies are the service's and its caller's affair, not the proxy's.
        var client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
        });
        var ending = new CancellationTokenSource();
        app.Lifetime.ApplicationStopping.Register(() => ending.CancelAfter(StopLimit));
        app.Lifetime.ApplicationStopped.Register(client.Dispose);
        app.Lifetime.ApplicationStopped.Register(ending.Dispose);
        app.MapWhen(c => c.Connection.LocalPort == options.AppsPort, branch => branch.Run(c => ForwardAsync(c, runtime, forwarder, client, ending.Token)));
    }

    private static async Task ForwardAsync(HttpContext context, IRuntime runtime, IHttpForwarder forwarder, HttpMessageInvoker client, CancellationToken ending)
    {
        var segments = (context.Request.Path.Value ?? "/").Split('/', 4);
        if (segments is not [_, { Length: > 0 } ns, { Length: > 0 } name, .. var rest])
        {
            await AnswerAsync(context, StatusCodes.Status404NotFound, "Services are at /NAMESPACE/NAME/.");
            return;
        }

        if (rest.Length == 0)
        {
            // Relative links of the service need the slash.
            context.Response.Redirect($"/{Uri.EscapeDataString(ns)}/{Uri.EscapeDataString(name)}/{context.Request.QueryString}");
            return;
        }

        if (runtime.PortOf(ns, name) is not { } port)
        {
            var known = runtime.Find(ns, name);
            await (known is null
                ? AnswerAsync(context, StatusCodes.Status404NotFound, $"No service {ns}/{name} runs here.")
                : AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, $"The service {ns}/{name} does not answer yet: {known.Phase}. {known.Message}"));
            return;
        }

        context.Request.Path = "/" + rest[0];
        var error = await forwarder.SendAsync(
            context, $"http://127.0.0.1:{port}", client, new ForwarderRequestConfig { ActivityTimeout = ActivityTimeout }, new WithoutConsoleCookie($"/{ns}/{name}"), ending);
        if (error is not (ForwarderError.None or ForwarderError.RequestCanceled) && !context.Response.HasStarted)
        {
            await AnswerAsync(context, context.Response.StatusCode, $"The service {ns}/{name} broke off the answer ({error}).");
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
    }

    private sealed class WithoutConsoleCookie(string prefix) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.TryAddWithoutValidation("X-Forwarded-Prefix", prefix);
            var kept = httpContext.Request.Cookies.Where(c => !c.Key.StartsWith(ConsoleCookie.Prefix, StringComparison.Ordinal)).Select(c => $"{c.Key}={c.Value}").ToList();
            proxyRequest.Headers.Remove(HeaderNames.Cookie);
            if (kept.Count > 0)
            {
                proxyRequest.Headers.TryAddWithoutValidation(HeaderNames.Cookie, string.Join("; ", kept));
            }
        }

        public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            var goes = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
            var cookies = httpContext.Response.Headers.SetCookie;
            if (cookies.Count > 0)
            {
                httpContext.Response.Headers.SetCookie = cookies.Where(c => c?.StartsWith(ConsoleCookie.Prefix, StringComparison.Ordinal) != true).ToArray();
            }

            return goes;
        }
    }
}

/// <summary>How the console's own cookies are named: all alike, so that the proxy knows them.</summary>
internal static class ConsoleCookie
{
    public const string Prefix = "flagstone";
}
