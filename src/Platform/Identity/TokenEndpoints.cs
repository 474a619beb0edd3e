using System.Globalization;
using System.Text.Json.Nodes;
using Flagstone.Platform.Http;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Flagstone.Platform.Identity;

/// <summary>What a token is asked for.</summary>
/// <param name="Name">Whose it is: a person or a program, for example <c>ada@example.com</c> or <c>ci</c>.</param>
/// <param name="Role"><c>viewer</c>, <c>developer</c>, <c>approver</c>, <c>auditor</c>, <c>administrator</c> or <c>worker</c>.</param>
/// <param name="Namespace">The one namespace in which it may change things; null or empty for all. A worker's is one of Temporal's API, and must be given.</param>
/// <param name="ExpiresInDays">1 to 366; null for 90.</param>
public sealed record IssueToken(string? Name, string? Role, string? Namespace = null, int? ExpiresInDays = null);

/// <summary>A token as it is listed; never its text.</summary>
/// <param name="Namespace">The one namespace in which it may change things; empty for all.</param>
/// <param name="Expires">Null for a token without end: only an installation's first one is.</param>
/// <param name="Revoked">When it was revoked; null while it was not.</param>
public sealed record TokenSummary(
    string Id, string Name, string Role, string Namespace, DateTimeOffset Created, DateTimeOffset? Expires, DateTimeOffset? Revoked);

/// <summary>A token that was just issued.</summary>
/// <param name="Token">Its text. It is shown here alone, and stored nowhere.</param>
public sealed record IssuedToken(
    string Id, string Name, string Role, string Namespace, DateTimeOffset Created, DateTimeOffset? Expires, string Token);

/// <summary>Tokens for people and programs, issued and revoked by administrators.</summary>
public static class TokenEndpoints
{
    private const string Path = "/api/v1/tokens";

    public static IEndpointRouteBuilder MapTokens(this IEndpointRouteBuilder app)
    {
        var tokens = app.MapGroup(Path).WithTags("Tokens").RequireCaller().ProducesProblem(StatusCodes.Status403Forbidden);
        tokens.MapGet("/", ListAsync).WithSummary("Lists the tokens, the newest first").WithName("ListTokens");
        tokens.MapPost("/", IssueAsync).WithSummary("Issues a token; the answer alone has its text").WithName("IssueToken");
        tokens.MapGet("/{id}", GetAsync).WithSummary("Gets a token").WithName("GetToken");
        tokens.MapDelete("/{id}", RevokeAsync).WithSummary("Revokes a token").WithName("RevokeToken");
        return app;
    }

    private static async Task<Results<Ok<Page<TokenSummary>>, ProblemHttpResult>> ListAsync(
        CallerContext context, TokenStore tokens, string? cursor, int? limit, CancellationToken ct)
    {
        if (Refuse(context.Caller, "list tokens") is { } refused)
        {
            return refused;
        }

        (DateTimeOffset, string)? after = null;
        if (!string.IsNullOrEmpty(cursor))
        {
            if (!Cursors.TryRead(cursor, 2, out var parts) || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var micros))
            {
                return Cursors.Unknown().ToResult();
            }

            after = (Micros.ToTime(micros), parts[1]);
        }

        var size = Cursors.Limit(limit);
        var found = await tokens.ListAsync(size + 1, after, ct);
        var page = found.Take(size).Select(Summary).ToList();
        return TypedResults.Ok(new Page<TokenSummary>(page, found.Count > size ? CursorOf(page[^1]) : null));
    }

    private static async Task<Results<Ok<TokenSummary>, ProblemHttpResult>> GetAsync(CallerContext context, string id, TokenStore tokens, CancellationToken ct)
    {
        if (Refuse(context.Caller, "read tokens") is { } refused)
        {
            return refused;
        }

        return await tokens.FindByIdAsync(id, ct) is { } found ? TypedResults.Ok(Summary(found)) : Catalogue.NoSuchToken(id).ToResult();
    }

    private static async Task<Results<Created<IssuedToken>, ProblemHttpResult>> IssueAsync(
        CallerContext context, IssueToken body, [FromHeader(Name = IdempotencyKeys.Header)] string? idempotencyKey, TokenStore tokens,
        IdempotencyKeys keys, HttpRequest request, HttpResponse response, CancellationToken ct)
    {
        if (Refuse(context.Caller, "issue tokens") is { } refused)
        {
            return refused;
        }

        var (asked, causes) = TokenRules.Read(body);
        if (asked is null)
        {
            return Catalogue.BadFields(causes).ToResult();
        }

        // What holds a token belongs into no cache.
        response.Headers.CacheControl = "no-store";
        var said = new JsonObject
        {
            ["name"] = asked.Name, ["role"] = asked.Role.ToString(), ["namespace"] = asked.Namespace, ["days"] = asked.Lifetime?.Days,
        };
        while (true)
        {
            var keyed = await keys.OpenAsync<IssuedToken>(context.Caller, request, said, ct);
            if (keyed.Problem is { } problem)
            {
                return problem.ToResult();
            }

            if (keyed.First is { } first)
            {
                return first;
            }

            switch (await tokens.IssueAsync(context.Caller.Actor, asked, Memory(keyed.New), ct))
            {
                case TokenIssued issued:
                    return TypedResults.Created($"{Path}/{issued.View.Id}", Answer(issued));
                case TokenRefused { Problem: var why }:
                    return why.ToResult();
            }
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(CallerContext context, string id, TokenStore tokens, CancellationToken ct)
    {
        if (Refuse(context.Caller, "revoke tokens") is { } refused)
        {
            return refused;
        }

        return await tokens.RevokeAsync(context.Caller.Actor, id, ct) switch
        {
            RevokeOutcome.Unknown => Catalogue.NoSuchToken(id).ToResult(),
            RevokeOutcome.LastAdministrator => Catalogue.LastAdministrator(id).ToResult(),
            _ => TypedResults.NoContent(),
        };
    }

    private static ProblemHttpResult? Refuse(Caller caller, string what) =>
        AccessRules.MayManageTokens(caller) ? null : Catalogue.NotAdministrator(caller.Name, what).ToResult();

    private static (Guard, Func<TokenIssued, IReadOnlyList<SqlStatement>>)? Memory(Remembering? remembering) => remembering is null ? null
        : (remembering.Guard, issued => [.. remembering.Purge, remembering.Created($"{Path}/{issued.View.Id}", Answer(issued))]);

    private static IssuedToken Answer(TokenIssued issued)
    {
        var view = Summary(issued.View);
        return new IssuedToken(view.Id, view.Name, view.Role, view.Namespace, view.Created, view.Expires, issued.Text);
    }

    private static TokenSummary Summary(TokenView token) => new(
        token.Id, token.Principal, token.Role.ToString().ToLowerInvariant(), token.Namespace, token.Created, token.Expires, token.Revoked);

    private static string CursorOf(TokenSummary token) => Cursors.Of(Micros.From(token.Created).ToString(CultureInfo.InvariantCulture), token.Id);
}
