using Flagstone.Platform.Data;
using Flagstone.Platform.Identity;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Flagstone.Ui.Session;

/// <summary>
/// The console's cookie. It holds a protected ticket with the fingerprint of the token that signed in, and each request asks the token store
/// again: a revoked token ends its sessions.
/// </summary>
public static class ConsoleSession
{
    public const string Scheme = "console";

    /// <summary>The name by which a proxy knows what it must not pass on.</summary>
    public const string CookieName = "flagstone-console";

    private static readonly TimeSpan Idle = TimeSpan.FromHours(8);

    public static void AddConsoleSession(this IServiceCollection services, DataFolder folder)
    {
        services.AddDataProtection()
            .SetApplicationName("flagstone")
            .PersistKeysToFileSystem(Directory.CreateDirectory(
                folder.In("keys", "data-protection"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        services.AddAuthentication(Scheme).AddCookie(Scheme, cookie =>
        {
            cookie.Cookie.Name = CookieName;
            cookie.Cookie.HttpOnly = true;
            // Lax, so that a link in a chat or a ticket leads to its page; what changes anything is guarded by antiforgery and origin.
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.ExpireTimeSpan = Idle;
            cookie.SlidingExpiration = true;
            cookie.LoginPath = "/sign-in";
            cookie.AccessDeniedPath = "/access-denied";
            cookie.ReturnUrlParameter = "returnUrl";
            cookie.Events.OnValidatePrincipal = ValidateAsync;
        });
        services.AddAuthorization();
        services.AddAntiforgery(antiforgery => antiforgery.Cookie.Name = "flagstone-antiforgery");
        services.AddCascadingAuthenticationState();
        services.AddScoped<AuthenticationStateProvider, SessionState>();
        services.AddScoped<CurrentCaller>();
    }

    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var tokens = context.HttpContext.RequestServices.GetRequiredService<TokenStore>();
        if (await tokens.CallerAsync(context.Principal, context.HttpContext.RequestAborted) is null)
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(Scheme);
        }
    }
}
