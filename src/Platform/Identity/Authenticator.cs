using Flagstone.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Identity;

/// <summary>Finds out who sends a request, by its bearer token or its certificate.</summary>
public sealed class Authenticator(TokenStore tokens)
{
    private const string Scheme = "Bearer ";

    /// <summary>The caller, or null when the request has no good token.</summary>
    public async ValueTask<Caller?> CallerAsync(HttpContext context, CancellationToken ct) =>
        TokenOf(context) is { } token ? await tokens.FindAsync(token, ct) : null;

    /// <summary>What is told to who has no good token here: a worker's is good, on another port.</summary>
    public async ValueTask<Problem> RefusalAsync(HttpContext context, CancellationToken ct) =>
        TokenOf(context) is { } token && await tokens.FindForWorkflowsAsync(token, ct) is { Role: Role.Worker } ? Catalogue.OnlyForWorkflows() : Catalogue.Unauthorized();

    /// <summary>As <see cref="CallerAsync"/>, and workers too, by a token or by their certificate: for Temporal's API. Where both come, the token counts.</summary>
    public async ValueTask<Caller?> WorkflowCallerAsync(HttpContext context, CancellationToken ct) =>
        context.Request.Headers.Authorization.Count > 0 ? TokenOf(context) is { } token ? await tokens.FindForWorkflowsAsync(token, ct) : null
        : context.Connection.ClientCertificate is { } certificate ? WorkerCertificate.CallerOf(certificate) : null;

    private static string? TokenOf(HttpContext context) =>
        context.Request.Headers.Authorization.ToString() is var header && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
}
