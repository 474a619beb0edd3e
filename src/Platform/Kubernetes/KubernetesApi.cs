using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Gateway;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Flagstone.Platform.Kubernetes;

/// <summary>The Kubernetes API over the store: the entry point of its own TLS port. Everything but health and version needs a token.</summary>
internal sealed partial class KubernetesApi(
    Authenticator authenticator, Discovery discovery, OpenApiDocuments documents, AccessReviews reviews, KindRegistry kinds,
    KubernetesReads reads, KubernetesWrites writes, TransientRequests transients, ILogger<KubernetesApi> logger)
{
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1031", Justification = "A bug must answer as a Status, and be logged, once.")]
    public async Task HandleAsync(HttpContext context)
    {
        var ct = context.RequestAborted;
        try
        {
            await RouteAsync(context, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The client left.
        }
        catch (BadHttpRequestException e)
        {
            await context.Response.ProblemAsync(
                e.StatusCode == StatusCodes.Status413PayloadTooLarge ? Catalogue.TooLarge(BodyReader.MaxBytes) : Catalogue.BadRequest(e.Message), ct);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            LogFailed(e, context.Request.Method, context.Request.Path);
            await context.Response.ProblemAsync(Catalogue.Internal(), ct);
        }
    }

    private async Task RouteAsync(HttpContext context, CancellationToken ct)
    {
        var path = context.Request.Path.Value ?? "/";
        if (path is "/healthz" or "/readyz" or "/livez")
        {
            await context.Response.WriteAsync("ok", ct);
            return;
        }

        if (await authenticator.CallerAsync(context, ct) is not { } caller)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await context.Response.ProblemAsync(await authenticator.RefusalAsync(context, ct), ct);
            return;
        }

        if (Static(path) is { } answer)
        {
            await context.Response.NodeAsync(StatusCodes.Status200OK, answer, ct);
            return;
        }

        if (path.StartsWith("/openapi/v3/", StringComparison.Ordinal) && documents.Document(path["/openapi/v3/".Length..]) is { } document)
        {
            await context.Response.BytesAsync(StatusCodes.Status200OK, document, ct);
            return;
        }

        if (!RequestInfo.TryParse(path, out var info))
        {
            await context.Response.ProblemAsync(Catalogue.NoSuchKind(path), ct);
            return;
        }

        if (info.Group is "authorization.k8s.io" or "authentication.k8s.io")
        {
            await ReviewAsync(context, caller, info, ct);
            return;
        }

        if (info.Find(kinds) is not { } kind)
        {
            await context.Response.ProblemAsync(Catalogue.NoSuchKind(path), ct);
            return;
        }

        await HandleAsync(context, caller, kind, info, ct);
    }

    private Task HandleAsync(HttpContext context, Caller caller, KindDefinition kind, RequestInfo info, CancellationToken ct)
    {
        if (info.Subresource.Length > 0 && !(info.Subresource == "status" && kind.HasStatus) && !(info.Subresource == "finalize" && kind.Id == NamespaceView.Kind))
        {
            return context.Response.ProblemAsync(Catalogue.NoSuchKind($"{info.Plural}/{info.Subresource}"), ct);
        }

        if (kind.Transient)
        {
            return transients.HandleAsync(context, caller, kind, info, ct);
        }

        return (context.Request.Method, info.Name.Length > 0) switch
        {
            ("GET", true) => reads.GetAsync(context, caller, kind, info, ct),
            ("GET", false) => reads.ListOrWatchAsync(context, caller, kind, info, ct),
            ("POST", false) => writes.CreateAsync(context, caller, kind, info, ct),
            ("PUT", true) => writes.ReplaceAsync(context, caller, kind, info, ct),
            ("PATCH", true) => writes.PatchAsync(context, caller, kind, info, ct),
            ("DELETE", true) => writes.DeleteAsync(context, caller, kind, info, ct),
            ("DELETE", false) => writes.DeleteCollectionAsync(context, caller, kind, info, ct),
            _ => context.Response.ProblemAsync(Catalogue.MethodNotAllowed($"{context.Request.Method} {context.Request.Path}"), ct),
        };
    }

    private JsonObject? Static(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["version"] => Discovery.Version(),
            ["api"] => Discovery.CoreVersions(),
            ["apis"] => discovery.Groups(),
            ["api", var version] => discovery.Resources("", version),
            ["apis", var group] => discovery.Group(group),
            ["apis", var group, var version] => discovery.Resources(group, version),
            ["openapi", "v3"] => documents.Index(),
            _ => null,
        };
    }

    private async Task ReviewAsync(HttpContext context, Caller caller, RequestInfo info, CancellationToken ct)
    {
        if (context.Request.Method != "POST")
        {
            await context.Response.ProblemAsync(Catalogue.MethodNotAllowed($"{context.Request.Method} {context.Request.Path}"), ct);
            return;
        }

        var (review, problem) = await BodyReader.DocumentAsync(context.Request, ct);
        var answer = problem is not null ? null : info.Plural switch
        {
            "selfsubjectaccessreviews" => reviews.Access(caller, review!),
            "selfsubjectrulesreviews" => reviews.Rules(caller, review!),
            "selfsubjectreviews" => AccessReviews.Self(caller, review!),
            _ => null,
        };
        await (answer is null
            ? context.Response.ProblemAsync(problem ?? Catalogue.NoSuchKind(info.Plural), ct)
            : context.Response.NodeAsync(StatusCodes.Status201Created, answer, ct));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private partial void LogFailed(Exception exception, string method, string path);
}
