using System.Collections.Concurrent;
using System.Data.Common;
using Flagstone.Platform.Ledger;
using Flagstone.Platform.Problems;
using Flagstone.Platform.Resources;
using Flagstone.Platform.Storage;

namespace Flagstone.Platform.Identity;

/// <summary>A token as it is listed: never its text, which is shown once when it is issued.</summary>
public sealed record TokenView(string Id, string Principal, Role Role, string Namespace, DateTimeOffset Created, DateTimeOffset? Expires, DateTimeOffset? Revoked);

/// <summary>What a token is asked for.</summary>
/// <param name="Name">The principal's name.</param>
/// <param name="Namespace">The one namespace in which it may change things, or empty for all.</param>
/// <param name="Lifetime">How long it is good; null for without end.</param>
public sealed record TokenRequest(string Name, Role Role, string Namespace, TimeSpan? Lifetime);

/// <summary>How the issuing of a token ended.</summary>
public abstract record TokenOutcome
{
    private protected TokenOutcome()
    {
    }
}

/// <param name="Text">The token itself, which is stored nowhere.</param>
public sealed record TokenIssued(TokenView View, string Text) : TokenOutcome;

/// <summary>Another request with the same key was answered meanwhile; nothing is issued.</summary>
public sealed record TokenRepeated : TokenOutcome
{
    public static readonly TokenRepeated Instance = new();
}

public sealed record TokenRefused(Problem Problem) : TokenOutcome;

/// <summary>How a revocation ended.</summary>
public enum RevokeOutcome
{
    /// <summary>The token is good no more.</summary>
    Done,

    /// <summary>There is no such token.</summary>
    Unknown,

    /// <summary>Nobody could issue tokens afterwards, so it stays.</summary>
    LastAdministrator,
}

/// <summary>Principals and their tokens. Issuing and revoking are ledger rows of kind <c>tokens.flagstone.dev</c>.</summary>
public sealed class TokenStore(PlatformDatabase database, LedgerWriter writer, TimeProvider clock)
{
    public static readonly KindId Kind = new("tokens", "flagstone.dev");

    private const string Find = """
        SELECT p.id, p.name, p.role, p.namespace, t.expires FROM token t JOIN principal p ON p.id = t.principal
        WHERE t.hash = @hash AND t.revoked IS NULL
        """;

    private const string ById = """
        SELECT p.id, p.name, p.role, p.namespace FROM principal p
        WHERE p.id = @id AND EXISTS (SELECT 1 FROM token t WHERE t.principal = p.id AND t.revoked IS NULL)
        """;

    private const string Views =
        "SELECT t.id, p.name, p.role, p.namespace, t.created, t.expires, t.revoked FROM token t JOIN principal p ON p.id = t.principal";

    private const string Page = Views + """
         WHERE t.created < @created OR (t.created = @created AND t.id > @id)
        ORDER BY t.created DESC, t.id LIMIT @limit
        """;

    private const string ByName = """
        SELECT p.id, p.role, p.namespace, EXISTS (
          SELECT 1 FROM token t WHERE t.principal = p.id AND t.revoked IS NULL AND (t.expires IS NULL OR t.expires > @now)
        ) FROM principal p WHERE p.name = @name
        """;

    private const string Unchanged = """
        SELECT 1 FROM principal p WHERE p.id = @id AND p.role = @role AND p.namespace = @ns AND (@live = 1 OR NOT EXISTS (
          SELECT 1 FROM token t WHERE t.principal = p.id AND t.revoked IS NULL AND (t.expires IS NULL OR t.expires > @now)
        ))
        """;

    // Who could issue tokens afterwards: another administrator of everything, whose token is good.
    private const string NotTheLast = """
        SELECT 1 AS safe WHERE EXISTS (
          SELECT 1 FROM token t JOIN principal p ON p.id = t.principal
          WHERE t.id <> @id AND p.role = 'Administrator' AND p.namespace = '' AND t.revoked IS NULL AND (t.expires IS NULL OR t.expires > @now)
        ) OR NOT EXISTS (
          SELECT 1 FROM token t JOIN principal p ON p.id = t.principal WHERE t.id = @id AND p.role = 'Administrator' AND p.namespace = ''
        )
        """;

    private const string PrincipalGuard = "principal";
    private const string LastGuard = "last-administrator";
    private const int MaxTries = 4;

