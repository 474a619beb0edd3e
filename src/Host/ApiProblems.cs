using System.Text.Json;
using System.Text.RegularExpressions;
using Flagstone.Platform.Http;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Microsoft.AspNetCore.Diagnostics;

namespace Flagstone.Host;

/// <summary>What no endpoint of <c>/api</c> could answer, as a problem: paths that there are not, bodies that cannot be read, and our own errors.</summary>
internal static partial class ApiProblems
{
    private static readonly PathString Api = "/api";

    /// <summary>The framework would answer an unreadable request without saying why: it throws instead, and the answer is made here.</summary>
    public static void AddApiProblems(this WebApplicationBuilder builder) =>
        builder.Services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);

    public static void UseApiProblems(this WebApplication app) => app.UseWhen(c => c.Request.Path.StartsWithSegments(Api, StringComparison.Ordinal), api =>
    {
        api.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = c => OfException(c, c.Features.Get<IExceptionHandlerFeature>()!.Error).ToResult().ExecuteAsync(c),
            // A request that cannot be read is its sender's affair.
            SuppressDiagnosticsCallback = c => c.Exception is BadHttpRequestException,
        });
        api.UseStatusCodePages(c => OfStatus(c.HttpContext).ToResult().ExecuteAsync(c.HttpContext));
    });

    private static Problem OfException(HttpContext context, Exception failure) => failure switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Catalogue.TooLarge(Listeners.MaxBody),
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } => Catalogue.NotJson(Name(context), context.Request.ContentType ?? ""),
        BadHttpRequestException { InnerException: JsonException json } => Catalogue.UnreadableBody(Name(context), json.Message),
        BadHttpRequestException bad when Parameter().Match(bad.Message) is { Success: true } match =>
            Catalogue.UnreadableParameter(Name(context), match.Groups["name"].Value, match.Groups["value"].Value),
        BadHttpRequestException when context.Request.ContentLength is null or 0 => Catalogue.UnreadableBody(Name(context), "It is empty."),
        BadHttpRequestException bad => Catalogue.UnreadableBody(Name(context), bad.Message),
        StoreUnavailableException store => store.IsDiskFull ? Catalogue.DiskFull(store.Message) : Catalogue.StoreUnavailable(store.Message),
        _ => Catalogue.Internal(),
    };

    private static Problem OfStatus(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Catalogue.NoSuchPath(context.Request.Path),
        StatusCodes.Status405MethodNotAllowed => Catalogue.PathTakesOthers(Name(context), Allowed(context)),
        StatusCodes.Status413PayloadTooLarge => Catalogue.TooLarge(Listeners.MaxBody),
        StatusCodes.Status415UnsupportedMediaType => Catalogue.NotJson(Name(context), context.Request.ContentType ?? ""),
        >= 400 and < 500 => Catalogue.UnreadableBody(Name(context), "The server says no more of it."),
        _ => Catalogue.Internal(),
    };

    private static string Allowed(HttpContext context) => string.Join(
        ", ", context.Response.Headers.Allow.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));

    private static string Name(HttpContext context) => $"{context.Request.Method} {context.Request.Path}";

    /// <summary>The framework's text, which has the parameter's type in it.</summary>
    [GeneratedRegex("""^Failed to bind parameter "\S+ (?<name>\w+)" from "(?<value>.*)"\.$""", RegexOptions.Singleline)]
    private static partial Regex Parameter();
}
