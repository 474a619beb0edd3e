using Flagstone.Platform;
using Flagstone.Platform.Data;
using Flagstone.Platform.Http;
using Flagstone.Ui.Session;
using Flagstone.Ui.Shell;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using MudBlazor;
using MudBlazor.Services;

namespace Flagstone.Host;

/// <summary>The console: pages, session, and the headers that keep other sites out of it.</summary>
internal static class ConsoleHost
{
    // The library positions its popovers by style attributes; nothing needs a script in the page.
    private const string ContentPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Circuits whose browser went away and may come back; each holds a page's state.</summary>
    private const int MaxLostCircuits = 50;

    /// <summary>Paths that answer programs: no page stands in for their errors, and no page's policy fits what they serve.</summary>
    private static readonly PathString[] Programs = ["/api", "/git", "/hooks", "/mcp", "/log", "/metrics", "/healthz", "/readyz", "/swagger", "/openapi", ProblemResults.Pages];

    public static void AddConsole(this WebApplicationBuilder builder, DataFolder folder)
    {
        builder.WebHost.UseStaticWebAssets();
        // The folder of keys is this user's alone, as the other keys in it are; there is no store of certificates to encrypt them by.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection.KeyManagement.XmlKeyManager", LogLevel.Error);
        builder.Services.AddRazorComponents().AddInteractiveServerComponents(circuits => circuits.DisconnectedCircuitMaxRetained = MaxLostCircuits);
        // After the components, whose own provider of the session's state it replaces.
        builder.Services.AddConsoleSession(folder);
        builder.Services.AddMudServices();
        builder.Services.AddConsolePages<App>(new NavItem("Home", "/", Icons.Material.Outlined.Home, 0, "h"));
    }

    /// <summary>What stands before the endpoints. Routing is in the middle: an error is routed again, to the page that shows it.</summary>
    public static void UseConsole(this WebApplication app)
    {
        var origins = app.Services.GetServices<ConsoleConnection>().Select(c => c.Origin).ToList();
        var policy = origins.Count > 0 ? $"{ContentPolicy}; connect-src 'self' {string.Join(' ', origins)}" : ContentPolicy;
        app.UseWhen(c => !IsForPrograms(c.Request.Path), pages =>
        {
            pages.Use((context, next) => GuardAsync(context, policy, next));
            pages.UseExceptionHandler("/error", createScopeForErrors: true);
            pages.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        });
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
    }

    public static void MapConsole(this WebApplication app)
    {
        app.MapStaticAssets().AllowAnonymous();
        app.MapPost("/sign-out", SignOutAsync).ExcludeFromDescription();
        app.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(o => o.ContentSecurityFrameAncestorsPolicy = null)
            .AddAdditionalAssemblies([.. app.Services.GetServices<ConsolePages>().Select(p => p.Assembly).Where(a => a != typeof(App).Assembly).Distinct()])
            .RequireAuthorization();
    }

    private static bool IsForPrograms(PathString path) => Programs.Any(p => path.StartsWithSegments(p, StringComparison.Ordinal));

    /// <summary>
    /// Refuses what another origin sends: the services on the apps port are the same site to a browser, so that their pages' requests carry
    /// the cookie, and a web socket asks nobody.
    /// </summary>
    private static Task GuardAsync(HttpContext context, string policy, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        var origin = context.Request.Headers.Origin.ToString();
        if (origin.Length > 0 && (!Uri.TryCreate(origin, UriKind.Absolute, out var from) || from.Authority != context.Request.Host.Value))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return context.Response.WriteAsync("The console answers its own pages alone.", context.RequestAborted);
        }

        return next(context);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery)
    {
        if (!await antiforgery.IsRequestValidAsync(context))
        {
            return TypedResults.BadRequest();
        }

        await context.SignOutAsync(ConsoleSession.Scheme);
        return TypedResults.Redirect("/sign-in");
    }
}