    private const int MaxKnown = 4096;

    /// <summary>Replaced whole when it is forgotten: who read the database before that fills the old one, which nobody asks any more.</summary>
    private volatile ConcurrentDictionary<string, Known> known = new(StringComparer.Ordinal);

    /// <summary>Who a token stands for, or null when it is unknown, expired, revoked, or a worker's: that one signs in for workflows alone.</summary>
    public async ValueTask<Caller?> FindAsync(string text, CancellationToken ct) =>
        TokenText.LooksRight(text) ? await FindByFingerprintAsync(TokenText.Hash(text), ct) : null;

    /// <summary>As <see cref="FindAsync"/>, and workers too: for who asks for workflows.</summary>
    public async ValueTask<Caller?> FindForWorkflowsAsync(string text, CancellationToken ct) =>
        TokenText.LooksRight(text) ? await FindAnyAsync(TokenText.Hash(text), ct) : null;

    /// <summary>What a session keeps of its token: enough to ask again whether it is still good, not enough to be used as one.</summary>
    public static string Fingerprint(string text) => TokenText.Hash(text);

    /// <summary>As <see cref="FindAsync"/>, for who kept the token's <see cref="Fingerprint"/> alone.</summary>
    public async ValueTask<Caller?> FindByFingerprintAsync(string hash, CancellationToken ct) =>
        await FindAnyAsync(hash, ct) is { Role: not Role.Worker } caller ? caller : null;

    private async ValueTask<Caller?> FindAnyAsync(string hash, CancellationToken ct)
    {
        var remembered = known;
        if (!remembered.TryGetValue(hash, out var found))
        {
            await using var connection = await database.OpenAsync(ct);
            await using var command = connection.Command(Find, ("hash", hash));
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
            {
                return null;
            }

            found = new Known(
                new Caller(new Actor(reader.GetString(0)), reader.GetString(1), Enum.Parse<Role>(reader.GetString(2)), reader.GetString(3)),
                reader.IsDBNull(4) ? null : Micros.ToTime(reader.GetInt64(4)));
            if (remembered.Count < MaxKnown)
            {
                remembered[hash] = found;
            }
        }

        return found.Expires is { } expires && expires <= clock.GetUtcNow() ? null : found.Caller;
    }

    /// <summary>
    /// A principal by its id, for what acts on behalf of one that is not there; null when it is unknown or all its tokens are revoked.
    /// A token that merely expired signs nobody in, and what its owner set up goes on.
    /// </summary>
    public async Task<Caller?> PrincipalAsync(string id, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(ById, ("id", id));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new Caller(new Actor(reader.GetString(0)), reader.GetString(1), Enum.Parse<Role>(reader.GetString(2)), reader.GetString(3))
            : null;
    }

    /// <summary>
    /// Issues a token. A principal that is there has another one by it, so that a token is renewed without a gap; its rights are the
    /// principal's. Other rights than it has are refused while a token of it is good, for they would change what that one may do.
    /// </summary>
    /// <param name="remember">Makes the row that remembers the answer, and its guard; null when nobody asks for it.</param>
    public Task<TokenOutcome> IssueAsync(
        Actor by, TokenRequest request, (Guard Guard, Func<TokenIssued, IReadOnlyList<SqlStatement>> Rows)? remember, CancellationToken ct) =>
        IssueAsync(by, request, TokenText.Create(), remember, ct);

    /// <summary>
    /// Makes sure that a text which was made before is a good token of a principal: null when it is, else why not. Done again it changes nothing.
    /// </summary>
    /// <param name="text">Of <see cref="NewText"/>, and not spent; who calls keeps it where it can be found after a crash.</param>
    public async Task<Problem?> EnsureAsync(Actor by, TokenRequest request, string text, CancellationToken ct)
    {
        if (await FindForWorkflowsAsync(text, ct) is { } caller && caller.Name == request.Name && caller.Role == request.Role && caller.Namespace == request.Namespace)
        {
            return null;
        }

        return await IssueAsync(by, request, text, null, ct) is TokenRefused { Problem: var problem } ? problem : null;
    }

