using System.Security.Claims;

namespace Flagstone.Platform.Identity;

/// <summary>
/// A signed-in person as claims, for a session that outlives one request. The claims say who it was at sign-in; what they may do is asked of
/// the token store each time, by the fingerprint.
/// </summary>
public static class CallerClaims
{
    private const string Fingerprint = "flagstone:token";

    public static ClaimsPrincipal ToPrincipal(Caller caller, string fingerprint, string scheme) => new(new ClaimsIdentity(
    [
        new Claim(ClaimTypes.NameIdentifier, caller.Actor.Id),
        new Claim(ClaimTypes.Name, caller.Name),
        new Claim(ClaimTypes.Role, caller.Role.ToString()),
        new Claim(Fingerprint, fingerprint),
    ], scheme));

    /// <summary>The caller as the token store has it now, or null when nobody is signed in or the token is no longer good.</summary>
    public static async ValueTask<Caller?> CallerAsync(this TokenStore tokens, ClaimsPrincipal? user, CancellationToken ct) =>
        user?.Identity?.IsAuthenticated == true && user.FindFirstValue(Fingerprint) is { } fingerprint
            ? await tokens.FindByFingerprintAsync(fingerprint, ct)
            : null;
}
