using Microsoft.AspNetCore.Http;

namespace Flagstone.Platform.Identity;

/// <summary>Finds out who sends a request, by its bearer token.</summary>
public sealed class Authenticator(TokenStore tokens)
{
    private const string Scheme = "Bearer ";

    /// <summary>The caller, or null when the request has no good token.</summary>
    public async ValueTask<Caller?> CallerAsync(HttpContext context, CancellationToken ct)
    {
        var header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? await tokens.FindAsync(header[Scheme.Length..].Trim(), ct) : null;
    }
}
