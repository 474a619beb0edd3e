using System.Text;
using Flagstone.Catalog.Kinds;
using Flagstone.Platform.Identity;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Resources;
using Microsoft.AspNetCore.Http;

namespace Flagstone.Catalog.Repositories.Http;

/// <summary>
/// Who may clone and push, by the platform's tokens: as a bearer token, or as the password of any user name, which is what Git sends. Whoever
/// may change the service's namespace may push; everybody who is signed in may read.
/// </summary>
internal sealed class GitAuthorization(TokenStore tokens, ResourceStore store, KindRegistry kinds, PushRecorder pushes)
{
    private static readonly KindId Deployments = new("deployments", "apps");

    public async ValueTask<GitCaller?> AuthorizeAsync(HttpContext context, RepositoryName repository, GitAccess access)
    {
        var ct = context.RequestAborted;
        if (Token(context.Request.Headers.Authorization.ToString()) is not { } token || await tokens.FindAsync(token, ct) is not { } caller)
        {
            return null;
        }

        if (access == GitAccess.Write && await RefusePushAsync(caller, repository, ct) is { } why)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await GitRefusals.WriteAsync(context.Response, $"'{caller.Name}' may not push to '{repository}': {why}.");
            return null;
        }

        return new GitCaller(caller.Actor.Id);
    }

    public ValueTask PushedAsync(RepositoryName repository, GitCaller caller) =>
        new(pushes.RecordAsync(repository, new Actor(caller.Name), CancellationToken.None));

    /// <summary>Null when the caller may push; else why not.</summary>
    private async Task<string?> RefusePushAsync(Caller caller, RepositoryName repository, CancellationToken ct)
    {
        var found = await store.FindAsync(GitKinds.RepositoryKey(repository), ct);
        var ns = found?.ToDocument()["spec"].Text("namespace") ?? "";

        // A repository that belongs to no service is the platform team's.
        return ns.Length == 0
            ? caller is { Role: Role.Administrator, Namespace.Length: 0 } ? null : "it belongs to no service, so that only administrators may"
            : AccessRules.Refuse(caller, "update", kinds.Find(Deployments)!, ns) is { } why ? $"that needs the right to change Deployments in namespace '{ns}', and {why}" : null;
    }

    private static string? Token(string header)
    {
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return header["Bearer ".Length..].Trim();
        }

        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header["Basic ".Length..].Trim(), bytes, out var length))
        {
            return null;
        }

        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : pair[(colon + 1)..];
    }
}
