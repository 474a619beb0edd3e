using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Identity;

/// <summary>Finds out who sends a request, by its bearer token.</summary>
public sealed class Authenticator(TokenStore tokens)
{
    private const string Scheme = "Bearer ";

    /// <summary>The caller, or null when the request has no good token.</summary>
    public async ValueTask<Caller?> CallerAsync(HttpContext context, CancellationToken ct) =>
        TokenOf(context) is { } token ? await tokens.FindAsync(token, ct) : null;

    /// <summary>As <see cref="CallerAsync"/>, and workers too: for Temporal's API.</summary>
    public async ValueTask<Caller?> WorkflowCallerAsync(HttpContext context, CancellationToken ct) =>
        TokenOf(context) is { } token ? await tokens.FindForWorkflowsAsync(token, ct) : null;

    private static string? TokenOf(HttpContext context) =>
        context.Request.Headers.Authorization.ToString() is var header && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
}