    /// <summary>Whether a text was a token's that is good no more: it never will be again.</summary>
    public async Task<bool> IsSpentAsync(string text, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            "SELECT 1 FROM token WHERE hash = @hash AND (revoked IS NOT NULL OR expires <= @now)", ("hash", TokenText.Hash(text)), ("now", Micros.From(clock.GetUtcNow())));
        return await command.ExecuteScalarAsync(ct) is not null;
    }

    /// <summary>The text of a token that is none yet.</summary>
    public static string NewText() => TokenText.Create();

    /// <summary>Ends all tokens of a principal.</summary>
    public async Task RevokeAllAsync(Actor by, string principal, CancellationToken ct)
    {
        IReadOnlyList<TokenView> live;
        await using (var connection = await database.OpenAsync(ct))
        await using (var command = connection.Command(Views + " WHERE p.name = @name AND t.revoked IS NULL", ("name", principal)))
        {
            live = await ReadAsync(command, ct);
        }

        foreach (var token in live)
        {
            await RevokeAsync(by, token.Id, ct);
        }
    }

    /// <summary>Issues a token whose text was made before: for who must have it on disk before it opens anything.</summary>
    internal async Task<TokenOutcome> IssueAsync(
        Actor by, TokenRequest request, string text, (Guard Guard, Func<TokenIssued, IReadOnlyList<SqlStatement>> Rows)? remember, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var principal = await PrincipalOfAsync(request.Name, ct);
            var agrees = principal is null || (principal.Role == request.Role && principal.Namespace == request.Namespace);
            if (!agrees && principal!.Live)
            {
                return new TokenRefused(Catalogue.PrincipalDiffers(request.Name, Describe(principal.Role, principal.Namespace), Describe(request.Role, request.Namespace)));
            }

            var now = clock.GetUtcNow();
            var owner = principal?.Id ?? $"u-{Guid.NewGuid():N}";
            var view = new TokenView(
                $"t-{Guid.NewGuid():N}", request.Name, request.Role, request.Namespace, Micros.ToTime(Micros.From(now)),
                request.Lifetime is { } span ? Micros.ToTime(Micros.From(now + span)) : null, null);
            var issued = new TokenIssued(view, text);
            var outcome = await writer.CommitAsync(new Unit
            {
                Actor = by,
                Origin = "api",
                Reason = $"to {owner} as {Describe(request.Role, request.Namespace)}",
                Notes = [new LedgerNote(new ResourceKey(Kind, "", view.Id), "create", "")],
                Guards = [.. remember is { } memory ? [memory.Guard] : Array.Empty<Guard>(), StillSo(request.Name, principal, now)],
                Sql = [.. PrincipalRows(owner, principal, agrees, request), TokenRow(view, owner, text), .. remember?.Rows(issued) ?? []],
            }, ct);
            switch (outcome)
            {
                case Committed:
                    // A principal's rights may have changed with it.
                    Forget();
                    return issued;
                case Unmet { Guard: not PrincipalGuard }:
                    return TokenRepeated.Instance;
                case var _ when attempt == MaxTries:
                    return new TokenRefused(Catalogue.Conflict(new ResourceKey(Kind, "", view.Id), $"principal '{request.Name}' changes all the time; try again"));
            }
        }
    }

    /// <summary>Ends a token for good. Ending one that has ended is done already.</summary>
    public async Task<RevokeOutcome> RevokeAsync(Actor by, string id, CancellationToken ct)
    {
        if (await FindByIdAsync(id, ct) is not { } token)
        {
            return RevokeOutcome.Unknown;
        }

        if (token.Revoked is not null)
        {
            return RevokeOutcome.Done;
        }

        var now = Micros.From(clock.GetUtcNow());
        var outcome = await writer.CommitAsync(new Unit
        {
            Actor = by,
            Origin = "api",
            Notes = [new LedgerNote(new ResourceKey(Kind, "", id), "delete", "")],
            Guards =
            [
                new Guard("live", new SqlStatement("SELECT 1 FROM token WHERE id = @id AND revoked IS NULL", ("id", id))),
                new Guard(LastGuard, new SqlStatement(NotTheLast, ("id", id), ("now", now))),
            ],
            Sql = [new SqlStatement("UPDATE token SET revoked = @now WHERE id = @id", ("now", now), ("id", id))],
        }, ct);
        Forget();
        return outcome is Unmet { Guard: LastGuard } ? RevokeOutcome.LastAdministrator : RevokeOutcome.Done;
    }

    /// <summary>Tokens, the newest first.</summary>
    /// <param name="after">The time and id of the last of the page before; null for the first page.</param>
    public async Task<IReadOnlyList<TokenView>> ListAsync(int limit, (DateTimeOffset Created, string Id)? after, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(
            Page, ("created", after is { } last ? Micros.From(last.Created) : long.MaxValue), ("id", after?.Id ?? ""), ("limit", limit));
        return await ReadAsync(command, ct);
    }

    /// <summary>A token by its id, or null when there is none.</summary>
    public async Task<TokenView?> FindByIdAsync(string id, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(Views + " WHERE t.id = @id", ("id", id));
        return await ReadAsync(command, ct) is [var token] ? token : null;
    }

    /// <summary>The name of a principal, or its id when it has none: ledger rows name people by id.</summary>
    public async Task<string> NameAsync(string actor, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command("SELECT name FROM principal WHERE id = @id", ("id", actor));
        return await command.ExecuteScalarAsync(ct) as string ?? actor;
    }

    public async Task<bool> AnyAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command("SELECT count(*) FROM principal");
        return Convert.ToInt64(await command.ExecuteScalarAsync(ct), System.Globalization.CultureInfo.InvariantCulture) > 0;
    }

    /// <summary>Drops what is remembered; a revocation anywhere shows as a ledger row and calls this in each process.</summary>
    internal void Forget() => known = new ConcurrentDictionary<string, Known>(StringComparer.Ordinal);

    private async Task<Principal?> PrincipalOfAsync(string name, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = connection.Command(ByName, ("name", name), ("now", Micros.From(clock.GetUtcNow())));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new Principal(reader.GetString(0), Enum.Parse<Role>(reader.GetString(1)), reader.GetString(2), reader.GetBoolean(3))
            : null;
    }

    private static Guard StillSo(string name, Principal? principal, DateTimeOffset now) => new(PrincipalGuard, principal is null
        ? new SqlStatement("SELECT 1 AS free WHERE NOT EXISTS (SELECT 1 FROM principal WHERE name = @name)", ("name", name))
        : new SqlStatement(Unchanged, ("id", principal.Id), ("role", principal.Role.ToString()), ("ns", principal.Namespace),
            ("live", principal.Live ? 1 : 0), ("now", Micros.From(now))));

    private static IEnumerable<SqlStatement> PrincipalRows(string id, Principal? principal, bool agrees, TokenRequest request)
    {
        if (principal is null)
        {
            yield return new SqlStatement("INSERT INTO principal (id, name, role, namespace) VALUES (@id, @name, @role, @ns)",
                ("id", id), ("name", request.Name), ("role", request.Role.ToString()), ("ns", request.Namespace));
        }
        else if (!agrees)
        {
            yield return new SqlStatement("UPDATE principal SET role = @role, namespace = @ns WHERE id = @id",
                ("role", request.Role.ToString()), ("ns", request.Namespace), ("id", id));
        }
    }

    private static SqlStatement TokenRow(TokenView view, string principal, string text) => new(
        "INSERT INTO token (id, principal, hash, created, expires) VALUES (@id, @principal, @hash, @created, @expires)",
        ("id", view.Id), ("principal", principal), ("hash", TokenText.Hash(text)), ("created", Micros.From(view.Created)),
        ("expires", view.Expires is { } expires ? Micros.From(expires) : null));

    private static async Task<IReadOnlyList<TokenView>> ReadAsync(DbCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var tokens = new List<TokenView>();
        while (await reader.ReadAsync(ct))
        {
            tokens.Add(new TokenView(
                reader.GetString(0), reader.GetString(1), Enum.Parse<Role>(reader.GetString(2)), reader.GetString(3), Micros.ToTime(reader.GetInt64(4)),
                reader.IsDBNull(5) ? null : Micros.ToTime(reader.GetInt64(5)), reader.IsDBNull(6) ? null : Micros.ToTime(reader.GetInt64(6))));
        }

        return tokens;
    }

    private static string Describe(Role role, string ns) => $"{role.ToString().ToLowerInvariant()}{(ns.Length > 0 ? $" in namespace {ns}" : "")}";

    private sealed record Known(Caller Caller, DateTimeOffset? Expires);

    /// <param name="Live">True while a token of it is good.</param>
    private sealed record Principal(string Id, Role Role, string Namespace, bool Live);
}
